"""Weeks from left to right of a plot, as far apart as they are in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Place:
    """Where a week stands, and whether there is room for its name."""

    monday: date
    x: float
    named: bool


def places(weeks: Sequence[str], start: float, end: float, most_named: int) -> list[Place]:
    """Of two weeks or more, by their Mondays and in their order: from `start` to `end`, the last of
    them named."""
    mondays = [date.fromisoformat(week) for week in weeks]
    first, span = mondays[0], (mondays[-1] - mondays[0]).days
    every = -(-len(mondays) // most_named)
    return [
        Place(
            monday=monday,
            x=round(start + (end - start) * (monday - first).days / span, 2),
            named=(len(mondays) - 1 - number) % every == 0,
        )
        for number, monday in enumerate(mondays)
    ]
