"""Who is asking, and what for. Every page is behind the login: a request has a user of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from review.errors import Conflict, Invalid
from review.models import Dataset, Membership, User
from review.permissions import check_can_administer, dataset_for


class SignedIn(HttpRequest):
    """A request as pages get it: for type checkers alone, never made."""

    user: User
    htmx: HtmxDetails


def wants_fragment(request: SignedIn) -> bool:
    """Whether htmx asked for a part of the page. Going back in history wants the whole of it."""
    htmx = request.htmx
    return bool(htmx) and not (htmx.boosted or htmx.history_restore_request)


def varying(response: HttpResponse) -> HttpResponse:
    """An answer that is another one where htmx asked for a part: caches must know."""
    patch_vary_headers(response, ["HX-Request"])
    return response


@contextmanager
def told(request: HttpRequest) -> Iterator[None]:
    """What cannot be done, or no longer, is said on the page where it was tried."""
    try:
        yield
    except (Conflict, Invalid) as refusal:
        messages.error(request, str(refusal))


def administered(request: SignedIn, slug: str) -> tuple[Dataset, Membership]:
    """The dataset of an address, for its admins alone."""
    dataset, membership = dataset_for(request.user, slug)
    check_can_administer(request.user, dataset)
    return dataset, membership
