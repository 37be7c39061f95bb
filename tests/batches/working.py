"""Working off runs that go in batches, and ending a worker where it hurts."""

import itertools
from collections.abc import Callable
from typing import Any

from generation.models import (
    Run,
    RunStatus,
)
from generation.runs.draining import drain


def work_off(run: Run, most: int = 30) -> Run:
    """Drains a run as the sweep does, until it rests or is done."""
    for _ in range(most):
        drain(run.pk)
        run.refresh_from_db()
        if run.status != RunStatus.RUNNING:
            return run
    raise AssertionError(f"{run} does not end: {list(run.batches.values())}")


class Crash(BaseException):
    """A worker ends here, and nothing of it goes on."""


def crash(*given: object, **named: object) -> None:
    raise Crash


def crashes_at(nth: int, act: Callable[..., Any]) -> Callable[..., Any]:
    """What does as `act`, but not the `nth` time."""
    times = itertools.count(1)

    def acting(*given: Any, **named: Any) -> Any:
        return crash() if next(times) == nth else act(*given, **named)

    return acting
