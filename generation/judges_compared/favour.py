"""Judges and rewriters: does a judge score its own model family's rewrites too well?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.judges_compared import formulas
from generation.judges_compared.estimates import (
    Clusters,
    Estimate,
    Floats,
    Ints,
    estimated,
    undefined,
)
from generation.judges_compared.orders import average
from generation.judges_compared.record import Author, Record

# Authors with the fewest candidates find no room.
MOST_AUTHORS = 12


@dataclass(frozen=True)
class Cell:
    """What one judge gives to one author: the mean, the same in the judge's own standard
    deviations from its own mean, and how many of these scores were marked as self-judged."""

    mean: Estimate
    standard: float | None
    own: bool
    self_judged: int


@dataclass(frozen=True)
class AuthorRow:
    author: str
    family: str
    cells: list[Cell]


@dataclass(frozen=True)
class Favour:
    """By how many points a family of judges scores its own family's candidates higher, beside
    what other judges say of the same candidates, than it does others' candidates."""

    family: str
    judges: list[str]
    figure: Estimate
    own: int
    others: int


def matrix(record: Record) -> list[AuthorRow]:
    """Authors by judges, those of one family together; what several wrote counts for each."""
    rows = sorted(_frequent(record), key=lambda author: (author.family, author.name))
    standard = _standardized(record.overall)
    return [
        AuthorRow(
            author.name,
            author.family,
            [_cell(record, standard, author, j) for j in record.scoring()],
        )
        for author in rows
    ]


def _frequent(record: Record) -> list[Author]:
    """The authors with the most scored candidates."""
    scored = ~np.isnan(record.overall).all(axis=1)
    counts = np.bincount(record.authorship[scored], minlength=len(record.authorships))
    numbers: dict[Author, int] = {}
    for authors, count in zip(record.authorships, counts, strict=True):
        for author in set(authors) if count else ():
            numbers[author] = numbers.get(author, 0) + int(count)
    return sorted(numbers, key=lambda author: (-numbers[author], author))[:MOST_AUTHORS]


def _standardized(overall: Floats) -> Floats:
    """Each judge's scores in its own standard deviations; NaN where it has only one score."""
    standard = np.full_like(overall, np.nan)
    for j, scores in enumerate(overall.T):
        known = scores[~np.isnan(scores)]
        if len(known) and known.std() > 0:
            standard[:, j] = (scores - known.mean()) / known.std()
    return standard


def _cell(record: Record, standard: Floats, author: Author, j: int) -> Cell:
    wrote = np.array([author in authors for authors in record.authorships], bool)
    scores = record.overall[:, j]
    here = wrote[record.authorship] & ~np.isnan(scores)
    means = standard[here, j]
    family = record.judges[j].family
    return Cell(
        mean=average(scores[here], record.dialogue[here]),
        standard=float(means.mean()) if len(means) and not np.isnan(means).any() else None,
        own=bool(family) and family == author.family,
        self_judged=int(record.self_judged[here, j].sum()),
    )


def favours(record: Record) -> list[Favour]:
    """Of each family that has a judge and wrote candidates."""
    judging = {record.judges[j].family for j in record.scoring()}
    writing = {author.family for authors in record.authorships for author in authors}
    return [_favour(record, family) for family in sorted((judging & writing) - {""})]


def _favour(record: Record, family: str) -> Favour:
    own, gap = _gaps(record, family)
    known = ~np.isnan(gap)
    counts = (int(own[known].sum()), int((~own)[known].sum()))
    return Favour(
        family,
        [judge.name for judge in record.judges if judge.family == family],
        favour(gap[known], own[known], record.dialogue[known], words=_why_none(record, *counts)),
        *counts,
    )


def _gaps(record: Record, family: str) -> tuple[NDArray[np.bool_], Floats]:
    """By candidate: whether the family wrote it, and how far its judges lie above the others.

    A judge that wrote a candidate is no measure of it, whoever else did.
    """
    families = np.array([judge.family for judge in record.judges])
    wrote = {name: _wrote(record, name) for name in set(families.tolist())}
    written = np.array([wrote[name] for name in families]).T
    mine, others = families == family, (families != family) & ~written
    ours = _mean(record.overall, np.broadcast_to(mine, record.overall.shape))
    return wrote[family], ours - _mean(record.overall, others)


def _wrote(record: Record, family: str) -> NDArray[np.bool_]:
    by = np.array(
        [any(author.family == family for author in authors) for authors in record.authorships],
        dtype=bool,
    )
    return by[record.authorship]


def _mean(scores: Floats, which: NDArray[np.bool_]) -> Floats:
    known = which & ~np.isnan(scores)
    number = known.sum(axis=1)
    total = np.where(known, scores, 0).sum(axis=1)
    return np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0)


def _why_none(record: Record, own: int, others: int) -> str:
    if len(record.judges) < 2:
        return "only one judge"
    if not own:
        return "nothing of its own family that another family's judge scored, too"
    return "" if others else "nothing of other families that another judge scored, too"


def favour(gap: Floats, own: NDArray[np.bool_], dialogue: Ints, *, words: str) -> Estimate:
    """The difference of two mean gaps to other judges: of its own family's candidates less of
    others'.

    How strict a judge is and how good the candidates are fall out, a difference in differences:
    after Spiliopoulou and others, Play Favorites (arXiv 2508.06709), with other judges in the
    place of people as the measure of a candidate.
    """
    clusters = Clusters(dialogue)
    if words:
        return undefined(words, n=len(gap), dialogues=clusters.dialogues)
    cell = own.astype(np.int64)
    tables = np.stack([clusters.tables(cell, 2, weight) for weight in (None, gap)], axis=-1)
    return estimated(tables, formulas.difference, n=len(gap), clusters=clusters)
