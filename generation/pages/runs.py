"""The pages of runs: the list with live progress, starting one, one in detail. For admins alone."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from generation import board
from generation import endpoints as known_endpoints
from generation import runs as engine
from generation.drafting import MOST_CANDIDATES
from generation.models import Call, Run, RunKind
from generation.tasks import drain_run
from review.errors import Missing, ReviewError
from review.liveness import worker_alive
from review.models import Dataset, Membership, Stage
from review.pages.people import SignedIn, administered, wants_fragment
from review.progress import checks_of, stages_of
from review.templatetags.numbers import counted

RUNS_SHOWN = 20
KINDS = {
    RunKind.REWRITE: (
        "models write candidates",
        "dialogue has none,dialogues have none",
    ),
    RunKind.JUDGE: (
        "models score the candidates",
        "dialogue waits,dialogues wait",
    ),
    RunKind.CHECK: ("do approved rewrites find their image?", "rewrite waits,rewrites wait"),
}
ERRORS = {
    "kind": {"required": "Choose what to do: rewrite, judge or check."},
    "candidates": {"invalid": "Give a whole number of candidates, such as 4."},
    "limit": {"invalid": "Give a whole number of dialogues, or leave it empty for all."},
    "budget": {"invalid": "Give an amount in dollars such as 2.50, or leave it empty."},
}


class NewRun(forms.Form):
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in KINDS],
        error_messages=ERRORS["kind"],
    )
    endpoints = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all that the dataset has for it, else default or offline.",
    )
    candidates = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_CANDIDATES,
        initial=4,
        label="Candidates per dialogue",
        help_text="For rewriting: how many each endpoint writes.",
        error_messages=ERRORS["candidates"],
    )
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        label="At most this many dialogues",
        help_text="Empty: all that wait.",
        error_messages=ERRORS["limit"],
    )
    budget = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        label="Budget in dollars",
        help_text="The run pauses before it would pass it. Empty: no budget.",
        error_messages=ERRORS["budget"],
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name) for name in known_endpoints.names(dataset)]
        self.fields["endpoints"].choices = names  # type: ignore[attr-defined]  # of this field

    def details(self) -> list[forms.BoundField]:
        """The fields besides the kind, which the page draws itself."""
        return [field for field in self if field.name != "kind"]


@dataclass(frozen=True)
class KindChoice:
    """One kind of run as the form offers it."""

    value: str
    label: str
    words: str
    waits: str


@require_safe
def runs(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    part = "#list" if wants_fragment(request) else ""
    return _runs_page(request, dataset, membership, part=part)


@require_POST
def start_run(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    form = NewRun(request.POST, dataset=dataset)
    if not form.is_valid():
        return _runs_page(request, dataset, membership, form=form, status=422)
    try:
        run = engine.start(dataset=dataset, by=request.user, **form.cleaned_data)
    except ReviewError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _runs_page(request, dataset, membership, form=form, status=422)
    drain_run.delay_on_commit(run.pk)
    return redirect("run", slug=slug, pk=run.pk)


@require_safe
def run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, membership = administered(request, slug)
    found = _run(dataset, pk)
    [view] = board.overview([found])
    calls, older_calls = board.calls_of(found, before=_key(request, "calls_before"))
    failed, more_failed = board.failed_items(found, after=_key(request, "failed_after") or 0)
    context = {
        "dataset": dataset,
        "membership": membership,
        "view": view,
        "first_page": not ({"calls_before", "failed_after"} & request.GET.keys()),
        "run": found,
        "endpoints": board.endpoints_of(found),
        "errors": board.errors_by_kind(found),
        "calls": calls,
        "older_calls": older_calls,
        "failed": failed,
        "more_failed": more_failed,
        "worker_alive": worker_alive() if view.is_live() else True,
    }
    part = "#live" if wants_fragment(request) else ""
    return _varying(render(request, f"generation/run.html{part}", context))


@require_POST
def stop_run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    engine.stop(run=_run(dataset, pk), by=request.user)
    messages.success(request, "The run is stopped. What was done stays; it may be resumed.")
    return redirect("run", slug=slug, pk=pk)


@require_POST
def resume_run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    engine.resume(run=_run(dataset, pk), by=request.user)
    drain_run.delay_on_commit(pk)
    return redirect("run", slug=slug, pk=pk)


@require_safe
def call(request: SignedIn, slug: str, pk: int, call_pk: int) -> HttpResponse:
    """Request and reply of one call, as they went over the wire."""
    dataset, membership = administered(request, slug)
    found = Call.objects.select_related("endpoint", "prompt", "item__dialogue").filter(
        run=_run(dataset, pk), pk=call_pk
    )
    one = found.first()
    if one is None:
        raise Missing(f"Run {pk} has no call {call_pk}.")
    context = {
        "dataset": dataset,
        "membership": membership,
        "call": one,
        "request_text": json.dumps(one.request, indent=2, ensure_ascii=False),
    }
    return render(request, "generation/call.html", context)


def _runs_page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    form: NewRun | None = None,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    before = _key(request, "before")
    rows = Run.objects.filter(dataset=dataset).select_related("by")
    found = list((rows.filter(pk__lt=before) if before else rows)[: RUNS_SHOWN + 1])
    views = board.overview(found[:RUNS_SHOWN])
    waits = _waits(dataset)
    form = form or NewRun(dataset=dataset, initial={"kind": _likely_kind(waits)})
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "kinds": _choices(waits),
        "views": views,
        "older": found[RUNS_SHOWN - 1].pk if len(found) > RUNS_SHOWN else None,
        "first_page": before is None,
        "any_live": any(view.is_live() for view in views),
        "worker_alive": worker_alive(),
    }
    return _varying(render(request, f"generation/runs.html{part}", context, status=status))


def _waits(dataset: Dataset) -> dict[str, int]:
    """How many dialogues wait for each kind of run."""
    stages = stages_of(dataset)
    return {
        RunKind.REWRITE.value: stages.of(Stage.IMPORTED),
        RunKind.JUDGE.value: stages.of(Stage.PROPOSED),
        RunKind.CHECK.value: checks_of(dataset).awaiting,
    }


def _choices(waits: dict[str, int]) -> list[KindChoice]:
    return [
        KindChoice(kind.value, str(kind.label), words, counted(waits[kind], noun))
        for kind, (words, noun) in KINDS.items()
    ]


def _likely_kind(waits: dict[str, int]) -> str:
    """The first step of the way that has something to do."""
    return next((kind for kind, count in waits.items() if count), RunKind.REWRITE.value)


def _run(dataset: Dataset, pk: int) -> Run:
    found = Run.objects.filter(dataset=dataset, pk=pk).select_related("by", "prompt").first()
    if found is None:
        raise Missing(f"There is no run {pk} of {dataset.slug}. See the list of runs.")
    return found


def _key(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _varying(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response
