"""Judges and judges: do they give the same scores to the same candidates?

Of a judge that was asked in both orders its first pass counts: a score between two levels is
none of the five.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from generation.judges_compared.people import Row
from generation.judges_compared.record import FIRST, Record
from review.agreement import formulas
from review.agreement.estimates import Clusters, Estimate, Ints, estimated, undefined

LEVELS = 5


@dataclass(frozen=True)
class Pair:
    one: str
    other: str
    rows: list[Row]


def pairs(record: Record) -> list[Pair]:
    """Kappa of every two judges on every criterion that both scored."""
    found = []
    for i, j in combinations(range(len(record.judges)), 2):
        rows = [
            Row(criterion, _kappa(record, i, j, k))
            for k, criterion in enumerate(record.criteria)
            if (record.scores[FIRST, :, [i, j], k] > 0).any(axis=1).all()
        ]
        found.append(Pair(record.judges[i].name, record.judges[j].name, rows))
    return [pair for pair in found if pair.rows]


def alphas(record: Record) -> list[Row]:
    """Krippendorff's alpha of all judges on every criterion that was scored."""
    return [
        Row(criterion, alpha(record.scores[FIRST, :, :, k].astype(np.int64), record.dialogue))
        for k, criterion in enumerate(record.criteria)
        if record.scores[FIRST, :, :, k].any()
    ]


def _kappa(record: Record, i: int, j: int, k: int) -> Estimate:
    one, other = record.scores[FIRST, :, i, k], record.scores[FIRST, :, j, k]
    both = (one > 0) & (other > 0)
    names = (record.judges[i].name, record.judges[j].name)
    ones, others = one[both].astype(np.int64), other[both].astype(np.int64)
    return kappa(ones, others, record.dialogue[both], names)


def kappa(one: Ints, other: Ints, dialogue: Ints, names: tuple[str, str]) -> Estimate:
    """Cohen's kappa with quadratic weights of two judges' scores from 1 to 5."""
    clusters = Clusters(dialogue)
    if not len(one):
        return undefined("no candidate that both scored")
    for scores, name in zip((one, other), names, strict=True):
        if scores.min() == scores.max():
            words = f"{name} gives every one the same score"
            return undefined(words, n=len(one), dialogues=clusters.dialogues)
    tables = clusters.tables((one - 1) * LEVELS + other - 1, LEVELS**2)
    return estimated(
        tables.reshape(-1, LEVELS, LEVELS),
        lambda counts: formulas.kappa(counts, quadratic=True),
        n=len(one),
        clusters=clusters,
    )


def alpha(scores: Ints, dialogue: Ints) -> Estimate:
    """Krippendorff's ordinal alpha of scores (candidates, judges), 0 for none."""
    if (scores > 0).any(axis=0).sum() < 2:
        return undefined("only one judge")
    compared = (scores > 0).sum(axis=1) > 1
    scores, dialogue = scores[compared], dialogue[compared]
    clusters = Clusters(dialogue)
    if words := _why_no_alpha(scores):
        return undefined(words, n=len(scores), dialogues=clusters.dialogues)
    # Candidates with the same scores add the same: far fewer patterns than candidates.
    base = (scores.shape[1] + 1) ** np.arange(LEVELS)
    counts = np.array([(scores == level + 1).sum(axis=1) for level in range(LEVELS)])
    _, first, pattern = np.unique(base @ counts, return_index=True, return_inverse=True)
    added = formulas.coincidences(counts[:, first].T.astype(np.float64))
    tables = clusters.tables(pattern, len(first)) @ added.reshape(len(first), -1)
    return estimated(
        tables.reshape(-1, LEVELS, LEVELS),
        lambda counts: formulas.alpha(counts, ordered=True),
        n=len(scores),
        clusters=clusters,
    )


def _why_no_alpha(scores: Ints) -> str:
    if not len(scores):
        return "no candidate that two judges scored"
    given = scores[scores > 0]
    return "every score is the same" if given.min() == given.max() else ""
