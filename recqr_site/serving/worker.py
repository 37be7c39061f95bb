"""A Celery worker of `make run`, killed with its supervisor.

Takes the words of `celery worker`, as in `python -m recqr_site.serving.worker -Q default`.
"""

import os
import signal
import sys
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from recqr_site.celery import app
from recqr_site.embedded.processes import die_with_parent
from recqr_site.serving.parts import ALONE

# People wait for pages; checks, runs and sweeps can wait until a page is answered. On a free
# processor it costs them nothing.
BELOW_THE_WEB_SERVER = 5


def tie_pool(parent: int) -> None:
    """Let pool processes die with the main one, however that dies."""

    def tie(**_: Any) -> None:
        die_with_parent(signal.SIGKILL, parent)

    worker_process_init.connect(tie, weak=False)


def restore_unacknowledged(celery: Celery) -> int:
    """Put back the tasks that a killed worker had taken; only right where all workers are ours.

    One that another worker still has in hand comes a second time, and then finds nothing to do.
    Celery itself would do so after the visibility time-out, an hour: here that is set to 0.
    Returns how many were waiting to be put back.
    """
    with celery.connection_for_write(transport_options={"visibility_timeout": 0}) as connection:
        channel: Any = connection.default_channel  # kombu's channel of Redis
        channel.client.delete(channel.unacked_mutex_key)  # perhaps held by the killed worker
        waiting = int(channel.client.zcard(channel.unacked_index_key))
        if waiting:
            channel.qos.restore_visible(num=waiting, interval=1)
    return waiting


def main(words: list[str]) -> None:
    os.nice(BELOW_THE_WEB_SERVER)
    tie_pool(os.getpid())
    if os.environ.get(ALONE):
        restore_unacknowledged(app)
    app.worker_main(["worker", *words])


if __name__ == "__main__":
    main(sys.argv[1:])
