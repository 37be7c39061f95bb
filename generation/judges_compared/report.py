"""All figures on a dataset's judges, as stored for the page."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from generation.judges_compared import agreement, by_slice, drift, favour, levels, orders
from generation.judges_compared.people import Acceptance, OfJudge, People, Row
from generation.judges_compared.record import Record
from review.agreement.estimates import Ints

# Grows when the stored form changes; a report of another form is computed again.
FORM = 2


@dataclass(frozen=True)
class JudgeLine:
    """A judge and on how many candidates it gave a score."""

    name: str
    family: str
    offline: bool
    candidates: int


@dataclass(frozen=True)
class Decided:
    """What the figures on people rest on. `unseen` were made without sight of the scores. `missing`
    counts decisions that say nothing of the candidates: of the dialogue itself, skipped, or asking
    for more."""

    decisions: int
    dialogues: int
    candidates: int
    accepted: int
    saw_scores: int
    unseen: int
    missing: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    judges: list[JudgeLine]
    left_out: list[str]
    criteria: list[str]
    # Those with a scored candidate.
    dialogues: int
    decided: Decided
    acceptance: list[Acceptance]
    ranking: list[OfJudge]
    passing: list[OfJudge]
    alphas: list[Row]
    pairs: list[agreement.Pair]
    flips: list[orders.FlipsOfJudge]
    places: list[orders.PlacesOfJudge]
    pairwise: list[orders.PairwiseOfJudge]
    matrix: list[favour.AuthorRow]
    favours: list[favour.Favour]
    dimensions: list[by_slice.Dimension]
    levels: list[levels.LevelsOfJudge]
    drift: list[drift.DriftOfJudge]

    def as_json(self) -> dict[str, Any]:
        return {"form": FORM, **asdict(self)}


def reckon(record: Record) -> Report:
    people = People(record)
    return Report(
        judges=[_line(record, j) for j in record.scoring()],
        left_out=record.left_out,
        criteria=record.criteria,
        dialogues=_distinct(record.dialogue[~np.isnan(record.overall).all(axis=1)]),
        decided=_decided(record),
        acceptance=people.acceptance(),
        ranking=people.ranking(),
        passing=people.passing(),
        alphas=agreement.alphas(record),
        pairs=agreement.pairs(record),
        flips=orders.flips(record),
        places=orders.places(record),
        pairwise=orders.pairwise(record),
        matrix=favour.matrix(record),
        favours=favour.favours(record),
        dimensions=by_slice.dimensions(record),
        levels=levels.levels(record),
        drift=drift.drift(record),
    )


def _line(record: Record, j: int) -> JudgeLine:
    judge = record.judges[j]
    candidates = int((~np.isnan(record.overall[:, j])).sum())
    return JudgeLine(judge.name, judge.family, judge.offline, candidates)


def _decided(record: Record) -> Decided:
    said = record.verdicts
    return Decided(
        decisions=said.decisions,
        dialogues=_distinct(record.dialogue[said.candidate]),
        candidates=_distinct(said.candidate),
        accepted=int(said.accepted.sum()),
        saw_scores=said.saw_scores,
        unseen=_distinct(said.decision[said.unseen]),
        missing=said.missing,
    )


def _distinct(numbers: Ints) -> int:
    return len(np.unique(numbers))
