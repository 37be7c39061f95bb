"""Tasks of Celery: each takes ids, may run twice, and calls functions that know nothing of it."""

from celery import Task, shared_task

from generation import batch_runs, checks, deceiving
from generation.benchmark_files.tasks import write_benchmark_archive
from generation.checks.tasks import drain_checks
from generation.deceiving.tasks import drain_traits
from generation.judges_compared import stored as judge_reports
from generation.models import BenchmarkArchive, BenchmarkReport, JudgeReport, Run, RunKind
from generation.report_tasks import compute_benchmark_report, compute_judge_report
from generation.runs import draining, leasing
from generation.turns import turn
from review.publishing import SafelySent

SWEEP_EXPIRES_SECONDS = 30.0
# Far below the time after which the broker hands a task to a second worker, and short enough for
# whatever waits behind long runs.
TURN_SECONDS = 120.0
SEARCH_TURN_SECONDS = 5.0
SEARCHING = [RunKind.CHECK, RunKind.BENCHMARK]


@shared_task(base=SafelySent)
def drain_run(run_id: int) -> None:
    """Works on a run for a while, unless another worker is at it; then others get their turn.

    What searches is handed on to the workers that have the models and indexes for it.
    """
    if Run.objects.filter(pk=run_id, kind__in=SEARCHING).exists():
        search_run.delay(run_id)
    else:
        _take_turn(run_id, TURN_SECONDS, drain_run)


@shared_task(base=SafelySent)
def search_run(run_id: int) -> None:
    """The same for a run of checks or a benchmark, in short turns: approvals wait for theirs."""
    _take_turn(run_id, SEARCH_TURN_SECONDS, search_run)


def _take_turn(run_id: int, seconds: float, again: "Task[[int], None]") -> None:
    if leasing.is_held(run_id):
        return
    with turn(seconds) as enough:
        draining.drain(run_id, enough=enough)
    if BenchmarkReport.objects.awaiting().filter(run=run_id).exists():
        compute_benchmark_report.delay(run_id)
    if enough.is_set() and Run.objects.unfinished().filter(pk=run_id).exists():
        again.delay(run_id)


@shared_task(base=SafelySent)
def tend_batches(run_id: int) -> None:
    """Looks after what a run that rests has with a server."""
    batch_runs.tend(run_id)


@shared_task(base=SafelySent)
def sweep() -> None:
    """Finds what was lost with a worker or the broker: runs, checks, reports."""
    for run_id in Run.objects.unfinished().values_list("pk", flat=True):
        if not leasing.is_held(run_id):
            # Where all workers are busy, tasks of many sweeps must not pile up.
            drain_run.apply_async((run_id,), expires=SWEEP_EXPIRES_SECONDS)
    for run_id in batch_runs.resting_with_batches():
        if not leasing.is_held(run_id):
            tend_batches.apply_async((run_id,), expires=SWEEP_EXPIRES_SECONDS)
    for dataset in checks.datasets_due():
        drain_checks.apply_async((dataset.pk,), expires=SWEEP_EXPIRES_SECONDS)
    for dataset in deceiving.datasets_awaiting():
        drain_traits.apply_async((dataset.pk,), expires=SWEEP_EXPIRES_SECONDS)
    judge_reports.want_old_forms()
    for report in JudgeReport.objects.awaiting():
        compute_judge_report.apply_async((report.dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
    for run_id in BenchmarkReport.objects.awaiting().values_list("run", flat=True):
        compute_benchmark_report.apply_async((run_id,), expires=SWEEP_EXPIRES_SECONDS)
    for run_id in BenchmarkArchive.objects.awaiting().values_list("run", flat=True):
        write_benchmark_archive.apply_async((run_id,), expires=SWEEP_EXPIRES_SECONDS)
