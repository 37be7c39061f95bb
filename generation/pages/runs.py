"""The pages of runs: the list with live progress, starting one, one in detail. For admins alone."""

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from generation.checks import outdated
from generation.models import Run, RunKind
from generation.pages.beginnings import began_with
from generation.pages.previews import previewed
from generation.pages.starting import (
    NewRun,
    endpoint_choices,
    kind_choices,
    likely_kind,
)
from generation.runs import board, lifecycle
from generation.runs.drafting import draft
from generation.runs.estimating import Estimate, estimate
from generation.runs.waiting import waits_of
from generation.tasks import drain_run
from review.amounts import counted
from review.errors import Invalid
from review.liveness import worker_alive
from review.models import Dataset, Membership, Stage
from review.pages.people import SignedIn, administered, told, varying, wants_fragment
from review.progress import stages_of

RUNS_SHOWN = 20
CALLS_SHOWN = 8
# What the address of the list may say of a run to start.
FROM_ADDRESS = ("kind", "words", "stage", "trait", "import_id", "sample", "limit")


@require_safe
def runs(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if not wants_fragment(request):
        return _runs_page(request, dataset, membership)
    context = {"dataset": dataset, "membership": membership, **_listed(request, dataset)}
    return varying(render(request, "generation/runs.html#list", context))


@require_POST
def start_run(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    form = NewRun(request.POST, dataset=dataset)
    run = form.carry_out(
        lambda: lifecycle.start(
            dataset=dataset, kind=form.cleaned_data["kind"], by=request.user, **form.wishes()
        )
    )
    if run is None:
        return _runs_page(request, dataset, membership, form, status=422)
    drain_run.delay_on_commit(run.pk)
    return redirect("run", slug=slug, pk=run.pk)


@require_POST
def estimate_run(request: SignedIn, slug: str) -> HttpResponse:
    """What the run would take. Starts nothing, and asks no server."""
    dataset, membership = administered(request, slug)
    form = NewRun(request.POST, dataset=dataset)
    preview = form.carry_out(lambda: _estimate(dataset, form))
    page = partial(_runs_page, request, dataset, membership, form)
    return previewed(request, form, preview, page)


def _estimate(dataset: Dataset, form: NewRun) -> Estimate:
    kind, options = form.cleaned_data["kind"], form.options()
    return estimate(draft(dataset=dataset, kind=kind, options=options, asking=False))


@require_safe
def run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, membership = administered(request, slug)
    found = lifecycle.run_of(dataset, pk)
    view = board.view_of(found)
    after = key_in(request, "failed_after")
    failed, more_failed = board.failed_items(found, after=after or 0)
    context = {
        "dataset": dataset,
        "membership": membership,
        "view": view,
        "first_page": after is None,
        "run": found,
        "facts": began_with(found),
        "errors": board.errors_by_kind(found),
        "batches": board.batches_of(found),
        "calls": board.last_calls(found, CALLS_SHOWN),
        "failed": failed,
        "more_failed": more_failed,
        "worker_alive": worker_alive() if view.is_live() else True,
        "waits": waits_of(found) if view.is_live() else [],
    }
    part = "#live" if wants_fragment(request) else ""
    return varying(render(request, f"generation/run.html{part}", context))


@require_POST
def pause_run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        lifecycle.pause(run=lifecycle.run_of(dataset, pk), by=request.user)
        messages.success(request, "The run is paused. What is in flight comes in.")
    return redirect("run", slug=slug, pk=pk)


@require_POST
def stop_run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        lifecycle.stop(run=lifecycle.run_of(dataset, pk), by=request.user)
        messages.success(request, "The run is stopped. What was done stays; it may be resumed.")
    return redirect("run", slug=slug, pk=pk)


@require_POST
def resume_run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        budget = _budget_in(request)
        lifecycle.resume(run=lifecycle.run_of(dataset, pk), by=request.user, budget=budget)
        drain_run.delay_on_commit(pk)
    return redirect("run", slug=slug, pk=pk)


@require_POST
def retry_failed(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        count = lifecycle.retry_failed(run=lifecycle.run_of(dataset, pk), by=request.user)
        drain_run.delay_on_commit(pk)
        messages.success(request, f"{counted(count, 'item')} will be tried again.")
    return redirect("run", slug=slug, pk=pk)


def _budget_in(request: HttpRequest) -> Decimal | None:
    """The budget that a paused run is given; None where the form has none."""
    text = request.POST.get("budget", "").strip()
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise Invalid(f"“{text}” is no amount in dollars such as 2.50.", field="budget") from None


def _listed(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """A page of runs, the latest first, and the key where the next page begins."""
    before = key_in(request, "before")
    rows = Run.objects.filter(dataset=dataset).select_related("by")
    found = list((rows.filter(pk__lt=before) if before else rows)[: RUNS_SHOWN + 1])
    views = board.overview(found[:RUNS_SHOWN])
    return {
        "views": views,
        "older": found[RUNS_SHOWN - 1].pk if len(found) > RUNS_SHOWN else None,
        "any_live": any(view.is_live() for view in views),
        "first_page": before is None,
        "worker_alive": worker_alive(),
    }


def _runs_page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    form: NewRun | None = None,
    *,
    preview: Estimate | None = None,
    status: int = 200,
) -> HttpResponse:
    waits = _waits(dataset)
    form = form or _first_form(request, dataset, waits)
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "preview": preview,
        "kinds": kind_choices(waits),
        "choices": endpoint_choices(dataset, form["endpoints"].value() or []),
        **_listed(request, dataset),
    }
    return varying(render(request, "generation/runs.html", context, status=status))


def _first_form(request: HttpRequest, dataset: Dataset, waits: dict[str, int]) -> NewRun:
    """Filled from the address, which a list of dialogues may have made."""
    given = {name: request.GET[name] for name in FROM_ADDRESS if request.GET.get(name)}
    initial = {"kind": likely_kind(waits, given.get("stage", "")), **given}
    return NewRun(dataset=dataset, initial=initial)


def _waits(dataset: Dataset) -> dict[str, int]:
    """How many dialogues wait for each kind of run."""
    stages = stages_of(dataset)
    return {
        RunKind.REWRITE.value: stages.of(Stage.IMPORTED),
        RunKind.JUDGE.value: stages.of(Stage.PROPOSED),
        RunKind.CHECK.value: outdated(dataset).count(),
    }


def key_in(request: HttpRequest, name: str) -> int | None:
    """A key in the address; a broken one is none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
