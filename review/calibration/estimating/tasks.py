"""The tasks that reckon how far judges may be trusted, where there are many decisions."""

from celery import shared_task

from review.calibration.estimating.stored import CALIBRATION
from review.models import CalibrationReport
from review.publishing import SafelySent

SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def compute_calibration(dataset_id: int) -> None:
    """Does nothing where the report is not wanted, or another worker is at it."""
    CALIBRATION.compute(dataset_id)


@shared_task(base=SafelySent)
def sweep_calibration() -> None:
    """Wants aged reports anew, and finds those that were lost with a worker or the broker."""
    CALIBRATION.want_again()
    for report in CalibrationReport.objects.awaiting():
        # Where all workers are busy, tasks of many sweeps must not pile up.
        compute_calibration.apply_async((report.dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
