"""A whole site as `make run` serves it, for the tests that kill its parts."""

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.plugins.records import PROJECT, Record, within
from tests.plugins.sharing import once

SERVE = [sys.executable, "-m", "recqr_site.serving"]
PARTS = {"web": "gunicorn", "models": "llm", "checks": "retrieval,default", "beat": "beat"}


def _hear_hang_up() -> None:
    """Tests may run under nohup, which a site would honour."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Site:
    """A supervisor in a process of its own, and everything that it printed."""

    def __init__(self, record: Record, command: list[str], **settings: str) -> None:
        self.record = record
        self.lines: list[str] = []
        env = record.environment(**{"PORT": "0", **settings})
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_hang_up,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def said(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, "".join(self.lines))

    def hear(self, pattern: str, seconds: float) -> re.Match[str]:
        """Wait until it has printed `pattern`."""

        def heard() -> re.Match[str] | None:
            assert self.process.poll() is None or self.said(pattern), "".join(self.lines)
            return self.said(pattern)

        found: re.Match[str] = within(seconds, heard)
        return found

    def await_ready(self) -> str:
        """Its address, once it serves."""
        return self.hear(r"ReCQR is ready: (\S+)", 300)[1]

    def page(self) -> int:
        """The status of its first page; connections wait while the web server is away."""
        address = self.await_ready()
        try:
            with urllib.request.urlopen(address, timeout=15) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def supervisor(self) -> psutil.Process:
        """The supervisor itself, below make or not."""
        own = psutil.Process(self.process.pid)
        return next(
            process
            for process in [own, *own.children(recursive=True)]
            if "recqr_site.serving" in process.cmdline()
        )

    def part(self, name: str) -> psutil.Process | None:
        """The main process of the web server, a worker or beat."""
        for child in self.supervisor().children():
            if PARTS[name] in child.cmdline():
                return child
        return None

    def stop(self, number: int = signal.SIGINT) -> int:
        self.supervisor().send_signal(number)
        return self.process.wait(15)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """A record as the first start of a site leaves it.

    Prepared once for all processes that test side by side: drawing the sample takes as long as
    all the rest of a start.
    """
    shared = tmp_path_factory.getbasetemp().parent / f"prepared-{testrun_uid}"
    with once(shared) as first:
        if first:
            _prepare(Record(shared / "var"))
    return shared / "var"


@pytest.fixture(scope="module")
def site_record(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """One record for all sites of a file of tests."""
    record = Record(tmp_path_factory.mktemp("served") / "var")
    # With its owners: PostgreSQL, which does not run as root, insists on its own.
    subprocess.run(["cp", "-a", prepared, record.path], check=True)
    yield record
    record.close()


def _prepare(record: Record) -> None:
    site = Site(record, SERVE)
    site.await_ready()
    assert site.stop() == 0
    within(15, record.is_quiet)


@pytest.fixture
def serve(site_record: Record) -> Iterator[Callable[..., Site]]:
    """Start a site on that record; whatever is left of it is killed afterwards."""
    started: list[Site] = []

    def start(command: list[str] | None = None, **settings: str) -> Site:
        started.append(Site(site_record, command or SERVE, **settings))
        return started[-1]

    yield start
    for site in started:
        if site.process.poll() is None:
            os.killpg(site.process.pid, signal.SIGKILL)
            site.process.wait()
    within(15, site_record.is_quiet)
