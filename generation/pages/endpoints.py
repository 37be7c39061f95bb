"""The pages of endpoints: all of a dataset, one with its prices, and trying it. For admins."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation import connecting, standing
from generation import endpoints as known_endpoints
from generation.calls.replies import said
from generation.calls.trying import Tried, try_endpoint
from generation.models import Endpoint, Job
from generation.pages.forms import EndpointForm, PriceForm
from review.errors import Conflict, Invalid, Missing, ReviewError
from review.models import Dataset, Membership
from review.pages.people import SignedIn, administered, told, wants_fragment

LONGEST_REPLY = 4000


@require_safe
def endpoints(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    found = standing.standings(dataset)
    own = [one for one in found if not one.of_the_site]
    context = {
        "dataset": dataset,
        "membership": membership,
        "own": own,
        "of_the_site": [one for one in found if one.of_the_site],
        "used": _used(one.endpoint for one in own),
    }
    return render(request, "generation/endpoints.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_endpoint(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    prices = PriceForm(request.POST if request.method == "POST" else None, optional=True)
    if request.method == "POST" and form.is_valid() and prices.is_valid():
        try:
            made = connecting.save_endpoint(
                dataset=dataset, by=request.user, connection=form.connection(), prices=prices.all()
            )
        except (Invalid, Conflict) as error:
            _tell(error, form, prices)
        else:
            messages.success(request, f"{made.name} is connected. Try it now.")
            return redirect("endpoint", slug=slug, name=made.name)
    context = {"dataset": dataset, "membership": membership, "form": form, "prices": prices}
    return _form_page(request, "generation/new_endpoint.html", context, form, prices)


@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    found = connecting.endpoint_seen(dataset, name)
    form = EndpointForm(request.POST if request.method == "POST" else None, endpoint=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = connecting.save_endpoint(
                dataset=dataset, by=request.user, endpoint=found, connection=form.connection()
            )
        except (Invalid, Conflict) as error:
            _tell(error, form)
        else:
            messages.success(
                request, f"{saved.name} is saved. Runs that go on use it as it is now."
            )
            return redirect("endpoint", slug=slug, name=saved.name)
    return _page(request, dataset, membership, connecting.endpoint_seen(dataset, name), form=form)


@require_POST
def set_price(request: SignedIn, slug: str, name: str) -> HttpResponse:
    """A new price from a day on; prices of calls already made never change."""
    dataset, membership = administered(request, slug)
    found = connecting.endpoint_of(dataset, name)
    form = PriceForm(request.POST)
    if form.is_valid():
        try:
            saved = connecting.set_price(endpoint=found, price=form.price(), by=request.user)
        except Invalid as error:
            _tell(error, form)
        else:
            messages.success(request, f"The price from {saved.since:%-d %b %Y} on is saved.")
            return redirect("endpoint", slug=slug, name=name)
    return _page(request, dataset, membership, found, prices=form)


@require_POST
def remove_price(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    found = connecting.endpoint_of(dataset, name)
    day = _day(request.POST.get("since", ""))
    connecting.remove_price(endpoint=found, since=day, by=request.user)
    messages.success(request, f"The price from {day:%-d %b %Y} on is taken back.")
    return redirect("endpoint", slug=slug, name=name)


@require_POST
def retire_endpoint(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    found = connecting.endpoint_of(dataset, name)
    with told(request):
        if connecting.retire_endpoint(endpoint=found, by=request.user):
            messages.success(request, f"{name} was never used and is deleted.")
        else:
            kept = "What it made and cost stays in the record."
            messages.success(request, f"{name} is retired. {kept}")
    return redirect("endpoints", slug=slug)


@never_cache
@require_POST
def try_it(request: SignedIn, slug: str, name: str) -> HttpResponse:
    """One real call; a page that is only read makes none."""
    dataset, membership = administered(request, slug)
    asked = _asked(dataset, name)
    tried = try_endpoint(
        dataset=dataset,
        endpoint=asked,
        by=request.user,
        with_image=request.POST.get("with_image") == "1",
        job=request.POST.get("job", ""),
    )
    part = "#tried" if wants_fragment(request) else ""
    return _page(
        request,
        dataset,
        membership,
        connecting.endpoint_seen(dataset, name),
        tried=tried,
        part=part,
    )


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise Missing("There is no price from that day on. Load the page again.")
    return day


def _used(own: Iterable[Endpoint]) -> list[tuple[str, list[str]]]:
    """For each job the endpoints of a run that names none."""
    rows = list(own)
    words = {Job.REWRITE: "rewriting", Job.JUDGE: "judging"}
    return [(words[job], standing.used_for(job, rows)) for job in words]


def _asked(dataset: Dataset, name: str) -> Endpoint:
    """An endpoint as a row, since calls to it are entered."""
    connecting.endpoint_seen(dataset, name)
    return known_endpoints.named(name, dataset)


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    found: Endpoint,
    *,
    form: EndpointForm | None = None,
    prices: PriceForm | None = None,
    tried: Tried | None = None,
    part: str = "",
) -> HttpResponse:
    form, own = form or EndpointForm(endpoint=found), found.dataset_id is not None
    prices = prices or PriceForm(optional=False)
    context = {
        "dataset": dataset,
        "membership": membership,
        "standing": standing.standing_of(dataset, found),
        "form": form if own else None,
        "prices": prices,
        "history": found.prices.all() if own else [],
        "is_used": own and connecting.is_used(found),
        "tried": tried,
        "reply": said(tried.call.reply)[:LONGEST_REPLY] if tried and tried.call else "",
        "parameters": json.dumps(found.extra_parameters) if found.extra_parameters else "",
    }
    return _form_page(request, f"generation/endpoint.html{part}", context, form, prices)


def _form_page(
    request: SignedIn, template: str, context: dict[str, Any], *forms: EndpointForm | PriceForm
) -> HttpResponse:
    wrong = any(form.is_bound and form.errors for form in forms)
    response = render(request, template, context, status=422 if wrong else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _tell(error: ReviewError, *forms: EndpointForm | PriceForm) -> None:
    """Puts a refusal at the field that it is about, of the form that has it."""
    for form in forms:
        if error.field in form.fields:
            form.add_error(error.field, str(error))
            if isinstance(form, EndpointForm) and error.field == "key_variable":
                form.forget_key()
            return
    forms[0].add_error(None, str(error))
