"""How a process comes to the record's servers: join the keeper, or start one."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from recqr_site.embedded.errors import EmbeddedError
from recqr_site.embedded.places import Places, log_tail, open_log
from recqr_site.record import PROJECT_DIR

# In the keeper's environment: nothing that it imports may ask for a keeper in turn.
IN_KEEPER = "RECQR_IN_KEEPER"
JOIN_SECONDS = 330  # longer than a server may take to recover


class Connection:
    """A user's share in the servers: they run at least until it is closed or this process ends."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.rest = b""

    def fileno(self) -> int:
        return self.link.fileno()

    def close(self) -> None:
        self.link.close()

    def ask(self, needs: list[str]) -> dict[str, Any]:
        """Wait until the servers answer: their addresses and process ids.

        Raises ConnectionError if the keeper went meanwhile, EmbeddedError if one cannot start.
        """
        self.link.sendall(json.dumps({"needs": needs}).encode() + b"\n")
        while "urls" not in (words := self.hear()):
            if "error" in words:
                raise EmbeddedError(words["error"])
        return words

    def hear(self) -> dict[str, Any]:
        """The keeper's next words. Raises ConnectionError when it is gone."""
        while b"\n" not in self.rest:
            more = self.link.recv(4096)
            if not more:
                raise ConnectionError("the keeper has gone")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        words: dict[str, Any] = json.loads(line)
        return words

    def has_words(self) -> bool:
        return b"\n" in self.rest or bool(select.select([self.link], [], [], 0)[0])


def join(record: Path, needs: list[str]) -> tuple[Connection, dict[str, Any]]:
    """Bring up (or share) the servers of `record`: the connection to hold, and the answer."""
    places = Places.of(record)
    places.make()
    deadline = time.monotonic() + JOIN_SECONDS
    keeper: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        if connection := _connect(places):
            try:
                return connection, connection.ask(needs)
            except (ConnectionError, TimeoutError):
                connection.close()
        if keeper is not None and keeper.poll() not in (None, 0):
            break
        if keeper is None or keeper.poll() == 0:
            keeper = _start_keeper(places)
        time.sleep(0.02)
    raise EmbeddedError(
        f"The embedded services of {places.record} do not come up: "
        f"{log_tail(places.log('keeper'))} (more in {places.log('keeper')})"
    )


def _connect(places: Places) -> Connection | None:
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(JOIN_SECONDS)
    if link.connect_ex(str(places.control)) == 0:
        return Connection(link)
    link.close()
    return None


def _start_keeper(places: Places) -> "subprocess.Popen[bytes]":
    """A keeper of its own session: no Ctrl-C and no hang-up of ours reaches it."""
    log = open_log(places.log("keeper"))
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "recqr_site.embedded.keeper", str(places.record)],
            cwd=PROJECT_DIR,
            env={**os.environ, IN_KEEPER: "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
