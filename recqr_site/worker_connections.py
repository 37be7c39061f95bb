"""Database connections of Celery's workers: given back after each task, kept by their pool."""

from functools import cached_property
from typing import Any

from celery import Celery
from celery.fixups.django import (  # type: ignore[attr-defined]  # the stubs lack the second
    DjangoFixup,
    DjangoWorkerFixup,
)
from django.db import connections


class KeptPools(DjangoWorkerFixup):
    """Celery's own closes the pool of a process with each task: for the next one a connection is
    opened and PostgreSQL starts a process, which is more work than many a task.

    A connection that broke meanwhile is noticed when it is taken again (`CONN_HEALTH_CHECKS`), and
    what a process inherits is closed as before, once, when it begins.
    """

    def close_database(self, **_: Any) -> None:
        for connection in connections.all(initialized_only=True):
            connection.close()


class PooledFixup(DjangoFixup):
    @cached_property
    def worker_fixup(self) -> KeptPools:
        return KeptPools(self.app)


def fixup(app: Celery) -> DjangoFixup:
    """Celery's own care for Django, with pools that are kept."""
    found = PooledFixup(app)
    found.install()
    return found
