"""Likenesses in the background: found anew whenever the corpus, its hashes or vectors change."""

from celery import shared_task

from generation.likeness import finding
from review.models import Dataset
from review.publishing import SafelySent

# A sweep that nobody took in time is not worth keeping.
SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def find_likenesses(dataset_id: int) -> None:
    """Does nothing while another worker is at it."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        finding.find(dataset)


@shared_task(base=SafelySent)
def sweep_likenesses() -> None:
    """Finds datasets whose likenesses are out of date, whatever changed them."""
    for dataset_id in finding.datasets_awaiting():
        find_likenesses.apply_async((dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
