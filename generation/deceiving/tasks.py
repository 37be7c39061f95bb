"""Looking at what deceives in the background: one task per dataset, which lets checks pass."""

from time import monotonic

from celery import shared_task

from generation import checks, deceiving
from review.publishing import SafelySent

# Far below the time after which the broker hands a task to a second worker.
TURN_SECONDS = 120.0


@shared_task(base=SafelySent)
def drain_traits(dataset_id: int) -> None:
    """Looks at what awaits it in a dataset, as long as nobody waits for a check: where there is one
    worker it would wait behind this. What is left over is found by the next sweep."""
    end = monotonic() + TURN_SECONDS
    deceiving.drain(dataset_id, enough=lambda: monotonic() > end or checks.some_wait())
