"""The tasks that reckon reports on decisions, where there are many: how far reviewers agree, and
how far judges may be trusted."""

from celery import shared_task

from review.agreement.stored import AGREEMENT
from review.calibration.estimating.stored import CALIBRATION
from review.publishing import SafelySent

SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def compute_agreement(dataset_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    AGREEMENT.compute(dataset_id)


@shared_task(base=SafelySent)
def compute_calibration(dataset_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    CALIBRATION.compute(dataset_id)


@shared_task(base=SafelySent)
def sweep_reports() -> None:
    """Wants aged reports anew, and finds those that were lost with a worker or the broker."""
    for reports, compute in ((AGREEMENT, compute_agreement), (CALIBRATION, compute_calibration)):
        reports.want_again()
        for dataset_id in reports.awaiting():
            # Where all workers are busy, tasks of many sweeps must not pile up.
            compute.apply_async((dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
