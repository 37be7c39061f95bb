"""The task that reckons how far a dataset's judges agree."""

from celery import shared_task

from generation.judges_compared import stored
from review.publishing import SafelySent


@shared_task(base=SafelySent)
def compute_judge_report(dataset_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    stored.compute(dataset_id)
