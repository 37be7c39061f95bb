#!/usr/bin/env python
"""ReCQR's commands: `.venv/bin/python manage.py help` lists them."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, execute_from_command_line

from recqr_site import embedded
from recqr_site.unreachable import Unreachable, check_database, explain

WITHOUT_SERVERS = {"help", "version", "--version", "collectstatic"}
# What migrates by itself, or must see the database as it is.
OWN_MIGRATING = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "prepare"}
# Settings want addresses; what never connects must not start servers for them.
NOWHERE = {
    "DATABASE_URL": "postgres://nowhere.invalid/none",
    "REDIS_URL": "redis://nowhere.invalid",
}


def needs_servers(words: list[str]) -> bool:
    """Whether the command line may touch the database or Redis."""
    if not words or words[0] in WITHOUT_SERVERS or {"--help", "-h"} & set(words):
        return False
    return words[0] != "check" or any(word.startswith("--database") for word in words)


def reach_servers(words: list[str]) -> None:
    """Have servers for this command, or addresses that it will not use."""
    missing = embedded.missing_variables()
    if not needs_servers(words):
        os.environ.update({name: NOWHERE[name] for name in missing})
        return
    embedded.ensure()
    if "DATABASE_URL" not in missing:
        check_database(os.environ["DATABASE_URL"])
    elif words[0] not in OWN_MIGRATING:
        _bring_up_to_date()


def _bring_up_to_date() -> None:
    """The embedded database is nobody's to look after: whoever comes first migrates it."""
    django.setup()
    from recqr_site.migrating import bring_up_to_date  # noqa: PLC0415 - wants Django set up

    bring_up_to_date(lambda line: print(line, file=sys.stderr))


def main() -> int | None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recqr_site.settings")
    try:
        reach_servers(sys.argv[1:])
        execute_from_command_line(sys.argv)
    except (embedded.EmbeddedError, Unreachable, ImproperlyConfigured, CommandError) as error:
        print(error, file=sys.stderr)
        return 2
    except Exception as error:
        if "--traceback" in sys.argv or not (sentence := explain(error)):
            raise
        print(sentence, file=sys.stderr)
        return 2
    return None


if __name__ == "__main__":
    sys.exit(main())
