"""PostgreSQL and Redis without any set-up: they run from binaries in the virtual environment,
keep their data in the record, start when first asked for and end with their last user."""

import os
import threading
from contextlib import suppress

from recqr_site.embedded.client import IN_KEEPER, Connection, join
from recqr_site.embedded.errors import EmbeddedError
from recqr_site.record import PROJECT_DIR, record_dir

__all__ = ["EmbeddedError", "ensure", "missing", "missing_variables"]

VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
_lock = threading.Lock()


def missing() -> list[str]:
    """Which servers neither the environment nor the project's `.env` names."""
    file = PROJECT_DIR / ".env"
    if file.exists():
        from environ import Env  # noqa: PLC0415  (20 ms that only copies with a .env need)

        Env.read_env(file)
    return [name for name, variable in VARIABLES.items() if not os.environ.get(variable)]


def missing_variables() -> list[str]:
    """The variables that name those servers."""
    return [VARIABLES[name] for name in missing()]


def ensure() -> None:
    """Make sure that `DATABASE_URL` and `REDIS_URL` name servers, embedded ones if need be.

    This process then counts as a user of the embedded servers until it ends. Children inherit
    the two variables: a forked child shares the count, a subprocess lives on its parent's.
    Raises EmbeddedError with a sentence for the person at the terminal.
    """
    if os.environ.get(IN_KEEPER):
        return
    with _lock:
        needs = missing()
        if needs:
            connection, answer = join(record_dir(), needs)
            for name in needs:
                os.environ[VARIABLES[name]] = answer["urls"][name]
            threading.Thread(target=_stay, args=(connection, needs), daemon=True).start()


def _stay(connection: Connection, needs: list[str]) -> None:
    """Hold the connection for the life of the process; call the keeper back if it is killed."""
    connection.link.settimeout(None)
    while True:
        try:
            connection.hear()
        except OSError:
            connection.close()
            with suppress(EmbeddedError):
                connection, _ = join(record_dir(), needs)
                connection.link.settimeout(None)
                continue
            return
