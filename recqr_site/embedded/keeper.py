"""The keeper: one process per record that runs its servers for as long as somebody uses them.

Every user holds a connection to the control socket. The kernel closes it however the user dies,
so the count is never stale; one second after the last one has gone the servers are stopped.

Words on that socket, one JSON object a line:
    user:   {"needs": ["postgres", "redis"]}
    keeper: {"urls": {...}, "pids": {...}} once they answer, or {"error": "..."};
            {"event": "..."} whenever it started one of them again
"""

import fcntl
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from recqr_site.embedded.errors import EmbeddedError
from recqr_site.embedded.places import Places, private_dir
from recqr_site.embedded.postgres import Postgres
from recqr_site.embedded.processes import adopt_orphans
from recqr_site.embedded.valkey import Valkey
from recqr_site.embedded.watch import Server, Watched

SERVERS: dict[str, Callable[[Places], Server]] = {"postgres": Postgres, "redis": Valkey}
GRACE_SECONDS = 1.0
TICK_SECONDS = 0.25


class Lock:
    """The one right to serve a record; lost when its file is replaced under us."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("a")

    def take(self) -> bool:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return self.holds()

    def holds(self) -> bool:
        """Whether the record is still the one that was locked, not deleted and made anew."""
        try:
            return os.path.samestat(os.fstat(self.file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False


class Keeper:
    def __init__(self, places: Places, lock: Lock) -> None:
        self.places = places
        self.lock = lock
        self.servers: dict[str, Watched] = {}
        self.users: set[socket.socket] = set()
        self.stopping = False
        self.idle_since = time.monotonic()
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        self._catch_signals()
        listener = self._listen()
        try:
            while not self._is_over():
                for key, _ in self.selector.select(TICK_SECONDS):
                    key.data(key.fileobj)
                for server in self.servers.values():
                    server.look()
                self._reap_orphans()
        finally:
            # Closed first: whoever comes now starts a new keeper, which waits for the lock.
            self.places.control.unlink(missing_ok=True)
            listener.close()
            self._end_servers()

    def _catch_signals(self) -> None:
        waker, sleeper = socket.socketpair()
        for end in (waker, sleeper):
            end.setblocking(False)
        self.waker = waker  # kept, or it would be closed
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        self.selector.register(sleeper, selectors.EVENT_READ, lambda end: end.recv(4096))

    def _stop(self, *_: Any) -> None:
        self.stopping = True

    def _listen(self) -> socket.socket:
        private_dir(self.places.sockets)
        self.places.control.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.places.control))
        os.chmod(self.places.control, 0o600)
        listener.listen(64)
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ, self._welcome)
        return listener

    def _is_over(self) -> bool:
        if self.users:
            self.idle_since = time.monotonic()
        idle = time.monotonic() - self.idle_since > GRACE_SECONDS
        return self.stopping or idle or not self.lock.holds()

    def _welcome(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError):
            user, _ = listener.accept()
            user.settimeout(5)
            self.users.add(user)
            self.selector.register(user, selectors.EVENT_READ, self._hear)

    def _hear(self, user: socket.socket) -> None:
        """Answer a user's words; their end of the connection closed means that they left."""
        try:
            words = user.recv(4096)
            if not words:
                return self._part(user)
            needs = json.loads(words)["needs"]
            self._start(needs)
        except EmbeddedError as error:
            self._say(user, {"error": str(error)})
            return self._part(user)
        except (OSError, ValueError, KeyError):
            return self._part(user)
        return self._say(user, {"urls": self.places.urls(), "pids": self._pids()})

    def _start(self, needs: list[str]) -> None:
        for name in needs:
            if name not in self.servers:
                watched = Watched(SERVERS[name](self.places), self.tell)
                watched.begin()
                self.servers[name] = watched

    def _pids(self) -> dict[str, int]:
        running = {"keeper": os.getpid()}
        for name, server in self.servers.items():
            if server.process is not None:
                running[name] = server.process.pid
        return running

    def tell(self, event: str) -> None:
        print(time.strftime("%Y-%m-%d %H:%M:%S"), event, flush=True)
        for user in list(self.users):
            self._say(user, {"event": event})

    def _say(self, user: socket.socket, words: dict[str, Any]) -> None:
        try:
            user.sendall(json.dumps(words).encode() + b"\n")
        except OSError:
            self._part(user)

    def _part(self, user: socket.socket) -> None:
        if user in self.users:
            self.users.remove(user)
            self.selector.unregister(user)
            user.close()

    def _reap_orphans(self) -> None:
        """Backends of a killed PostgreSQL become our children; leave no zombie of them."""
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _end_servers(self) -> None:
        for server in self.servers.values():
            server.signal_stop()
        for server in self.servers.values():
            server.end()
        # The lock is still ours: nobody else has sockets there yet.
        shutil.rmtree(self.places.sockets, ignore_errors=True)


def take_over(places: Places) -> Lock | None:
    """The record's lock, or None once another keeper answers."""
    lock = Lock(places.lock)
    while not lock.take():
        if answers(places):
            return None
        time.sleep(0.02)
        if not lock.holds():
            lock = Lock(places.lock)
    return lock


def answers(places: Places) -> bool:
    with socket.socket(socket.AF_UNIX) as link:
        return link.connect_ex(str(places.control)) == 0


def main(record: str) -> None:
    os.umask(0o077)
    places = Places.of(Path(record))
    places.make()
    lock = take_over(places)
    if lock is not None:
        adopt_orphans()
        Keeper(places, lock).run()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except EmbeddedError as refusal:
        sys.exit(str(refusal))
