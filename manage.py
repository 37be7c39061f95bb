#!/usr/bin/env python
"""ReCQR's commands: `.venv/bin/python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from recqr_site import embedded

WITHOUT_SERVERS = {"help", "version", "--version", "collectstatic"}
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


def main() -> int | None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recqr_site.settings")
    try:
        if needs_servers(sys.argv[1:]):
            embedded.ensure()
        else:
            for name in embedded.missing_variables():
                os.environ[name] = NOWHERE[name]
        execute_from_command_line(sys.argv)
    except (embedded.EmbeddedError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 2
    except Exception as error:
        from recqr_site.unreachable import explain  # noqa: PLC0415  (clients of all servers: 0.2 s)

        if "--traceback" in sys.argv or not (sentence := explain(error)):
            raise
        print(sentence, file=sys.stderr)
        return 2
    return None


if __name__ == "__main__":
    sys.exit(main())
