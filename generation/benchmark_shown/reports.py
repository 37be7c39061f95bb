"""Benchmark runs of a dataset, and the reports that they have."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from generation.benchmark import reckoning
from generation.benchmark.report import FORM
from generation.models import BenchmarkReport, Run, RunKind
from generation.runs import board
from generation.runs.lifecycle import run_of
from review.errors import Missing
from review.models import Dataset


@dataclass(frozen=True)
class BenchmarkView(board.RunView):
    """A benchmark run with its counts, and the report that it has."""

    report: BenchmarkReport | None = None


def runs_of(dataset: Dataset) -> QuerySet[Run]:
    """Newest first."""
    return Run.objects.filter(dataset=dataset, kind=RunKind.BENCHMARK).select_related("by")


def benchmark_of(dataset: Dataset, pk: int) -> Run:
    """A benchmark run of a dataset. Raises `Missing`."""
    run = run_of(dataset, pk)
    if run.kind != RunKind.BENCHMARK:
        raise Missing(f"Run {pk} of {dataset.slug} is no benchmark. See the list of benchmarks.")
    return run


def is_shown(report: BenchmarkReport | None) -> bool:
    """Whether it has figures in the form that pages know."""
    return report is not None and reckoning.is_current_form(report)


def latest(dataset: Dataset) -> Run | None:
    """The newest run with figures, else the newest of all."""
    rows = runs_of(dataset)
    shown = BenchmarkReport.objects.filter(run__in=rows, data__form=FORM).values("run")
    return rows.filter(pk__in=shown).first() or rows.first()


def views(runs: Sequence[Run]) -> list[BenchmarkView]:
    """Runs with what their reports say of themselves, without the figures."""
    found = BenchmarkReport.objects.filter(run__in=runs).defer("data")
    by_run = {report.run_id: report for report in found}
    return [_with_report(view, by_run.get(view.run.pk)) for view in board.overview(runs)]


def view_of(run: Run) -> BenchmarkView:
    return _with_report(board.view_of(run), reckoning.of(run))


def _with_report(view: board.RunView, report: BenchmarkReport | None) -> BenchmarkView:
    return BenchmarkView(view.run, view.items, view.spend, view.recent_calls, report)
