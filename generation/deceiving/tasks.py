"""Looking at what deceives in the background: one task per dataset, for a while."""

from celery import shared_task

from generation import deceiving
from review.publishing import SafelySent, publish

# Short: the checks of what was approved meanwhile wait behind it where there is one worker.
TURN_SECONDS = 0.5


@shared_task(base=SafelySent)
def drain_traits(dataset_id: int) -> None:
    """Looks at what awaits it in a dataset; what is left over gets its turn behind the others."""
    if deceiving.drain(dataset_id, seconds=TURN_SECONDS):
        publish(drain_traits, dataset_id)
