"""Where figures stand in the plots of the page of judges: lengths in SVG units, no words."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# As `asdict` makes one of `judges_compared.estimates.Estimate`.
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
AUC = Scale(0, 1, 0.5, "number", (0, 0.5, 1))
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


def _reach(figures: Iterable[Figure]) -> float:
    parts = ("value", "low", "high")
    known = (figure[part] for figure in figures for part in parts)
    return _farthest(value for value in known if value is not None)


def _farthest(values: Iterable[float]) -> float:
    """The farthest from 0, rounded up to a half."""
    return max(math.ceil(2 * max(map(abs, values), default=0.0)) / 2, 0.5)


# The plot of acceptance by score, and where its axes are named.
PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 40, 256, 18, 150
LOWEST, HIGHEST = 1.0, 5.0
HEIGHTS = [(18, "100%"), (84, "50%"), (150, "0%")]
SCORES = [(40, 1), (94, 2), (148, 3), (202, 4), (256, 5)]


@dataclass(frozen=True)
class Point:
    """The share accepted in a band: its dot, its interval from top to bottom, its band."""

    band: dict[str, Any]
    x: float
    y: float
    top: float
    bottom: float
    above: float


@dataclass(frozen=True)
class Plot:
    judge: str
    points: list[Point]
    words: str

    @property
    def path(self) -> str:
        return "M" + " L".join(f"{point.x} {point.y}" for point in self.points)


def acceptance_plot(acceptance: dict[str, Any]) -> Plot:
    points = [_point(band) for band in acceptance["bands"]]
    return Plot(acceptance["judge"], points, "; ".join(_in_words(acceptance["bands"])))


def _point(band: dict[str, Any]) -> Point:
    share = band["accepted"]
    middle = (band["low"] + band["high"]) / 2
    x = PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * (middle - LOWEST) / (HIGHEST - LOWEST)
    top, y, bottom = (_height(share[part]) for part in ("high", "value", "low"))
    return Point(band, round(x, 1), y, top, bottom, round(top - 5, 1))


def _height(share: float) -> float:
    return round(PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * share, 1)


def _in_words(bands: list[dict[str, Any]]) -> Iterator[str]:
    for band in bands:
        yield f"{band['accepted']['value']:.0%} at {band['low']:g} to {band['high']:g}"


@dataclass(frozen=True)
class BandRow:
    """One band across the plots; None where a judge gave no score in it."""

    low: float
    high: float
    shares: list[Figure | None]


def band_rows(acceptances: list[dict[str, Any]]) -> list[BandRow]:
    """The highest scores first."""
    ends = {(band["low"], band["high"]) for one in acceptances for band in one["bands"]}
    found = [{band["low"]: band["accepted"] for band in one["bands"]} for one in acceptances]
    return [
        BandRow(low, high, [shares.get(low) for shares in found])
        for low, high in sorted(ends, reverse=True)
    ]


BAR_WIDTH = 96


@dataclass(frozen=True)
class Bar:
    """A change as a bar from the middle, where 0 is."""

    x: float
    width: float


def bar(value: float, reach: float) -> Bar:
    middle = BAR_WIDTH / 2
    end = middle * (1 + min(max(value / reach, -1.0), 1.0))
    return Bar(round(min(middle, end), 1), round(abs(end - middle), 1))


def standard_reach(matrix: list[dict[str, Any]]) -> float:
    known = [cell["standard"] for row in matrix for cell in row["cells"]]
    return _farthest(value for value in known if value is not None)
