"""A record of its own for every test session, with embedded servers unless `DATABASE_URL` or
`REDIS_URL` name others. Loaded by `-p`, so that it comes before pytest-django reads settings."""

import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from recqr_site import embedded
from recqr_site.record import record_dir

# A developer's own settings must neither change what tests see nor let them call anybody.
NEUTRAL = {"DEBUG": "0", "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", "OPENAI_MODEL": ""}
# Test databases are thrown away: they need not survive a power cut.
HASTE = ("fsync", "synchronous_commit", "full_page_writes")
# Redis has 16 databases; the first is that of a run in one process, the last of a single test.
MOST_APART = 14


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    os.environ["RECQR_VAR"] = tempfile.mkdtemp(prefix="recqr-tests-")
    os.environ.update(NEUTRAL)
    os.environ.pop("SECRET_KEY", None)
    ours = "DATABASE_URL" in embedded.missing_variables()
    try:
        embedded.ensure()
        if ours:
            _hurry(os.environ["DATABASE_URL"])
        _keep_apart()
    except embedded.EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error
    yield


def _hurry(url: str) -> None:
    folder = url.removeprefix("postgres://recqr@/").rpartition("/")[0]
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as link:
        for setting in HASTE:
            link.execute(f"ALTER SYSTEM SET {setting} = off")  # type: ignore[call-overload]
        link.execute("SELECT pg_reload_conf()")


def _keep_apart() -> None:
    """A Redis database for each process that tests side by side: a real worker that one of them
    starts would take the tasks of the others."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "")
    url = os.environ["REDIS_URL"]
    if process and url.startswith("unix://"):
        number = 1 + int(process.removeprefix("gw")) % MOST_APART
        os.environ["REDIS_URL"] = f"{url.partition('?')[0]}?db={number}"


def pytest_unconfigure() -> None:
    record = record_dir()
    embedded.release()
    _await_end(record)
    shutil.rmtree(record, ignore_errors=True)


def _await_end(record: Path) -> None:
    """Wait (2 s, rarely more) until the servers have let go of the record."""
    deadline = time.monotonic() + 10
    while (record / "postgres" / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
