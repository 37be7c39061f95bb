"""Which scores judges give, and whether that drifts, as their page shows and says it."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from review.pages.strips import Scale

SCORE = Scale(1, 5, 1, "number", (1, 2, 3, 4, 5))
LEVELS_WIDTH = 192
# Under this many weeks a table of them is not in the way.
FEW_WEEKS = 6


@dataclass(frozen=True)
class Part:
    """How often a level was given, and where it stands in the bar of all five."""

    count: int
    share: float
    x: float
    width: float


@dataclass(frozen=True)
class LevelRow:
    criterion: str
    total: int
    parts: list[Part]


@dataclass(frozen=True)
class LevelGroup:
    judge: str
    rows: list[LevelRow]


def level_groups(levels: list[dict[str, Any]]) -> list[LevelGroup]:
    return [
        LevelGroup(one["judge"], [_row(row["criterion"], row["counts"]) for row in one["rows"]])
        for one in levels
    ]


def _row(criterion: str, counts: list[int]) -> LevelRow:
    total = sum(counts)
    ends = [LEVELS_WIDTH * end / total for end in accumulate(counts)]
    parts = [
        Part(count, count / total, round(start, 1), round(end - start, 1))
        for count, start, end in zip(counts, [0.0, *ends], ends, strict=False)
    ]
    return LevelRow(criterion, total, parts)


def weeks_are_few(drift: list[dict[str, Any]]) -> bool:
    return sum(len(one["weeks"]) for one in drift) <= FEW_WEEKS


def has_drifted(shift: dict[str, Any]) -> bool:
    """Whether the interval leaves out 0."""
    low, high = shift["figure"]["low"], shift["figure"]["high"]
    return low is not None and (low > 0 or high < 0)


def drift_words(judge: str, shift: dict[str, Any]) -> str:
    """“gpt-x scores 0.31 higher in the last four weeks than before: ...”"""
    figure = shift["figure"]
    if figure["value"] is None:
        return f"{judge}: whether it drifts cannot be told, {figure['words']}."
    means = f"a mean of {shift['after']:.2f} after {shift['before']:.2f}"
    from_what = f"in {figure['dialogues']:,} dialogues"
    if figure["low"] is None:
        return f"{judge}: {means} {from_what}; {figure['words']}."
    reach = f"95% interval of the difference {figure['low']:+.2f} to {figure['high']:+.2f}"
    reach = reach.replace("-", "\N{MINUS SIGN}")
    if not has_drifted(shift):
        return f"{judge} scores as before, as far as can be told: {means} {from_what} ({reach})."
    return (
        f"{judge} scores {abs(figure['value']):.2f} {'higher' if figure['value'] > 0 else 'lower'}"
        f" in the last four weeks than before: {means} {from_what} ({reach}), {_why(shift)}."
    )


def _why(shift: dict[str, Any]) -> str:
    if shift["changed"]:
        return f"under another {' and '.join(shift['changed'])}"
    return "under the same model and prompt: what answers may have changed"
