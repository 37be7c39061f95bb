"""Judges and themselves: does another order of the same candidates change what they say?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.judges_compared.record import FIRST, SECOND, Record
from review.agreement import formulas
from review.agreement.estimates import (
    Clusters,
    Estimate,
    Floats,
    Ints,
    estimated,
    share,
    undefined,
)

# Places from here on are taken together.
MOST_PLACES = 6


@dataclass(frozen=True)
class Flip:
    """How a judge's scores on a criterion change when the order is reversed: the share that does,
    and by how many points on average."""

    criterion: str
    changed: Estimate
    distance: Estimate


@dataclass(frozen=True)
class FlipsOfJudge:
    judge: str
    rows: list[Flip]


@dataclass(frozen=True)
class Place:
    """The scores of candidates shown at a place, from 1: the mean, and how far it lies above that
    of all candidates of the same dialogue and pass."""

    place: int
    last: bool
    mean: float
    shift: Estimate


@dataclass(frozen=True)
class PlacesOfJudge:
    judge: str
    rows: list[Place]


@dataclass(frozen=True)
class PairwiseOfJudge:
    """A judge's words on pairs: the shares that it flipped and left tied, and of its answers that
    name a winner the share that names the first shown."""

    judge: str
    flipped: Estimate
    tied: Estimate
    first: Estimate


def flips(record: Record) -> list[FlipsOfJudge]:
    """Of the judges that were asked in both orders."""
    found = [
        FlipsOfJudge(judge.name, [_flip(record, j, k) for k in _twice(record, j)])
        for j, judge in enumerate(record.judges)
    ]
    return [flips for flips in found if flips.rows]


def _twice(record: Record, j: int) -> list[int]:
    """The criteria that a judge scored in both orders."""
    both = (record.scores[FIRST, :, j] > 0) & (record.scores[SECOND, :, j] > 0)
    return [int(k) for k in np.flatnonzero(both.any(axis=0))]


def _flip(record: Record, j: int, k: int) -> Flip:
    first, second = record.scores[FIRST, :, j, k], record.scores[SECOND, :, j, k]
    both = (first > 0) & (second > 0)
    distance = np.abs(first[both].astype(np.int64) - second[both])
    dialogue = record.dialogue[both]
    return Flip(record.criteria[k], share(distance > 0, dialogue), average(distance, dialogue))


def average(values: NDArray[Any], dialogue: Ints) -> Estimate:
    """A mean with its interval over dialogues."""
    if not len(values):
        return undefined("none yet")
    clusters = Clusters(dialogue)
    alike = np.zeros(len(values), int)
    tables = np.stack([clusters.tables(alike, 1, w)[:, 0] for w in (None, values)], axis=1)
    return estimated(tables, formulas.mean, n=len(values), clusters=clusters)


def places(record: Record) -> list[PlacesOfJudge]:
    """Of the judges of whom it is known in which order they were shown the candidates."""
    found = [PlacesOfJudge(judge.name, _places(record, j)) for j, judge in enumerate(record.judges)]
    return [places for places in found if len(places.rows) > 1]


def _places(record: Record, j: int) -> list[Place]:
    score, place, dialogue, passes = _placed(record, j)
    shift, several = centred(score, dialogue * 2 + passes)
    score, dialogue = score[several], dialogue[several]
    place = np.minimum(place[several], MOST_PLACES - 1)
    rows = []
    for number in range(MOST_PLACES):
        here = place == number
        if here.any():
            mean = float(score[here].mean())
            last = number == MOST_PLACES - 1
            rows.append(Place(number + 1, last, mean, average(shift[here], dialogue[here])))
    return rows


def _placed(record: Record, j: int) -> tuple[Floats, Ints, Ints, Ints]:
    """Of both passes where it is known: score, place, dialogue and pass."""
    score = np.concatenate([record.overall_of(one, j) for one in (FIRST, SECOND)])
    place = np.concatenate([record.places[one, :, j] for one in (FIRST, SECOND)])
    dialogue = np.tile(record.dialogue, 2)
    passes = np.repeat([FIRST, SECOND], len(record.dialogue))
    known = ~np.isnan(score) & (place >= 0)
    return score[known], place[known].astype(np.int64), dialogue[known], passes[known]


def centred(score: Floats, group: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores less the mean of their group, for groups of more than one; and which those are."""
    if not len(score):
        return score, np.zeros(0, bool)
    sizes = np.bincount(group)
    means = np.bincount(group, score) / np.maximum(sizes, 1)
    several = sizes[group] > 1
    return (score - means[group])[several], several


def pairwise(record: Record) -> list[PairwiseOfJudge]:
    """Of the judges that compared candidates two by two."""
    judges = sorted(set(record.compared.judge.tolist()))
    return [_pairwise(record, j) for j in judges]


def _pairwise(record: Record, j: int) -> PairwiseOfJudge:
    said = record.compared
    mine = said.judge == j
    dialogue, named, first = said.dialogue[mine], said.named[mine], said.first[mine]
    answers = np.repeat(dialogue, named)
    # Of a pair's answers the first-shown ones first: which is which does not matter to a share.
    number = np.arange(len(answers)) - np.repeat(np.cumsum(named) - named, named)
    won = number < np.repeat(first, named)
    return PairwiseOfJudge(
        record.judges[j].name,
        flipped=share(said.flipped[mine], dialogue),
        tied=share(said.tied[mine], dialogue),
        first=share(won, answers) if len(answers) else undefined("not kept for these"),
    )
