"""The pages of the benchmark: what a run showed, how far one is. For adjudicators and admins."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from generation.benchmark import reckoning
from generation.benchmark.searched import by_retriever
from generation.benchmark_files import archive
from generation.benchmark_shown import reports
from generation.benchmark_shown.ahead import MOST_DIALOGUES, foresight
from generation.benchmark_shown.detail import Detail, Overview, detail, overview
from generation.benchmark_shown.names import METRICS, form_name
from generation.benchmark_shown.traits import trait_rows
from generation.models import BenchmarkReport, Run, RunStatus
from generation.runs import board
from review.liveness import worker_alive
from review.models import Dataset, Membership, Reckoned
from review.pages.people import SignedIn, varying, wants_fragment
from review.permissions import check_can_see_benchmark, dataset_for

RUNS_SHOWN = 30
REASONS_SHOWN = 3
# Which part of a report the address may choose.
CHOSEN = ("metric", "retriever", "form")


@dataclass(frozen=True)
class Choice:
    """Something else that the page can show, and the address that does."""

    words: str
    url: str
    current: bool


@require_safe
def benchmark(request: SignedIn, slug: str) -> HttpResponse:
    """The newest run that has figures."""
    dataset, membership = overseen(request, slug)
    return _page(request, dataset, membership, reports.latest(dataset))


@require_safe
def benchmark_run(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, membership = overseen(request, slug)
    return _page(request, dataset, membership, reports.benchmark_of(dataset, pk))


def overseen(request: SignedIn, slug: str) -> tuple[Dataset, Membership]:
    dataset, membership = dataset_for(request.user, slug)
    check_can_see_benchmark(request.user, dataset)
    return dataset, membership


def _page(
    request: SignedIn, dataset: Dataset, membership: Membership, run: Run | None
) -> HttpResponse:
    report = reckoning.of(run) if run else None
    shown = reports.is_shown(report)
    files = archive.of(run) if run and shown else None
    if wants_fragment(request) and "awaited" in request.GET and shown and _waits(report, files):
        # Nothing new: the page stays as it is and asks again.
        return varying(HttpResponse(status=204))
    context = {
        "dataset": dataset,
        "membership": membership,
        "run": run,
        "report": report,
        "archive": files,
        **(_standing(run, report, shown=shown) if run else foreseen(request)),
        **(_drawn(request, dataset, report.data) if report and shown else {}),
    }
    if wants_fragment(request):
        return varying(render(request, "generation/benchmark.html#report", context))
    context["lines"] = reports.views(list(reports.runs_of(dataset)[:RUNS_SHOWN]))
    return varying(render(request, "generation/benchmark.html", context))


def _standing(run: Run, report: BenchmarkReport | None, *, shown: bool) -> dict[str, Any]:
    """How far the run is and what it could not do; little is asked once it has figures."""
    view = board.view_of(run)
    awaited = _waits(report)
    return {
        "view": view,
        "lacks_figures": run.status == RunStatus.DONE and not shown and not awaited,
        "live": view.is_live(),
        "awaited": awaited,
        "searched": by_retriever(run) if view.failed else [],
        "reasons_shown": REASONS_SHOWN,
        "worker_alive": worker_alive("llm" if view.is_live() else "default"),
        "outdated": report is not None and bool(report.data) and not shown,
    }


def _waits(*reckoned: Reckoned | None) -> bool:
    return any(one is not None and one.is_awaited() for one in reckoned)


def _drawn(request: HttpRequest, dataset: Dataset, data: dict[str, Any]) -> dict[str, Any]:
    chosen = {name: request.GET.get(name, "") for name in CHOSEN}
    seen = overview(data, chosen["metric"])
    one = detail(data, dataset, chosen["retriever"], chosen["form"])
    shown = {"data": data, "overview": seen, "one": one, "traits": trait_rows(data)}
    return {**shown, **_choices(data, seen, one)}


def _choices(data: dict[str, Any], seen: Overview, one: Detail) -> dict[str, list[Choice]]:
    now = {"metric": seen.metric, "retriever": one.retriever["name"], "form": one.form}
    retrievers = [(line["name"], line["name"]) for line in data["retrievers"]]
    forms = [(form["name"], form_name(form)) for form in one.forms]
    return {
        "metrics": list(_choosing("metric", METRICS.items(), now)),
        "retrievers": list(_choosing("retriever", retrievers, now)),
        "sliced_forms": list(_choosing("form", forms, now)),
    }


def _choosing(
    name: str, offered: Iterable[tuple[str, str]], now: dict[str, str]
) -> Iterable[Choice]:
    for value, words in offered:
        yield Choice(words, f"?{urlencode({**now, name: value})}", value == now[name])


def foreseen(request: HttpRequest) -> dict[str, Any]:
    """How small a difference dialogues would show, as many as the address says."""
    typed = request.GET.get("n", "").strip()
    plain = typed.replace(",", "").replace(" ", "")
    known = plain.isascii() and plain.isdigit() and 1 <= int(plain[:20]) <= MOST_DIALOGUES
    wrong = f"“{typed}” is no number of dialogues from 1 to {MOST_DIALOGUES:,}."
    return {
        "foresight": foresight(int(plain) if known else None),
        "foresight_n": typed,
        "foresight_error": "" if known or not typed else wrong,
    }
