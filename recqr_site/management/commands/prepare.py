"""Everything between the code and a served record, in one process: a second start takes seconds."""

import hashlib
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis


class Command(BaseCommand):
    help = "Bring the database up to date, collect static files, load the sample dataset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo-accounts", action=BooleanOptionalAction, default=False)
        parser.add_argument("--static", action=BooleanOptionalAction, default=True)

    def handle(self, *, demo_accounts: bool, static: bool, **_: Any) -> None:
        # The part that nothing else would notice before a worker is missed.
        Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5).ping()
        self._migrate()
        if static:
            self._collect_static()
        accounts = "--demo-accounts" if demo_accounts else "--no-demo-accounts"
        call_command("load_sample", accounts, stdout=self.stdout, stderr=self.stderr)

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        refuse_newer_record(executor)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self.stdout.write(f"Bringing the database up to date ({len(plan)} migrations) ...")
            call_command("migrate", interactive=False, verbosity=0)

    def _collect_static(self) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        digest = static_digest()
        if not stamp.exists() or stamp.read_text() != digest:
            self.stdout.write("Compressing static files ...")
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(digest)


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


def static_digest() -> str:
    """Changes when any static file, or the way they are stored, does."""
    lines = [str(settings.STORAGES["staticfiles"])]
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            lines.append(f"{path} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
