"""Judges by slice of a dataset, as their page shows them: one dimension at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.http import urlencode

from generation.pages.calibration.wording import GROUPS, part_name
from review.pages.strips import Figure

DIMENSION = "by"
Slices = list[dict[str, Any]]


@dataclass(frozen=True)
class Choice:
    """A dimension as a link; `query` is what its address asks for."""

    title: str
    query: str
    current: bool


@dataclass(frozen=True)
class Row:
    """`seen`: the figure rests on decisions of people who saw the scores, too."""

    name: str
    figure: Figure
    seen: bool = False


@dataclass(frozen=True)
class Group:
    """A criterion or judge with a figure for each slice."""

    name: str
    rows: list[Row]


@dataclass(frozen=True)
class BasisRow:
    name: str
    slice: dict[str, Any]
    words: str


@dataclass(frozen=True)
class Shown:
    title: str
    by: str
    choices: list[Choice]
    basis: list[BasisRow]
    alphas: list[Group]
    ranking: list[Group]
    passing: list[Group]


def shown(dimensions: list[dict[str, Any]], wanted: str) -> Shown | None:
    """The dimension that is asked for, else the first; None where nothing has a score."""
    told = [dimension for dimension in dimensions if dimension["slices"]]
    if not told:
        return None
    chosen = next((dimension for dimension in told if dimension["by"] == wanted), told[0])
    by, slices = chosen["by"], chosen["slices"]
    people = [(slice, slice["people"]) for slice in slices]
    return Shown(
        title=_title(by),
        by=by,
        choices=[
            Choice(_title(one["by"]), urlencode({DIMENSION: one["by"]}), one is chosen)
            for one in told
        ],
        basis=[BasisRow(_name(by, one), one, _basis(one["people"])) for one in slices],
        alphas=_groups(
            (row["criterion"], Row(_name(by, one), row["figure"]))
            for one in slices
            for row in one["alphas"]
        ),
        ranking=_groups(_beside(by, people, lambda said: said["ranking"])),
        passing=_groups(_beside(by, people, lambda said: said["passing"])),
    )


def _beside(
    by: str,
    people: list[tuple[dict[str, Any], dict[str, Any]]],
    figures: Callable[[dict[str, Any]], list[dict[str, Any]]],
) -> Iterator[tuple[str, Row]]:
    for slice, said in people:
        seen = not said["unseen_alone"] and said["unseen"] < said["decisions"]
        for one in figures(said):
            yield one["judge"], Row(_name(by, slice), one["figure"], seen)


def _groups(rows: Iterable[tuple[str, Row]]) -> list[Group]:
    groups: dict[str, list[Row]] = {}
    for name, row in rows:
        groups.setdefault(name, []).append(row)
    return [Group(name, found) for name, found in groups.items()]


def _title(by: str) -> str:
    return GROUPS[by][0]


def _name(by: str, slice: dict[str, Any]) -> str:
    if together := slice["together"]:
        return "1 other" if together == 1 else f"{together:,} others together"
    return part_name(by, slice["name"])


def _basis(people: dict[str, Any]) -> str:
    """On which decisions the figures on people rest."""
    if not people["decisions"]:
        return "none yet"
    if people["unseen_alone"]:
        return "those without scores in sight"
    if people["unseen"] == people["decisions"]:
        return "all, none with scores in sight"
    return "all, scores in sight: too few without"
