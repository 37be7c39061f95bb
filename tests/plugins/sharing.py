"""What processes that test side by side make once for all of them."""

import fcntl
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def once(shared: Path) -> Iterator[bool]:
    """Whether this process is the first, which makes what all share; the others wait for it."""
    shared.mkdir(exist_ok=True)
    ready = shared / "ready"
    with _alone(shared / "lock"):
        yield not ready.exists()
        ready.touch()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While no other process is where this one is."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """pytest compiles files of tests in its own way: in a fresh clone each process would, all of
    them at once. Now one compiles a file and the others read what it has kept."""
    keeps = hasattr(collector.config, "workerinput") and not sys.dont_write_bytecode
    if not (keeps and isinstance(collector, pytest.Module)):
        return (yield)
    with _alone(collector.path):
        return (yield)
