"""Judges over time: a model behind an endpoint may change without a word.

What is judged changes, too, so that scores of the last four weeks are compared with earlier ones on
candidates of the same kind: dialogues of one language, number of turns and source, rewrites by the
same authors. Differences within each kind are averaged by the kind's share of the recent scores
(direct standardization: Rothman, Greenland and Lash, Modern Epidemiology, 2008, chapter 3).
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from generation.judges_compared.formulas import standardized
from generation.judges_compared.orders import average
from generation.judges_compared.record import Log, Record, known_scores
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

RECENT_DAYS = 28
# On either side; fewer tell nothing of a judge.
FEWEST_DIALOGUES = 30
# Weeks that are told of each; those before are taken together.
MOST_WEEKS = 12
# Kinds with the most scores on both sides; more would add next to nothing.
MOST_KINDS = 100
HIGHEST = 5


@dataclass(frozen=True)
class Week:
    """What a judge under one model and prompt scored in the week that begins on `monday`, or
    before it (`earlier`): its mean, and the share of its scores that are the highest."""

    monday: str
    earlier: bool
    model: str
    prompt_hash: str
    mean: Estimate
    highest: Estimate


@dataclass(frozen=True)
class Shift:
    """By how many points recent scores lie above earlier ones on candidates of the same kind.
    `before` and `after` are the means that it is the difference of. `changed` names what changed
    between: nothing where both are by the same model and prompt."""

    figure: Estimate
    before: float | None
    after: float | None
    changed: list[str]


@dataclass(frozen=True)
class DriftOfJudge:
    judge: str
    shift: Shift
    weeks: list[Week]


def drift(record: Record) -> list[DriftOfJudge]:
    """Of the judges that scored here."""
    found = ((judge.name, _scored(record, j)) for j, judge in enumerate(record.judges))
    return [_of_judge(name, scored, record.log) for name, scored in found if len(scored.mean)]


@dataclass(frozen=True)
class _Scored:
    """Entries of the log that are one judge's and have an overall score (`mean`)."""

    version: NDArray[np.int32]
    day: NDArray[np.int32]
    mean: Floats
    scores: NDArray[np.int8]
    dialogue: Ints
    kind: Ints

    def where(self, chosen: Flags) -> "_Scored":
        return _Scored(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def _scored(record: Record, j: int) -> _Scored:
    log, mine = record.log, record.log.judge == j
    scores, candidate = log.scores[mine], log.candidate[mine]
    mean = record.weighted(list(known_scores(scores).T))
    dialogue, kind = record.dialogue[candidate], _kinds(record, candidate)
    every = _Scored(log.version[mine], log.day[mine], mean, scores, dialogue, kind)
    return every.where(~np.isnan(mean))


def _kinds(record: Record, candidate: NDArray[np.int32]) -> Ints:
    """What is comparable has one number."""
    dialogue, kind = record.dialogue[candidate], record.authorship[candidate]
    for partition in record.partitions.values():
        kind = kind * max(len(partition.names), 1) + partition.of[dialogue]
    return np.unique(kind, return_inverse=True)[1]


def _of_judge(name: str, scored: _Scored, log: Log) -> DriftOfJudge:
    return DriftOfJudge(name, _shift(scored, log), _weeks(scored, log))


def _weeks(scored: _Scored, log: Log) -> list[Week]:
    """The newest first."""
    monday = scored.day - (scored.day - 1) % 7
    told = np.unique(monday)[-MOST_WEEKS:]
    told_from = int(told[0])
    week = np.where(monday < told_from, 0, monday)
    found = []
    for day, version in np.unique(np.stack([week, scored.version]), axis=1).T[::-1].tolist():
        here = scored.where((week == day) & (scored.version == version))
        found.append(
            Week(
                date.fromordinal(day or told_from).isoformat(),
                not day,
                log.versions[version].model,
                log.versions[version].prompt_hash,
                average(here.mean, here.dialogue),
                _highest(here),
            )
        )
    return found


def _highest(scored: _Scored) -> Estimate:
    given = scored.scores[scored.scores > 0]
    return share(given == HIGHEST, np.repeat(scored.dialogue, (scored.scores > 0).sum(axis=1)))


def _shift(scored: _Scored, log: Log) -> Shift:
    """By the present model and prompt where these scored enough before, else by all."""
    recent = scored.day > log.today - RECENT_DAYS
    last = scored.version[scored.day == scored.day.max()]
    same = scored.version == np.bincount(last).argmax()
    if _dialogues(scored, same & ~recent) >= FEWEST_DIALOGUES:
        return _compared(scored.where(same), recent[same], [])
    return _compared(scored, recent, _changes(scored, recent, log))


def _changes(scored: _Scored, recent: Flags, log: Log) -> list[str]:
    before, after = (
        [log.versions[version] for version in np.unique(scored.version[side])]
        for side in (~recent, recent)
    )
    if not before or not after:
        return []
    models = {version.model for version in before} != {version.model for version in after}
    prompts = {v.prompt_hash for v in before} != {v.prompt_hash for v in after}
    return ["model"] * models + ["prompt"] * prompts


def _compared(scored: _Scored, recent: Flags, changed: list[str]) -> Shift:
    kinds = _kinds_on_both_sides(scored, recent)
    chosen = np.isin(scored.kind, kinds)
    if words := _why_no_shift(scored, recent, chosen):
        n, dialogues = int(chosen.sum()), _dialogues(scored, chosen)
        return Shift(undefined(words, n=n, dialogues=dialogues), None, None, [])
    among, recent = scored.where(chosen), recent[chosen]
    clusters = Clusters(among.dialogue)
    cell = np.searchsorted(kinds, among.kind) * 2 + recent
    tables = np.stack(
        [clusters.tables(cell, 2 * len(kinds), w) for w in (None, among.mean)], axis=-1
    ).reshape(-1, len(kinds), 2, 2)
    before, after = (float(side[0]) for side in standardized(tables.sum(axis=0, keepdims=True)))
    figure = estimated(tables, _apart, n=len(recent), clusters=clusters)
    return Shift(figure, before, after, changed)


def _kinds_on_both_sides(scored: _Scored, recent: Flags) -> Ints:
    kinds = int(scored.kind.max()) + 1
    sides = [np.bincount(scored.kind[side], minlength=kinds) for side in (recent, ~recent)]
    fewer = np.minimum(*sides)
    return np.sort(np.argsort(-fewer, kind="stable")[: min(MOST_KINDS, np.count_nonzero(fewer))])


def _why_no_shift(scored: _Scored, recent: Flags, chosen: Flags) -> str:
    if not recent.any():
        return "it scored nothing in the last four weeks"
    if recent.all():
        return "it scored nothing before the last four weeks"
    fewest = min(_dialogues(scored, chosen & side) for side in (recent, ~recent))
    if fewest < FEWEST_DIALOGUES:
        return (
            f"only {fewest} comparable dialogues on one side, where {FEWEST_DIALOGUES} are needed"
        )
    return ""


def _dialogues(scored: _Scored, among: Flags) -> int:
    return len(np.unique(scored.dialogue[among]))


def _apart(tables: Floats) -> Floats:
    before, after = standardized(tables)
    return after - before
