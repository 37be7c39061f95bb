"""Sending tasks from a door: quick, and never an error where the broker is gone."""

import logging
from functools import lru_cache
from typing import Any

from celery import Task, current_app
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.connection import ConnectionPool
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Of the connection that a person waits for: short, and one attempt. Celery's own would try a
# dead broker again for seconds.
IMPATIENT = {
    "socket_timeout": 0.3,
    "socket_connect_timeout": 0.3,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}


def publish(task: Task, *arguments: int, countdown: float = 0.0) -> bool:
    """Sends a task with its ids, to be begun after `countdown` seconds; False where no broker
    takes it.

    Never raises for a broker that is gone: the sweep finds what was not sent.
    """
    try:
        with _connections(current_app.conf.broker_url).acquire(block=True) as connection:
            task.apply_async(  # type: ignore[call-arg]  # the stubs lack `connection`
                arguments, connection=connection, retry=False, countdown=countdown
            )
    except (OperationalError, OSError) as error:
        name = f"{task.name}{arguments}"
        logger.warning("Tasks wait for the sweep: %s was not sent, no broker: %s", name, error)
        return False
    return True


@lru_cache(maxsize=1)
def _connections(url: str) -> ConnectionPool:
    """Connections kept open between requests: opening one costs as much as a decision."""
    options = {**current_app.conf.broker_transport_options, **IMPATIENT}
    return current_app.connection_for_write(url, transport_options=options).Pool(limit=16)


class SafelySent(DjangoTask):
    """A task that a door may send whatever state the broker is in."""

    def delay_on_commit(self, *arguments: int, **_: Any) -> None:  # type: ignore[override]  # stubs
        """Sends the task once the transaction holds; the caller goes on in any case."""

        def send() -> None:
            publish(self, *arguments)

        transaction.on_commit(send, robust=True)
