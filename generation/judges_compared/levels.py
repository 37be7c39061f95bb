"""Which of the five levels judges use: one that always gives the same tells nothing."""

from dataclasses import dataclass

import numpy as np

from generation.judges_compared.agreement import LEVELS
from generation.judges_compared.record import FIRST, Record


@dataclass(frozen=True)
class Given:
    """How often a criterion was given 1, 2, ... 5 points."""

    criterion: str
    counts: list[int]


@dataclass(frozen=True)
class LevelsOfJudge:
    judge: str
    rows: list[Given]


def levels(record: Record) -> list[LevelsOfJudge]:
    """At the first pass: every score is one of the five."""
    found = [LevelsOfJudge(judge.name, _rows(record, j)) for j, judge in enumerate(record.judges)]
    return [one for one in found if one.rows]


def _rows(record: Record, j: int) -> list[Given]:
    counts = [
        np.bincount(record.scores[FIRST, :, j, k], minlength=LEVELS + 1)[1:]
        for k in range(len(record.criteria))
    ]
    return [
        Given(criterion, given.tolist())
        for criterion, given in zip(record.criteria, counts, strict=True)
        if given.any()
    ]
