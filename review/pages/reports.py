"""Pages of a report that a worker may be at: they ask again until it is there."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from review.liveness import worker_alive
from review.pages.people import SignedIn, varying, wants_fragment


def report_page(
    request: SignedIn, template: str, awaited: str, context: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """A page whose partial `report` htmx draws anew once something has come of what it waits for:
    `awaited` says what that is, as one word of an address, "" for nothing."""
    fragment = wants_fragment(request)
    if fragment and awaited and request.GET.get("awaited") == awaited:
        # Nothing new: the page stays as it is and asks again.
        return varying(HttpResponse(status=204))
    part = "#report" if fragment else ""
    alive = worker_alive("default") if awaited else True
    told = {"awaited": awaited, "worker_alive": alive, **context()}
    return varying(render(request, f"{template}{part}", told))
