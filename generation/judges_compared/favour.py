"""Judges and rewriters: does a judge score its own model family's rewrites too well?"""

from dataclasses import dataclass

import numpy as np

from generation.judges_compared import formulas
from generation.judges_compared.orders import average
from generation.judges_compared.record import Author, Record
from review.agreement.estimates import (
    Clusters,
    Estimate,
    Flags,
    Floats,
    estimated,
    undefined,
)

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
    what other judges say of the same candidates, than it does others' candidates; and how many
    of either it scored that another judge scored, too."""

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
    families = sorted((judging & writing) - {""})
    if not families:
        return []
    model = _Model(record, families)
    return [model.favour(f) for f in range(len(families))]


class _Model:
    """A score is what its candidate merits, and how lenient its judge is, and for a candidate of
    the judge's own family how much that family favours its own.

    A linear model with an effect for each candidate and judge, by least squares: what candidates
    merit falls out once scores are taken less their candidate's mean. So favour is a difference
    in differences, after Spiliopoulou and others, Play Favorites (arXiv 2508.06709), with other
    judges in the place of people as the measure of a candidate; and which judges a candidate had
    makes no difference. Candidates with the same judges and writing families are one *pattern*.
    """

    def __init__(self, record: Record, families: list[str]) -> None:
        self._record, self._families = record, families
        self._of_family = np.array([[j.family == f for f in families] for j in record.judges])
        several = (~np.isnan(record.overall)).sum(axis=1) > 1
        self._wrote = np.stack([_wrote(record, f) for f in families], axis=1)[several]
        self._overall = record.overall[several]
        self._scored = ~np.isnan(self._overall)
        self._clusters = Clusters(record.dialogue[several])
        self._tables = self._equations() if several.any() else np.zeros((0, 1, 2))

    def favour(self, f: int) -> Favour:
        mine = (self._scored & self._of_family[:, f]).any(axis=1)
        own = int((mine & self._wrote[:, f]).sum())
        others = int(mine.sum()) - own
        return Favour(
            self._families[f],
            [judge.name for judge in self._record.judges if judge.family == self._families[f]],
            self._estimate(len(self._record.judges) + f, own, others),
            own,
            others,
        )

    def _estimate(self, column: int, own: int, others: int) -> Estimate:
        n, dialogues = own + others, self._clusters.dialogues
        if words := self._why_none(own):
            return undefined(words, n=n, dialogues=dialogues)
        if np.isnan(formulas.effect(self._tables.sum(axis=0), column)):
            words = "it cannot be told from that of other families; add a rewriter of another one"
            return undefined(words, n=n, dialogues=dialogues)
        return estimated(
            self._tables,
            lambda tables: formulas.effect(tables, column),
            n=n,
            clusters=self._clusters,
        )

    def _why_none(self, own: int) -> str:
        if len(self._record.scoring()) < 2:
            return "only one judge"
        return "" if own else "nothing of its own family that another judge scored, too"

    def _equations(self) -> Floats:
        """The normal equations of each group: (groups, effects, effects + 1)."""
        seen = np.concatenate([self._scored, self._wrote], axis=1)
        key = seen @ (1 << np.arange(seen.shape[1]))
        _, first, pattern = np.unique(key, return_index=True, return_inverse=True)
        design = self._design(self._scored[first], self._wrote[first])
        effects = design.shape[-1]
        squares = np.einsum("pja,pjb->pab", design, design).reshape(len(first), -1)
        left = self._clusters.tables(pattern, len(first)) @ squares
        sums = np.stack(
            [self._clusters.tables(pattern, len(first), np.nan_to_num(y)) for y in self._overall.T],
            axis=-1,
        )
        right = np.einsum("gpj,pja->ga", sums, design)
        return np.concatenate([left.reshape(-1, effects, effects), right[..., None]], axis=-1)

    def _design(self, scored: Flags, wrote: Flags) -> Floats:
        """Of each pattern which effects are in each judge's score, less their mean over its
        judges: (patterns, judges, judges + families)."""
        judges = np.broadcast_to(np.eye(scored.shape[1]), (len(scored), *(scored.shape[1],) * 2))
        own = self._of_family[None] & wrote[:, None, :]
        design = np.concatenate([judges, own], axis=-1) * scored[..., None]
        mean = design.sum(axis=1, keepdims=True) / scored.sum(axis=1)[:, None, None]
        return (design - mean) * scored[..., None]


def _wrote(record: Record, family: str) -> Flags:
    by = np.array(
        [any(author.family == family for author in authors) for authors in record.authorships],
        dtype=bool,
    )
    return by[record.authorship]
