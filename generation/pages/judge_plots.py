"""Where figures stand in the plots of the page of judges: lengths in SVG units, no words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from review.pages.strips import Figure, Scale, farthest

AUC = Scale(0, 1, 0.5, "number", (0, 0.5, 1))

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
    return farthest(value for value in known if value is not None)
