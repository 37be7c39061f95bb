"""Checks in the background: one draining task per dataset, never a task per dialogue."""

import logging
from functools import lru_cache
from typing import Any

from celery import current_app, shared_task
from kombu.connection import ConnectionPool
from kombu.exceptions import OperationalError

from generation import checks

logger = logging.getLogger(__name__)

# Of the connection that a decision waits for: short, and one attempt. Celery's own would try a
# dead broker again for seconds.
IMPATIENT = {
    "socket_timeout": 0.3,
    "socket_connect_timeout": 0.3,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}


@shared_task(queue="retrieval")
def drain_checks(dataset_id: int) -> None:
    """Checks what awaits its check in a dataset. Twice at once does no harm."""
    checks.drain(dataset_id)


def enqueue_checks(dataset_id: int) -> bool:
    """Asks a worker for the checks of a dataset; False where no broker takes it.

    Never raises for a broker that is gone: the sweep finds what was not sent.
    """
    try:
        with _connections(current_app.conf.broker_url).acquire(block=True) as connection:
            drain_checks.apply_async(  # type: ignore[call-arg]  # the stubs lack `connection`
                (dataset_id,), connection=connection, retry=False
            )
    except (OperationalError, OSError) as error:
        logger.warning("Checks of dataset %s wait for the sweep: no broker: %s", dataset_id, error)
        return False
    return True


@lru_cache(maxsize=1)
def _connections(url: str) -> ConnectionPool:
    """Connections kept open between approvals: opening one costs as much as the decision."""
    options = {**current_app.conf.broker_transport_options, **IMPATIENT}
    return current_app.connection_for_write(url, transport_options=options).Pool(limit=16)


def on_approval(*, dataset_id: int, **event: Any) -> None:
    """The receiver of `rewrite_approved`. The approval is committed, and must cost no error."""
    enqueue_checks(dataset_id)
