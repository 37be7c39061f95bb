"""Judges with each other and with people, in parts of a dataset: where is a judge to be trusted?

A dialogue is in one slice of a dimension; a candidate that several rewriters wrote counts for each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.judges_compared.agreement import alpha
from generation.judges_compared.people import People, Row, passing_of, ranking
from generation.judges_compared.record import FIRST, Record
from review.agreement.estimates import Estimate, Flags, Ints
from review.calibration import slices
from review.calibration.report import REWRITER

# Of a dimension with more slices than these the largest are told of, and the rest together.
MOST_SLICES = 10
# From so many decisions without sight of the scores on, these alone count.
ENOUGH_UNSEEN = 30


@dataclass(frozen=True)
class Figure:
    judge: str
    figure: Estimate


@dataclass(frozen=True)
class BesidePeople:
    """Of so many `decisions` some were made without sight of the scores (`unseen`). Where these are
    enough, all figures are from them (`unseen_alone`)."""

    decisions: int
    unseen: int
    unseen_alone: bool
    ranking: list[Figure]
    passing: list[Figure]


@dataclass(frozen=True)
class Slice:
    """`together` counts the slices that are taken as one; 0 of a single one, which has a name.
    Dialogues and candidates are those with a score."""

    name: str
    together: int
    dialogues: int
    candidates: int
    alphas: list[Row]
    people: BesidePeople


@dataclass(frozen=True)
class Dimension:
    by: str
    slices: list[Slice]


def dimensions(record: Record) -> list[Dimension]:
    slicing = _Slicing(record)
    return [Dimension(by, list(slicing.slices(by))) for by in slices.DIMENSIONS]


@dataclass(frozen=True)
class _Members:
    """The candidates of a slice."""

    name: str
    together: int
    among: Flags


class _Slicing:
    def __init__(self, record: Record) -> None:
        people = People(record)
        self._record = record
        self._has_score = ~np.isnan(record.overall).all(axis=1)
        self._score, self._passed = people.scored(), people.passed()

    def slices(self, by: str) -> Iterator[Slice]:
        members = self._by_author() if by == REWRITER else self._by_dialogue(by)
        for slice in members:
            scored = slice.among & self._has_score
            yield Slice(
                slice.name,
                slice.together,
                len(np.unique(self._record.dialogue[scored])),
                int(scored.sum()),
                self._alphas(slice.among),
                self._beside_people(slice.among),
            )

    def _by_dialogue(self, by: str) -> Iterator[_Members]:
        partition = self._record.partitions[by]
        of = partition.of[self._record.dialogue]
        sizes = np.bincount(of[self._has_score], minlength=len(partition.names))
        shown, rest = _largest(by, partition.names, sizes)
        for number in shown:
            yield _Members(partition.names[number], 0, of == number)
        if rest:
            yield _Members("", len(rest), np.isin(of, rest))

    def _by_author(self) -> Iterator[_Members]:
        """By names: a rewriter of two families, such as under another model, is one."""
        wrote = [{author.name for author in authors} for authors in self._record.authorships]
        names = sorted({name for authors in wrote for name in authors})
        has: NDArray[np.bool_] = np.zeros((len(wrote), len(names)), bool)
        for number, authors in enumerate(wrote):
            has[number] = [name in authors for name in names]
        of = self._record.authorship
        scored = np.bincount(of[self._has_score], minlength=len(wrote))
        shown, rest = _largest(REWRITER, names, scored @ has)
        for number in shown:
            yield _Members(names[number], 0, has[of, number])
        if rest:
            yield _Members("", len(rest), (has[:, rest].sum(axis=1) > 0)[of])

    def _alphas(self, among: Flags) -> list[Row]:
        scores, dialogue = self._record.scores[FIRST, among], self._record.dialogue[among]
        return [
            Row(criterion, alpha(scores[:, :, k].astype(np.int64), dialogue))
            for k, criterion in enumerate(self._record.criteria)
            if self._record.scores[FIRST, :, :, k].any()
        ]

    def _beside_people(self, among: Flags) -> BesidePeople:
        said = self._record.verdicts
        chosen = among[said.candidate]
        decisions, unseen = (
            len(np.unique(said.decision[which])) for which in (chosen, chosen & said.unseen)
        )
        alone = unseen >= ENOUGH_UNSEEN
        if alone:
            chosen &= said.unseen
        accepted, dialogue = said.accepted[chosen], self._record.dialogue[said.candidate[chosen]]
        return BesidePeople(
            decisions,
            unseen,
            alone,
            [
                Figure(judge, ranking(score[chosen], accepted, dialogue))
                for judge, score in self._score.items()
            ],
            [
                Figure(judge, passing_of(passed[chosen], accepted, dialogue))
                for judge, passed in self._passed.items()
            ],
        )


def _largest(by: str, names: list[str], sizes: Ints) -> tuple[list[int], list[int]]:
    """The slices that are told of each, in order, and those of the rest; none without a score."""
    order = sorted(np.flatnonzero(sizes).tolist(), key=lambda n: (-sizes[n], names[n]))
    shown, rest = order[:MOST_SLICES], order[MOST_SLICES:]
    in_order = slices.in_order(by, [names[n] for n in shown])
    return sorted(shown, key=lambda n: in_order.index(names[n])), rest
