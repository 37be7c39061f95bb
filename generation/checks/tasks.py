"""Checks in the background: one draining task per dataset, never a task per row."""

from typing import Any

from celery import shared_task

from generation import checks, deceiving
from generation.deceiving.tasks import drain_traits
from generation.turns import turn
from review.publishing import publish

# Approvals of many people come close upon each other, and one task checks them all for little more
# than it takes for one: of the work for a single one nine tenths are done once for all. The page
# asks again after a second.
GATHERING_SECONDS = 0.5
# Nobody waits for what is said of words as for a check: more of them are looked at together.
TRAITS_GATHERING_SECONDS = 1.0
# Far below the time after which the broker hands a task to a second worker.
TURN_SECONDS = 120.0


@shared_task
def drain_checks(dataset_id: int) -> None:
    """Checks what is due in a dataset for a while; then others get their turn. Twice at once does
    no harm."""
    with turn(TURN_SECONDS) as enough:
        checks.drain(dataset_id, enough=enough)
    if enough.is_set():
        publish(drain_checks, dataset_id)
    if deceiving.waits(dataset_id):
        publish(drain_traits, dataset_id, countdown=TRAITS_GATHERING_SECONDS)


def on_approval(*, dataset_id: int, dialogue_id: int, **event: Any) -> None:
    """The receiver of `rewrite_approved`. The approval is committed, and must cost no error.

    Where another of the dataset has just come to wait, the task that was sent for it finds this
    one as well, or the next sweep does.
    """
    if not checks.others_wait(dataset_id, dialogue_id):
        publish(drain_checks, dataset_id, countdown=GATHERING_SECONDS)
