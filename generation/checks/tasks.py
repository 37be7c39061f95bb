"""Checks in the background: one draining task per dataset, never a task per dialogue."""

from typing import Any

from celery import shared_task

from generation import checks
from review.publishing import publish

# Approvals of many people come close upon each other, and one task checks them all for little more
# than it takes for one.
GATHERING_SECONDS = 0.25


@shared_task
def drain_checks(dataset_id: int) -> None:
    """Checks what awaits its check in a dataset. Twice at once does no harm."""
    checks.drain(dataset_id)


def on_approval(*, dataset_id: int, dialogue_id: int, **event: Any) -> None:
    """The receiver of `rewrite_approved`. The approval is committed, and must cost no error.

    Where another of the dataset waits, the task that was sent for it finds this one as well, or the
    next sweep does.
    """
    if not checks.others_wait(dataset_id, dialogue_id):
        publish(drain_checks, dataset_id, countdown=GATHERING_SECONDS)
