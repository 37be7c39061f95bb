"""Tasks of Celery around pictures."""

from celery import shared_task

from review import hashing, rendering
from review.publishing import SafelySent

# Short, since imports wait behind it on the same queue.
TURN_SECONDS = 20.0
# A sweep that nobody took in time is not worth keeping.
SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def prepare_images(dataset_id: int) -> None:
    """Makes review sizes of a dataset for a while; then others get their turn."""
    if not rendering.prepare_images(dataset_id, seconds=TURN_SECONDS):
        prepare_images.delay(dataset_id)


@shared_task(base=SafelySent)
def hash_images(dataset_id: int) -> None:
    """Hashes pictures of a dataset for a while; then others get their turn."""
    if not hashing.hash_images(dataset_id, seconds=TURN_SECONDS):
        hash_images.delay(dataset_id)


@shared_task(base=SafelySent)
def sweep_images() -> None:
    """Finds images that wait for their review size or hash, whoever brought them."""
    for dataset_id in rendering.datasets_awaiting():
        prepare_images.apply_async((dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
    for dataset_id in hashing.datasets_awaiting():
        hash_images.apply_async((dataset_id,), expires=SWEEP_EXPIRES_SECONDS)
