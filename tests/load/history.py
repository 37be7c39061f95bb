"""What reviewers asked of a site and what it told them, in the order in which it was asked."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """One request. What became of it is unknown where no answer came: its `status` is None then."""

    reviewer: str
    what: str
    key: str = ""
    body: Any = None
    # The imported id of the dialogue that is decided on.
    dialogue: str = ""
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

    def begin(self, asked: Asked) -> Asked:
        self.asked.append(asked)
        return asked

    def answered(self, what: str, *statuses: int) -> Iterator[Asked]:
        """Requests of a kind that were answered, with one of `statuses` where any are named."""
        for asked in self.asked:
            known = asked.status in statuses if statuses else asked.status is not None
            if asked.what == what and known:
                yield asked

    def confirmed(self) -> dict[str, Asked]:
        """Decisions that a reviewer was told of, by their key; of repeats the last answer."""
        return {asked.key: asked for asked in self.answered("decide", 201)}

    def count(self, what: str, status: int) -> int:
        return sum(1 for _ in self.answered(what, status))

    def seconds_within(self, what: str, share: float) -> float:
        """Within how many seconds that share of the answers of a kind came."""
        times = sorted(asked.seconds for asked in self.answered(what))
        return times[min(int(len(times) * share), len(times) - 1)] if times else float("nan")
