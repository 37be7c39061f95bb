"""Checks in the background: one draining task per dataset, never a task per dialogue."""

from typing import Any

from celery import shared_task

from generation import checks
from review.publishing import publish


@shared_task
def drain_checks(dataset_id: int) -> None:
    """Checks what awaits its check in a dataset. Twice at once does no harm."""
    checks.drain(dataset_id)


def on_approval(*, dataset_id: int, **event: Any) -> None:
    """The receiver of `rewrite_approved`. The approval is committed, and must cost no error."""
    publish(drain_checks, dataset_id)
