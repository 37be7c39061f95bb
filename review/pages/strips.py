"""Where figures stand in strips: lengths in SVG units, no words."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# As `asdict` makes one of `review.agreement.estimates.Estimate`.
Figure = dict[str, Any]

STRIP_WIDTH, STRIP_EDGE = 192, 8


@dataclass(frozen=True)
class Scale:
    """What a strip spans, the value its line stands at, and how its values are written: as a
    `share`, a `number`, or a `change` with its sign. `ticks` are the values named at its head."""

    low: float
    high: float
    line: float
    form: str
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """How far from the left, within the strip whatever the value."""
        part = (value - self.low) / (self.high - self.low)
        inner = STRIP_WIDTH - 2 * STRIP_EDGE
        return round(STRIP_EDGE + inner * min(max(part, 0.0), 1.0), 1)


SHARE = Scale(0, 1, 0, "share", (0, 0.5, 1))
HALF = Scale(0, 1, 0.5, "share", (0, 0.5, 1))
AGREEMENT = Scale(-1, 1, 0, "number", (-1, 0, 1))


@dataclass(frozen=True)
class Strip:
    """One figure on a scale: its dot, and the ends of its interval where it has one."""

    line: float
    dot: float
    start: float | None
    end: float | None


def strip(figure: Figure, scale: Scale) -> Strip | None:
    if figure["value"] is None:
        return None
    ends = [None if figure[end] is None else scale.place(figure[end]) for end in ("low", "high")]
    return Strip(scale.place(scale.line), scale.place(figure["value"]), *ends)


def from_zero(figures: Iterable[Figure]) -> Scale:
    """A scale of points from 0 to where the widest interval ends."""
    reach = _reach(figures)
    return Scale(0, reach, 0, "number", (0, reach))


def around_zero(figures: Iterable[Figure]) -> Scale:
    """A scale of changes that reaches as far below 0 as above it."""
    reach = _reach(figures)
    return Scale(-reach, reach, 0, "change", (-reach, 0, reach))


def points(figures: Iterable[Figure]) -> Scale:
    """A scale of differences between shares, in steps of ten points."""
    reach = min(max(math.ceil(10 * _widest(figures)) / 10, 0.1), 1.0)
    return Scale(-reach, reach, 0, "points", (-reach, 0, reach))


def seconds(figures: Iterable[Figure]) -> Scale:
    """A scale of times from 0, in steps of ten seconds."""
    reach = max(math.ceil(_widest(figures) / 10) * 10, 10)
    return Scale(0, reach, 0, "seconds", (0, reach))


def _reach(figures: Iterable[Figure]) -> float:
    return farthest([_widest(figures)])


def _widest(figures: Iterable[Figure]) -> float:
    """How far from 0 any value or interval reaches."""
    parts = ("value", "low", "high")
    known = (figure[part] for figure in figures for part in parts)
    return max((abs(value) for value in known if value is not None), default=0.0)


def farthest(values: Iterable[float]) -> float:
    """The farthest from 0, rounded up to a half."""
    return max(math.ceil(2 * max(map(abs, values), default=0.0)) / 2, 0.5)
