"""Bringing a record's database up to the code, once, whoever comes first."""

from collections.abc import Callable

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# Any number that nothing else locks: two commands that start at once must not both migrate.
LOCK = 0x5265_4351


def bring_up_to_date(say: Callable[[str], object]) -> None:
    """Migrates where there is anything to migrate. Refuses a record made by newer code."""
    if not _pending():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            if pending := _pending():
                say(f"Bringing the database up to date ({pending} migrations) ...")
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _pending() -> int:
    executor = MigrationExecutor(connection)
    refuse_newer_record(executor)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def refuse_newer_record(executor: MigrationExecutor) -> None:
    """Older code on a newer record would write rows that the newer code cannot read."""
    loader = executor.loader
    applied = [key for key in loader.applied_migrations if key[0] in loader.migrated_apps]
    unknown = [".".join(key) for key in applied if key not in loader.disk_migrations]
    if unknown:
        raise CommandError(
            f"This record was made by a newer ReCQR (it has {', '.join(sorted(unknown))}). "
            "Use that release, or name another record with RECQR_VAR.",
            returncode=2,
        )
