"""The supervisor: services, preparation, then web, worker and beat; what dies is brought back."""

import json
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from recqr_site import embedded
from recqr_site.embedded.client import Connection, join
from recqr_site.record import record_dir
from recqr_site.serving import address
from recqr_site.serving.children import Child
from recqr_site.serving.claim import claim, publish
from recqr_site.serving.errors import CannotServe, Stopped
from recqr_site.serving.parts import parts, prepare, watcher

TICK_SECONDS = 0.5
STOP_SECONDS = 6.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(line: str) -> None:
    with suppress(OSError):  # the terminal may have gone
        print(line, flush=True)


class Supervisor:
    def __init__(self, *, dev: bool) -> None:
        self.dev = dev
        self.needs = embedded.missing()  # first: it also reads .env
        self.record = record_dir()
        self.children: list[Child] = []
        self.connection: Connection | None = None
        self.ready = False
        self.asked_to_stop = False
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until a signal asks to stop. Raises CannotServe if it never comes to that."""
        self._catch_signals()
        try:
            self._begin()
            while True:
                self._turn()
        except Stopped:
            say("\nStopping ...")
        finally:
            self._end()
        say("Stopped; everything is saved.")

    def _begin(self) -> None:
        host, port = address.chosen()
        self.claim = claim(self.record)
        self.listener = address.bind(host, port)
        self.address = address.url(self.listener)
        publish(self.claim, self.address)
        self._set_environment(host)
        self._join_services()
        self._prepare()
        self.children = parts(self.listener, self.record, self._is_alone(), dev=self.dev)
        for child in self.children:
            child.start()
        self._probe()
        if self.dev:
            self._watch_sources()

    def _set_environment(self, host: str) -> None:
        os.environ["RECQR_VAR"] = str(self.record)  # it may have been given relative to here
        if self.dev:
            os.environ["DEBUG"] = "1"
        if not address.is_loopback(self.listener):
            os.environ.setdefault("ALLOWED_HOSTS", ",".join(address.names(host)))
        # Browsers send the cookies of one port to every other port of the same host.
        os.environ.setdefault("COOKIE_SUFFIX", f"_{self.listener.getsockname()[1]}")

    def _is_alone(self) -> bool:
        """Whether no worker but ours uses this Redis."""
        return "redis" in self.needs

    def _join_services(self) -> None:
        if not self.needs:
            return
        if self.connection is None:
            say("Starting PostgreSQL and Redis ...")
        self.connection, answer = join(self.record, self.needs)
        for name in self.needs:
            os.environ[embedded.VARIABLES[name]] = answer["urls"][name]
        self.selector.register(self.connection, selectors.EVENT_READ, self._hear_keeper)

    def _hear_keeper(self, connection: Connection) -> None:
        try:
            while connection.has_words():
                say(connection.hear().get("event", ""))
        except OSError:
            began = time.monotonic()
            self.selector.unregister(connection)
            connection.close()
            self._join_services()
            say(f"PostgreSQL and Redis were lost; back after {time.monotonic() - began:.1f} s.")

    def _prepare(self) -> None:
        child = prepare(demo_accounts=address.is_loopback(self.listener), dev=self.dev)
        self.children = [child]
        child.start()
        while not child.has_ended():
            self._wait()
        if child.reap() != 0:
            raise CannotServe("ReCQR was not started: the lines above say why.")

    def _probe(self) -> None:
        """Ask for a page; the answer arrives once the web server is up (see `_answered`)."""
        probe = socket.create_connection(address.near(self.listener), timeout=5)
        probe.sendall(f"HEAD / HTTP/1.0\r\nHost: {address.allowed_host()}\r\n\r\n".encode())
        self.selector.register(probe, selectors.EVENT_READ, self._answered)

    def _answered(self, probe: socket.socket) -> None:
        answer = _read(probe)
        self.selector.unregister(probe)
        probe.close()
        if not answer:  # the server died with our question in its hands
            self._probe()
        elif not self.ready:
            self.ready = True
            self._welcome()

    def _welcome(self) -> None:
        say(f"\nReCQR is ready: {self.address}\n")
        if address.is_loopback(self.listener):
            say(accounts_table(self.record / "demo-accounts.json"))
        else:
            say(
                "Other machines can reach this address, so there are no demo accounts. People sign "
                "in with\ntheir own: an admin invites them under Members, or make one here:\n"
                "  .venv/bin/python manage.py add_member DATASET NAME admin\n"
            )
        logs = "this terminal" if self.dev else str(self.record / "log")
        say(f"Record: {self.record}\nLogs:   {logs}\nStop:   Ctrl-C\n")

    def _watch_sources(self) -> None:
        self.watcher, output = watcher()
        self.children.append(self.watcher)
        self.selector.register(output, selectors.EVENT_READ, self._source_changed)

    def _source_changed(self, output: int) -> None:
        changed = os.read(output, 4096).decode().split("\n")[0]
        if not changed:
            self.selector.unregister(output)
            return
        say(f"{changed} changed: starting again")
        for child in self.children:
            if child is not self.watcher:
                child.again()

    def _turn(self) -> None:
        self._wait()
        for child in self.children:
            child.look(say)

    def _wait(self) -> None:
        """Hears what comes in within a tick. Raises Stopped once somebody asked for it."""
        for key, _ in self.selector.select(TICK_SECONDS):
            key.data(key.fileobj)
        if self.asked_to_stop:
            raise Stopped

    def _catch_signals(self) -> None:
        """Signals wake the loop, which then sees what they ask for or whose death they tell.

        A handler that raised would at times do so where Python drops exceptions, in a callback of
        the garbage collector say, and the wish to stop would be lost.
        """

        def stop(*_: Any) -> None:
            self.asked_to_stop = True

        waker, sleeper = socket.socketpair()
        for end in (waker, sleeper):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, stop)
        self.selector.register(sleeper, selectors.EVENT_READ, lambda end: end.recv(4096))

    def _end(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for child in self.children:
            child.signal_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.end(deadline)
        if self.connection is not None:
            self.connection.close()


def _read(probe: socket.socket) -> bytes:
    try:
        return probe.recv(64)
    except OSError:
        return b""


def accounts_table(path: Path) -> str:
    """The demo accounts as lines to print; empty where there are none."""
    if not path.exists():
        return ""
    rows = [("user", "role", "password")]
    rows += [(row["user"], row["role"], row["password"]) for row in json.loads(path.read_text())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(f"  {line}" for line in lines) + "\n"


def serve(*, dev: bool) -> int:
    """Run it; the exit code is 0 after a stop, 2 if it could not serve."""
    try:
        Supervisor(dev=dev).run()
    except (CannotServe, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0
