"""Where figures stand in the plots of the calibration page, without words: from left to right in
percent of a plot's width, so that it fits any, from top to bottom in pixels."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from review.pages.strips import Figure
from review.pages.time_axis import places

# The part of a plot that is drawn on, and what is named at its left.
TOP, BOTTOM = 8, 148
HEIGHTS = [(TOP, "100%"), ((TOP + BOTTOM) // 2, "50%"), (BOTTOM, "0%")]
QUARTERS = (0, 25, 50, 75, 100)
LOWEST, HIGHEST = 1.0, 5.0
SCORES = [(25.0 * place, score) for place, score in enumerate(range(1, 6))]
# The highest bar of a distribution, and the line that bars stand on.
BAR_TOP, BAR_BOTTOM = 8, 64
MOST_NAMED = 6
# Whoever stands at an edge needs room for half a dot.
EDGE = 4.0


def across(share: float) -> float:
    """A share from 0 to 1 in percent of the width, within it whatever the value."""
    return round(100 * min(max(share, 0.0), 1.0), 2)


def height(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(max(share, 0.0), 1.0), 1)


def by_score(score: float) -> float:
    return across((score - LOWEST) / (HIGHEST - LOWEST))


@dataclass(frozen=True)
class Line:
    """From one point of a plot to another."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Whisker:
    """A share on a line from 0 to 1: its dot, its interval where it has one, and how far that could
    reach (`far`) with what is missing."""

    figure: Figure
    dot: float
    reach: tuple[float, float] | None
    far: tuple[float, float] | None = None


def whisker(figure: Figure, if_missing: Sequence[float] | None = None) -> Whisker | None:
    """None where there is no value."""
    if figure["value"] is None:
        return None
    reach = None if figure["low"] is None else (across(figure["low"]), across(figure["high"]))
    far = None if if_missing is None else (across(if_missing[0]), across(if_missing[1]))
    return Whisker(figure, across(figure["value"]), reach, far)


@dataclass(frozen=True)
class Dot:
    """A share at a place of a plot: its interval from top to bottom, where it has one."""

    x: float
    y: float
    top: float | None
    bottom: float | None


def dot(x: float, figure: Figure) -> Dot | None:
    if figure["value"] is None:
        return None
    ends = [None if figure[end] is None else height(figure[end]) for end in ("high", "low")]
    return Dot(x, height(figure["value"]), *ends)


def joined(dots: Iterable[Dot | None]) -> list[Line]:
    """Lines from each dot to the next."""
    there = [one for one in dots if one is not None]
    return [Line(one.x, one.y, other.x, other.y) for one, other in pairwise(there)]


@dataclass(frozen=True)
class Bar:
    """Scores from low to high: how many dialogues have one, and what share of them people accept.
    `middle` is where its dot stands."""

    bin: dict[str, Any]
    x: float
    width: float
    y: float
    height: float
    middle: float
    accepted: Dot | None


@dataclass(frozen=True)
class Distribution:
    bars: list[Bar]
    lines: list[Line]
    threshold: float | None


def distribution(bins: Sequence[dict[str, Any]], threshold: float | None) -> Distribution | None:
    """The scores of dialogues, and where rewrites are certified from."""
    most = max((one["dialogues"] for one in bins), default=0)
    if not most:
        return None
    bars = [_bar(one, most) for one in bins]
    from_here = None if threshold is None else by_score(threshold)
    return Distribution(bars, joined(bar.accepted for bar in bars), from_here)


def _bar(one: dict[str, Any], most: int) -> Bar:
    x, end = by_score(one["low"]), by_score(one["high"])
    middle = round((x + end) / 2, 2)
    tall = round((BAR_BOTTOM - BAR_TOP) * one["dialogues"] / most, 1)
    # What is not nothing is seen.
    tall = max(tall, 1.0) if one["dialogues"] else 0.0
    width = round(end - x - 0.6, 2)
    y = round(BAR_BOTTOM - tall, 1)
    return Bar(one, round(x + 0.3, 2), width, y, tall, middle, dot(middle, one["accepted"]))


@dataclass(frozen=True)
class Week:
    """People's share in a week, and where the judges' pass rate on the same dialogues lies."""

    week: dict[str, Any]
    monday: date
    x: float
    people: Dot | None
    judges: float | None
    named: bool


@dataclass(frozen=True)
class Drift:
    weeks: list[Week]
    lines: list[Line]


def drift(weeks: Sequence[dict[str, Any]]) -> Drift | None:
    """From two weeks on; one alone is no drift."""
    if len(weeks) < 2:
        return None
    along = places([week["week"] for week in weeks], EDGE, 100 - EDGE, MOST_NAMED)
    found = [
        Week(week, at.monday, at.x, dot(at.x, week["people"]), _judges(week), at.named)
        for week, at in zip(weeks, along, strict=True)
    ]
    return Drift(found, joined(week.people for week in found))


def _judges(week: dict[str, Any]) -> float | None:
    people, gap = week["people"]["value"], week["gap"]["value"]
    return None if people is None or gap is None else height(people + gap)


@dataclass(frozen=True)
class Tested:
    """A score of the test: how high the bound of bad ones stands."""

    step: dict[str, Any]
    x: float
    y: float
    named: bool


@dataclass(frozen=True)
class Test:
    """Bounds from the highest score down; `limit` is the share that none may pass, `highest` the
    value at the top of the plot."""

    tested: list[Tested]
    lines: list[Line]
    limit: float
    highest: float


def steps(found: Sequence[dict[str, Any]], share: float) -> Test | None:
    """The steps of a test that had enough dialogues for one."""
    made = [step for step in found if step["bound"] is not None]
    if not made:
        return None
    highest = min(1.0, max(2 * share, 1.1 * max(step["bound"] for step in made)))
    tested = list(_tested(made, highest))
    lines = [Line(one.x, one.y, other.x, other.y) for one, other in pairwise(tested)]
    return Test(tested, lines, height(share / highest), highest)


def _tested(made: Sequence[dict[str, Any]], highest: float) -> Iterator[Tested]:
    """Higher scores stand to the right, as everywhere."""
    ordered = sorted(made, key=lambda step: step["score"])
    every = -(-len(ordered) // MOST_NAMED)
    for number, step in enumerate(ordered):
        part = number / (len(ordered) - 1) if len(ordered) > 1 else 0.5
        x = round(EDGE + (100 - 2 * EDGE) * part, 2)
        yield Tested(step, x, height(step["bound"] / highest), number % every == 0)
