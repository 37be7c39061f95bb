"""The task that draws waves, and the sweep that finds those which were lost."""

from celery import shared_task

from review.calibration.sampling import drawing, waves
from review.models import Dataset
from review.publishing import SafelySent

SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def draw_waves(dataset_id: int) -> None:
    """Does nothing where no wave of the dataset was asked for, or another worker is at it."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        drawing.carry_out(dataset)


@shared_task(base=SafelySent)
def sweep_waves() -> None:
    """Finds waves that nobody draws: a worker died, or the broker lost the message."""
    for dataset_id in waves.awaiting().order_by().values_list("dataset", flat=True).distinct():
        # Where all workers are busy, tasks of many sweeps must not pile up.
        draw_waves.apply_async((dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
