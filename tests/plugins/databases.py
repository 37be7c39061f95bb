"""Test databases in less time: migrated once and copied, and emptied of what is in them."""

from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.test import TransactionTestCase

from tests.plugins.sharing import once

# What migrating leaves, and no test changes.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
# As TRUNCATE does, it waits for whoever still writes. Foreign keys are held at the end only.
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


def pytest_configure() -> None:
    # Django's own way makes 300 files anew and writes all permissions again, for each test.
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]


def _empty(_: TransactionTestCase) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
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
