"""Where the bars of a plot of days stand: lengths in SVG units, no words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from review.people.worklog import Work

WIDTH = 700
HEIGHT = 96
TOP = 18
SHARE_OF_BAR = 0.56
# A day of one hour must not look like a full one.
LEAST_SCALE_HOURS = 2.0


@dataclass(frozen=True)
class Bar:
    day: date
    work: Work
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True)
class Plot:
    """Bars from a zero line; `hours` is what the highest place of the scale stands for."""

    bars: list[Bar]
    hours: float
    base: float
    width: int
    height: int
    top: int


def plotted(days: Sequence[tuple[date, Work]]) -> Plot:
    hours = max(LEAST_SCALE_HOURS, *(work.hours for _, work in days))
    base = TOP + HEIGHT
    step = WIDTH / len(days)
    bars = []
    for number, (day, work) in enumerate(days):
        height = HEIGHT * work.hours / hours
        middle = step * (number + 0.5)
        width = step * SHARE_OF_BAR
        bars.append(Bar(day, work, middle - width / 2, base - height, width, height, middle))
    return Plot(bars, hours, base, WIDTH, base + 20, TOP)
