"""The limits that a server keeps itself, as a provider does."""

import time
from collections import deque

WAIT_FOR_A_PLACE = 0.05


class Rates:
    """Counts requests in the last minute and at this moment."""

    def __init__(self) -> None:
        self.now = 0
        self.most_at_once = 0
        self.refused = 0
        self._taken: deque[float] = deque()

    def wait(self, most_per_minute: int | None, most_at_once: int | None, minute: float) -> float:
        """Seconds after which to come back, or 0 for a request that is let in."""
        at = time.monotonic()
        while self._taken and self._taken[0] <= at - minute:
            self._taken.popleft()
        if most_per_minute is not None and len(self._taken) >= most_per_minute:
            wait = self._taken[0] + minute - at
        else:
            full = most_at_once is not None and self.now >= most_at_once
            wait = WAIT_FOR_A_PLACE if full else 0
        if wait:
            self.refused += 1
        elif most_per_minute is not None:
            self._taken.append(at)
        return wait

    def __enter__(self) -> None:
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)

    def __exit__(self, *error: object) -> None:
        self.now -= 1
