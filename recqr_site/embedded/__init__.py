"""PostgreSQL and Redis without any set-up: they run from binaries in the virtual environment,
keep their data in the record, start when first asked for and end with their last user."""

import os
import threading
from contextlib import suppress
from typing import Any

from recqr_site.embedded.client import IN_KEEPER, Connection, join
from recqr_site.embedded.errors import EmbeddedError
from recqr_site.record import PROJECT_DIR, record_dir

__all__ = ["EmbeddedError", "ensure", "missing", "missing_variables", "release"]

VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


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


class Share:
    """This process's part in the embedded servers: they run at least as long as it does."""

    def __init__(self, needs: list[str]) -> None:
        self.needs = needs
        self.record = record_dir()
        self.released = False
        self.connection, answer = self._join()
        self.urls: dict[str, str] = answer["urls"]
        threading.Thread(target=self._stay, name="embedded services", daemon=True).start()

    def _join(self) -> tuple[Connection, dict[str, Any]]:
        connection, answer = join(self.record, self.needs)
        connection.link.settimeout(None)  # from now on it is held, and heard when it breaks
        return connection, answer

    def _stay(self) -> None:
        """Hold the connection for the life of the process; call the keeper back if it is killed."""
        while not self.released:
            try:
                self.connection.hear()
            except OSError:
                self._come_back()

    def _come_back(self) -> None:
        self.connection.close()
        if not self.released:
            try:
                self.connection, _ = self._join()
            except EmbeddedError:
                self.released = True  # what uses the servers will say that they are gone

    def release(self) -> None:
        self.released = True
        with suppress(OSError):
            self.connection.link.shutdown(2)


_lock = threading.Lock()
_shares: list[Share] = []


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
            share = Share(needs)
            _shares.append(share)
            os.environ.update({VARIABLES[name]: share.urls[name] for name in needs})


def release() -> None:
    """Give the share back before this process ends; the servers may stop from now on."""
    with _lock:
        while _shares:
            _shares.pop().release()
