"""Matrix products beside each other: one thread a processor, each of which also compares.

The library of matrix products has threads of its own, which would rest while numpy compares, and
wait for each other where a processor is busy elsewhere.
"""

import os
from threading import Lock
from typing import Any

from threadpoolctl import threadpool_limits


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class OneThreadEach:
    """Within it, each matrix product of this process has one thread: until the last who is in it
    leaves, since the limit is one of the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limits: threadpool_limits | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            self._limits = self._limits or threadpool_limits(1, user_api="blas")

    def __exit__(self, *_: Any) -> None:
        with self._lock:
            self._inside -= 1
            if self._limits is not None and not self._inside:
                self._limits.restore_original_limits()
                self._limits = None


one_thread_each = OneThreadEach()
