"""Everything between the code and a served record, in one process: a second start takes seconds."""

import hashlib
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from redis import Redis

from recqr_site.migrating import bring_up_to_date
from review.models import User

NOBODY_YET = """
Nobody can sign in yet: demo accounts are for this machine alone. Make the first account, an admin
who then invites the others under Members:
  .venv/bin/python manage.py add_member sample NAME admin
"""


class Command(BaseCommand):
    help = "Bring the database up to date, collect static files, load the sample dataset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo-accounts", action=BooleanOptionalAction, default=False)
        parser.add_argument("--static", action=BooleanOptionalAction, default=True)

    def handle(self, *, demo_accounts: bool, static: bool, **_: Any) -> None:
        # The part that nothing else would notice before a worker is missed.
        Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5).ping()
        bring_up_to_date(self.stdout.write)
        if static:
            self._collect_static()
        accounts = "--demo-accounts" if demo_accounts else "--no-demo-accounts"
        call_command("load_sample", accounts, stdout=self.stdout, stderr=self.stderr)
        if not demo_accounts and not User.objects.filter(is_active=True).exists():
            self.stdout.write(NOBODY_YET)

    def _collect_static(self) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        digest = static_digest()
        if not stamp.exists() or stamp.read_text() != digest:
            self.stdout.write("Compressing static files ...")
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(digest)


def static_digest() -> str:
    """Changes when any static file, or the way they are stored, does."""
    lines = [str(settings.STORAGES["staticfiles"])]
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            lines.append(f"{path} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
