"""Test databases in less time: migrated once and copied, and emptied of what is in them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.core.signals import request_finished, request_started
from django.db import connection, transaction
from django.test import TransactionTestCase

from tests.plugins.sharing import once

# What migrating leaves, and no test changes.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
# As TRUNCATE does, it waits for whoever still writes. Foreign keys are held at the end only.
# Whoever holds one of these tables and goes on to the next would wait in a ring: see `_Requests`.
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE;
    FOREACH name IN ARRAY '{{{tables}}}'::text[] LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


class _Requests:
    """Requests that a live server answers in threads of its own. A page sends some as it closes,
    for which no browser waits; the database is emptied between them, never beside one."""

    def __init__(self) -> None:
        self._answering: set[threading.Thread] = set()
        self._change = threading.Condition()
        self._held = False

    def hear(self) -> None:
        request_started.connect(self._begin)
        request_finished.connect(self._end)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Those under way are waited for, those that come meanwhile wait. They find that nobody
        is signed in any more."""
        with self._change:
            self._held = True
            self._change.wait_for(self._none, timeout=10)
        try:
            yield
        finally:
            with self._change:
                self._held = False
                self._change.notify_all()

    def _none(self) -> bool:
        self._answering = {thread for thread in self._answering if thread.is_alive()}
        return not self._answering

    def _begin(self, **_: object) -> None:
        if (own := threading.current_thread()) is not threading.main_thread():
            with self._change:
                self._change.wait_for(lambda: not self._held, timeout=20)
                self._answering.add(own)

    def _end(self, **_: object) -> None:
        with self._change:
            self._answering.discard(threading.current_thread())
            self._change.notify_all()


_requests = _Requests()


def pytest_configure() -> None:
    _requests.hear()
    # Django's own way makes 300 files anew and writes all permissions again, for each test.
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]


def _empty(_: TransactionTestCase) -> None:
    with _requests.held(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EMPTY.format(tables=", ".join(_tables())))


@cache
def _tables() -> list[str]:
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(found) - KEPT)


def copy_migrated(shared: Path) -> None:
    """Make this process's test database a copy of one that the first process migrates for all.

    On a server that is not the session's own it stays, until the next session makes it anew.
    """
    own = connection.settings_dict
    name, test = own["NAME"], own["TEST"]
    copy, template = test["NAME"], f"test_{name}_migrated"
    with once(shared) as first:
        if first:
            test["NAME"] = template
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
            connection.close_pool()  # what is copied must have nobody in it
            own["NAME"] = name
    test.update(NAME=copy, TEMPLATE=template, MIGRATE=False)
