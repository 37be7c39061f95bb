"""What reviewers asked of a site and what it told them, in the order in which it was asked."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """One request. Its `status` is None where no answer came: what became of it is unknown."""

    reviewer: str
    what: str
    place: int | None = None
    key: str = ""
    sent: float = field(default_factory=time.monotonic)
    answered: float = 0.0
    status: int | None = None
    answer: Any = None

    @property
    def seconds(self) -> float:
        return self.answered - self.sent


@dataclass
class History:
    """Everything that was asked, by all reviewers."""

    asked: list[Asked] = field(default_factory=list)

    def begin(self, reviewer: str, what: str, place: int | None = None, key: str = "") -> Asked:
        self.asked.append(Asked(reviewer, what, place, key))
        return self.asked[-1]

    def answered(self, what: str, *statuses: int) -> Iterator[Asked]:
        """Requests of a kind that were answered, with one of `statuses` where any are named."""
        for asked in self.asked:
            known = asked.status in statuses if statuses else asked.status is not None
            if asked.what == what and known:
                yield asked

    def unknown(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.status is None]

    def seconds_within(self, what: str, share: float) -> float:
        """Within how many seconds that share of the answers of a kind came."""
        times = sorted(asked.seconds for asked in self.answered(what))
        return times[min(int(len(times) * share), len(times) - 1)] if times else float("nan")
