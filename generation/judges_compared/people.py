"""Judges and people: does a higher score mean that people accept?"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.judges_compared import formulas
from generation.judges_compared.record import Judge, Record
from review.agreement.estimates import (
    Clusters,
    Estimate,
    Flags,
    Floats,
    Ints,
    estimated,
    share,
    undefined,
)
from review.agreement.formulas import kappa

# A judge's mean over its criteria, and the name of the whole panel.
OVERALL = "overall"
PANEL = "panel"
LOWEST, HIGHEST, BAND = 1.0, 5.0, 0.5
BANDS = int((HIGHEST - LOWEST) / BAND)


@dataclass(frozen=True)
class Band:
    """Candidates with a score from `low` to below `high`, the last band with its upper end."""

    low: float
    high: float
    accepted: Estimate


@dataclass(frozen=True)
class Acceptance:
    judge: str
    bands: list[Band]


@dataclass(frozen=True)
class Row:
    """A figure on one criterion, `OVERALL` for all of them together."""

    criterion: str
    figure: Estimate


@dataclass(frozen=True)
class OfJudge:
    judge: str
    rows: list[Row] = field(default_factory=list)


class People:
    """What people decided, beside what judges had said: by decision and candidate."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._candidate = record.verdicts.candidate
        self._accepted = record.verdicts.accepted
        self._dialogue = record.dialogue[self._candidate]

    def acceptance(self) -> list[Acceptance]:
        """By the panel's score, then by each judge's."""
        of_judges = [
            Acceptance(judge.name, self._bands(self._record.overall[:, j]))
            for j, judge in self._scoring()
        ]
        return [Acceptance(PANEL, self._bands(self._record.panel)), *of_judges]

    def ranking(self) -> list[OfJudge]:
        """The AUC of the panel, of each judge, and of each judge on each criterion."""
        panel = OfJudge(PANEL, [Row(OVERALL, self._ranking(self._record.panel))])
        return [panel, *(self._ranking_of(j) for j, _ in self._scoring())]

    def passing(self) -> list[OfJudge]:
        """Kappa of accepted against passed: by the rubric's pass mark on each criterion, and on
        all that count."""
        return [self._passing_of(j) for j, _ in self._scoring()]

    def scored(self) -> dict[str, Floats]:
        """By decision and candidate the score of the panel and of each judge, NaN for none."""
        of_judges = {
            judge.name: self._record.overall[self._candidate, j] for j, judge in self._scoring()
        }
        return {PANEL: self._record.panel[self._candidate], **of_judges}

    def passed(self) -> dict[str, Floats]:
        """The same of passing on all criteria that count: 1 where a judge passes it, else 0."""
        return {judge.name: self._passed_overall(self._passed(j)) for j, judge in self._scoring()}

    def _scoring(self) -> list[tuple[int, Judge]]:
        return [(j, self._record.judges[j]) for j in self._record.scoring()]

    def _bands(self, score: Floats) -> list[Band]:
        mine = score[self._candidate]
        known = ~np.isnan(mine)
        band = np.clip(np.floor((mine[known] - LOWEST) / BAND), 0, BANDS - 1)
        return [
            Band(LOWEST + BAND * b, LOWEST + BAND * (b + 1), self._share(known, band == b))
            for b in range(BANDS)
            if (band == b).any()
        ]

    def _share(self, known: Flags, within: Flags) -> Estimate:
        return share(self._accepted[known][within], self._dialogue[known][within])

    def _ranking_of(self, j: int) -> OfJudge:
        record = self._record
        overall = Row(OVERALL, self._ranking(record.overall[:, j]))
        rows = [
            Row(criterion, self._ranking(record.score(j, k)))
            for k, criterion in enumerate(record.criteria)
            if record.scores[:, :, j, k].any()
        ]
        return OfJudge(record.judges[j].name, [overall, *rows])

    def _ranking(self, score: Floats) -> Estimate:
        return ranking(score[self._candidate], self._accepted, self._dialogue)

    def _passing_of(self, j: int) -> OfJudge:
        record, passed = self._record, self._passed(j)
        rows = [Row(record.criteria[k], self._agreement(values)) for k, values in passed.items()]
        if len(self._counted(passed)) > 1:
            rows = [Row(OVERALL, self._agreement(self._passed_overall(passed))), *rows]
        return OfJudge(record.judges[j].name, rows)

    def _passed_overall(self, passed: dict[int, Floats]) -> Floats:
        counted = self._counted(passed)
        return _all_passed(counted) if counted else np.full(len(self._candidate), np.nan)

    def _counted(self, passed: dict[int, Floats]) -> list[Floats]:
        return [values for k, values in passed.items() if self._record.marks.weights[k]]

    def _passed(self, j: int) -> dict[int, Floats]:
        """By criterion 1 where the judge's score reaches the mark, 0 where not, NaN for none."""
        record = self._record
        passed = {}
        for k, mark in enumerate(record.marks.pass_marks):
            score = record.score(j, k)[self._candidate]
            if not np.isnan(mark) and record.scores[:, :, j, k].any():
                passed[k] = np.where(np.isnan(score), np.nan, score >= mark)
        return passed

    def _agreement(self, passed: Floats) -> Estimate:
        return passing_of(passed, self._accepted, self._dialogue)


def _all_passed(passed: list[Floats]) -> Floats:
    """1 where every known one is passed."""
    table = np.array(passed)
    known = ~np.isnan(table)
    return np.where(known.any(axis=0), (~known | (table > 0)).all(axis=0), np.nan)


def ranking(score: Floats, accepted: Flags, dialogue: Ints) -> Estimate:
    """The AUC of scores, compared in hundredths, for accepted against not."""
    known = ~np.isnan(score)
    accepted, dialogue = accepted[known], dialogue[known]
    values, cell = np.unique(np.round(score[known], 2), return_inverse=True)
    clusters = Clusters(dialogue)
    if words := _why_no_ranking(accepted, values):
        return undefined(words, n=len(accepted), dialogues=clusters.dialogues)
    tables = clusters.tables(cell * 2 + accepted, len(values) * 2)
    return estimated(
        tables.reshape(-1, len(values), 2), formulas.auc, n=len(accepted), clusters=clusters
    )


def _why_no_ranking(accepted: Flags, values: NDArray[Any]) -> str:
    if not len(accepted):
        return "no score of a candidate that people decided on"
    if accepted.all() or not accepted.any():
        return _all_or_none(accepted)
    return "every score is the same" if len(values) == 1 else ""


def _all_or_none(accepted: Flags) -> str:
    return "people accepted every one" if accepted.all() else "people accepted none"


def passing(passed: Flags, accepted: Flags, dialogue: Ints) -> Estimate:
    """Cohen's kappa between passed and accepted."""
    clusters = Clusters(dialogue)
    if words := _why_no_agreement(passed, accepted):
        return undefined(words, n=len(passed), dialogues=clusters.dialogues)
    tables = clusters.tables(passed * 2 + accepted, 4).reshape(-1, 2, 2)
    return estimated(
        tables,
        lambda counts: kappa(counts, quadratic=False),
        n=len(passed),
        clusters=clusters,
    )


def passing_of(passed: Floats, accepted: Flags, dialogue: Ints) -> Estimate:
    """The same of 1 for passed and 0 for not; NaN, for not known, is left out."""
    known = ~np.isnan(passed)
    return passing(passed[known] > 0, accepted[known], dialogue[known])


def _why_no_agreement(passed: Flags, accepted: Flags) -> str:
    if not len(passed):
        return "no score of a candidate that people decided on"
    if accepted.all() or not accepted.any():
        return _all_or_none(accepted)
    if passed.all() or not passed.any():
        return "it passes every one" if passed.all() else "it passes none"
    return ""
