"""Records beside the session's own, for the tests that start, share and kill embedded services."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from recqr_site.embedded.client import Connection, join
from recqr_site.embedded.places import Places

PROJECT = Path(__file__).resolve().parents[2]
BOTH = ["postgres", "redis"]
# A user like manage.py: asks for the services, says what it got, stays until its input ends.
USER = """
import json, os, sys
from recqr_site import embedded
embedded.ensure()
print(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}), flush=True)
sys.stdin.read()
"""


def within(seconds: float, promise: Callable[[], Any]) -> Any:
    """Wait until `promise()` is true and give its value back; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (kept := promise()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {promise}"
        time.sleep(0.03)
    return kept


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Record:
    """One temporary record and what a test does to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places = Places.of(path)
        self.connections: list[Connection] = []
        self.keeper = 0

    def join(self, needs: list[str] | None = None) -> tuple[Connection, dict[str, int]]:
        """A share in its services, and the process ids behind them."""
        connection, answer = join(self.path, needs or BOTH)
        connection.link.settimeout(20)
        self.connections.append(connection)
        self.keeper = int(answer["pids"]["keeper"])
        return connection, answer["pids"]

    def sql(self, statement: str, **options: Any) -> list[Any]:
        with self.connect(**options) as link:
            cursor = link.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def connect(self, dbname: str = "recqr", user: str = "recqr") -> psycopg.Connection:
        host = str(self.places.postgres_sockets)
        return psycopg.connect(host=host, user=user, dbname=dbname, autocommit=True)

    def redis(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.places.valkey_socket))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        return {**kept, "RECQR_VAR": str(self.path), "PYTHONPATH": str(PROJECT), **more}

    def start_user(self) -> tuple["subprocess.Popen[bytes]", dict[str, str]]:
        """Another process that uses the services, and the addresses that it was given."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", USER], env=self.environment(), stdin=pipe, stdout=pipe
        )
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    def next_event(self, connection: Connection) -> str:
        return str(connection.hear()["event"])

    def processes(self) -> list[psutil.Process]:
        """Everything alive that was started for this record."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [*process.cmdline(), process.cwd()]
                if any(str(self.path) in word for word in words):
                    found.append(process)
        return [process for process in found if process.pid != os.getpid()]

    def is_quiet(self) -> bool:
        return not self.processes()

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        if self.keeper in {process.pid for process in self.processes()}:
            os.kill(self.keeper, signal.SIGTERM)  # sooner than by its second of grace
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.03)
        for process in self.processes():
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def make_record(tmp_path: Path) -> Iterator[Callable[..., Record]]:
    made: list[Record] = []

    def make(name: str = "record") -> Record:
        made.append(Record(tmp_path / name))
        return made[-1]

    yield make
    for record in made:
        record.close()


@pytest.fixture
def record(make_record: Callable[..., Record]) -> Record:
    return make_record()
