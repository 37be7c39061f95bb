"""The tasks that reckon how far reviewers agree, where there are many decisions."""

from celery import shared_task

from review.agreement.stored import AGREEMENT
from review.models import AgreementReport
from review.publishing import SafelySent

SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def compute_agreement(dataset_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    AGREEMENT.compute(dataset_id)


@shared_task(base=SafelySent)
def sweep_agreement() -> None:
    """Wants aged reports anew, and finds those that were lost with a worker or the broker."""
    AGREEMENT.want_again()
    for report in AgreementReport.objects.awaiting():
        # Where all workers are busy, tasks of many sweeps must not pile up.
        compute_agreement.apply_async((report.dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
