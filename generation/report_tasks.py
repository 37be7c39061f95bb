"""The tasks that reckon reports: how far judges agree, and what a benchmark showed."""

from celery import shared_task

from generation.benchmark import reckoning
from generation.judges_compared import stored
from review.publishing import SafelySent


@shared_task(base=SafelySent)
def compute_judge_report(dataset_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    stored.compute(dataset_id)


@shared_task(base=SafelySent)
def compute_benchmark_report(run_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    reckoning.compute(run_id)
