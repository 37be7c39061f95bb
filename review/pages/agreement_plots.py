"""Where figures stand in the plots of the page of agreement: lengths in SVG units."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from review.pages.strips import Figure
from review.pages.time_axis import places

TIME = "seconds"


@dataclass(frozen=True)
class MatrixRow:
    """A reviewer with a cell for each of those named before them; None where they share no
    dialogue."""

    name: str
    cells: list[dict[str, Any] | None]


@dataclass(frozen=True)
class Matrix:
    names: list[str]
    rows: list[MatrixRow]


def matrix(pairs: list[dict[str, Any]]) -> Matrix | None:
    """Every two of several reviewers; two alone need no matrix."""
    names = sorted({name for pair in pairs for name in (pair["one"], pair["other"])})
    if len(names) < 3:
        return None
    found = {frozenset((pair["one"], pair["other"])): pair for pair in pairs}
    rows = [
        MatrixRow(name, [found.get(frozenset((name, before))) for before in names[:number]])
        for number, name in enumerate(names)
    ]
    return Matrix(names[:-1], rows[1:])


@dataclass(frozen=True)
class Beside:
    """A measure in the plain arm and in another, and the difference between them."""

    name: str
    plain: Figure
    here: Figure
    effect: Figure


@dataclass(frozen=True)
class HidingArm:
    arm: dict[str, Any]
    measures: list[Beside]


def beside(plain: dict[str, Any], arm: dict[str, Any]) -> HidingArm:
    """The shares of an arm beside those of the plain one."""
    pairs = zip(plain["measures"], arm["measures"], strict=True)
    return HidingArm(
        arm,
        [
            Beside(here["name"], shown["figure"], here["figure"], here["effect"])
            for shown, here in pairs
            if here["name"] != TIME
        ],
    )


@dataclass(frozen=True)
class Time:
    figure: Figure
    effect: Figure | None


def time_of(arm: dict[str, Any]) -> Time:
    [found] = [measure for measure in arm["measures"] if measure["name"] == TIME]
    return Time(found["figure"], found["effect"])


# The trend: weeks from left to right, shares from bottom to top.
LEFT, RIGHT, TOP, BOTTOM = 44, 700, 14, 160
HEIGHTS = [(TOP, "100%"), ((TOP + BOTTOM) // 2, "50%"), (BOTTOM, "0%")]
MOST_NAMED = 7


@dataclass(frozen=True)
class Point:
    """A week's share: its dot, its interval from top to bottom, and its day where it is named."""

    week: dict[str, Any]
    monday: date
    x: float
    y: float
    top: float
    bottom: float
    named: bool


@dataclass(frozen=True)
class Trend:
    points: list[Point]

    @property
    def path(self) -> str:
        return "M" + " L".join(f"{point.x} {point.y}" for point in self.points)


def trend(weeks: list[dict[str, Any]]) -> Trend | None:
    """From two weeks on; one alone is no trend."""
    if len(weeks) < 2:
        return None
    along = places([week["monday"] for week in weeks], LEFT + 16, RIGHT - 16, MOST_NAMED)
    return Trend(
        [
            Point(week, place.monday, place.x, *_heights(week["outcome"]), place.named)
            for week, place in zip(weeks, along, strict=True)
        ]
    )


def _heights(share: Figure) -> tuple[float, float, float]:
    return _height(share["value"]), _height(share["high"]), _height(share["low"])


def _height(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
