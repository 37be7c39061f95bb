"""What waves are drawn from: the dialogues that wait, scored by the present judges and untouched.

Their figures are kept with the wave (`Frame`), so that an estimate needs nothing but what was drawn
and decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from review.agreement.estimates import Flags, Floats
from review.calibration.conditions import Conditions, Panel, panels_among, panels_of
from review.calibration.draws import Moments, word_of
from review.calibration.heard import heard_on
from review.calibration.sampling import selection
from review.calibration.slices import DIMENSIONS, slices_of
from review.models import (
    CandidateKind,
    Certificate,
    Certified,
    CertifiedUse,
    Dataset,
    Dialogue,
    Drawn,
    Stage,
)
from review.models.dialogues import DialogueQuerySet

BATCH = 5000
# Of panel scores, from 1 to 5.
BIN_EDGES = np.linspace(1, 5, 17)
# A dimension may have as many values as there are dialogues: so many of the largest are kept.
MOST_VALUES = 200
# Why a dialogue that waits is left out.
DRAWN, BEGUN, UNSCORED = "drawn", "begun", "unscored"
COVERED, OTHERS, ELSEWHERE = "covered", "others", "elsewhere"
# Of these the first that holds.
WHY_LEFT_OUT = (DRAWN, BEGUN, UNSCORED, COVERED)


@dataclass(frozen=True)
class Part:
    """The judges' word over some dialogues, and how many of them pass by the judges' marks."""

    word: Moments
    passing: int

    @classmethod
    def of(cls, scores: Floats, passes: Flags) -> Self:
        return cls(Moments.of(word_of(scores)), int(passes.sum()))

    def and_also(self, other: "Part") -> "Part":
        """Both together, which share no dialogue."""
        return Part(self.word.and_also(other.word), self.passing + other.passing)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(Moments.from_json(data["word"]), data["passing"])

    def as_json(self) -> dict[str, Any]:
        return {"word": self.word.as_json(), "passing": self.passing}


@dataclass(frozen=True)
class Frame:
    """All that a wave was drawn from, as it was at the draw.

    `slices` are the parts by dimension and value, `criteria` those by criterion (of the best by
    that criterion; a dialogue without such a score is in none). `bins` count panel scores between
    `BIN_EDGES`. `left_out` counts dialogues that wait and are not in it, by why. `drawn` is how
    many were drawn, `expected` how many on average.
    """

    overall: Part
    slices: dict[str, dict[str, Part]]
    criteria: dict[str, Part]
    bins: list[int]
    left_out: dict[str, int]
    drawn: int
    expected: float
    lowest: float
    highest: float

    @property
    def dialogues(self) -> int:
        return self.overall.word.n

    def as_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "overall": self.overall.as_json(),
            "slices": {
                dimension: {value: part.as_json() for value, part in parts.items()}
                for dimension, parts in self.slices.items()
            },
            "criteria": {key: part.as_json() for key, part in self.criteria.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        slices = {
            dimension: {value: Part.from_json(part) for value, part in parts.items()}
            for dimension, parts in data["slices"].items()
        }
        criteria = {key: Part.from_json(part) for key, part in data["criteria"].items()}
        plain = {name: data[name] for name in _PLAIN}
        return cls(Part.from_json(data["overall"]), slices, criteria, **plain)


_PLAIN = ("bins", "left_out", "drawn", "expected", "lowest", "highest")


@dataclass
class Waiting:
    """Dialogues of which a wave may be drawn: how far their judges differ, and how far the ranks of
    their candidates lie apart (None: not known). `left_out` as in `Frame`."""

    disagreements: list[float | None] = field(default_factory=list)
    spreads: list[float | None] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.disagreements)

    def informative(self) -> Floats:
        return selection.informative_of(
            np.array(self.disagreements, dtype=np.float64),
            np.array(self.spreads, dtype=np.float64),
        )

    def without_ranks(self) -> int:
        return self.spreads.count(None)


@dataclass
class Rows(Waiting):
    """The same with all else that is known of the dialogues of a frame, column by column."""

    keys: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    slices: list[dict[str, str]] = field(default_factory=list)

    def scores(self) -> Floats:
        return np.array([panel.score for panel in self.panels], dtype=np.float64)


def read(dataset: Dataset, now: Conditions, narrowed: dict[str, str]) -> Rows:
    """The frame of a wave that is drawn under the conditions of `now`, all of the dataset or the
    part it is `narrowed` to."""
    found = Rows(left_out=_left_out(dataset))
    asked: dict[tuple[Any, ...], bool] = {}
    others = elsewhere = 0
    for batch in _batches(dataset):
        panels = panels_of([row[0] for row in batch])
        for key, *told in batch:
            panel = panels.get(key)
            if panel is None or not _covers(now, panel, asked):
                others += 1
                continue
            slices = _slices(told, panel.rewriter)
            if not is_in(slices, narrowed):
                elsewhere += 1
                continue
            _add(found, key, told, panel, slices)
    found.left_out |= {OTHERS: others, ELSEWHERE: elsewhere}
    return found


def of_decided(
    dialogues: Sequence[int], offered: Mapping[int, Sequence[int]], now: Conditions
) -> Rows:
    """Dialogues that reviewers decided, in the order of `dialogues`, as if the candidates that they
    were `offered` were all: those that the present judges scored, of the present rewriters."""
    found = Rows()
    asked: dict[tuple[Any, ...], bool] = {}
    for start in range(0, len(dialogues), BATCH):
        keys = dialogues[start : start + BATCH]
        panels = panels_among([one for key in keys for one in offered.get(key, ())])
        rows = Dialogue.objects.filter(pk__in=keys).annotate(length=LENGTH).order_by("pk")
        for key, *told in rows.values_list(*_COLUMNS):
            panel = panels.get(key)
            if panel is not None and _covers(now, panel, asked):
                _add(found, key, told, panel, _slices(told, panel.rewriter))
    return found


def count(dataset: Dataset, most: int | None = None) -> int:
    """How many a frame has at most: whose judges they were is not looked at. Counting stops at
    `most`."""
    return _untouched(dataset)[:most].count()


def _batches(dataset: Dataset) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    rows = _untouched(dataset).annotate(length=LENGTH).order_by("pk")
    while batch := list(rows.filter(pk__gt=last).values_list(*_COLUMNS)[: 4 * BATCH]):
        yield batch
        last = batch[-1][0]


_COLUMNS = (
    *("pk", "external_id", "round", "disagreement", "rank_spread"),
    *("language", "length", "metadata__source", "imported_by__source"),
)
LENGTH = Func(F("turns"), function="jsonb_array_length", output_field=IntegerField())


def _untouched(dataset: Dataset) -> DialogueQuerySet:
    """Scored, handed to nobody at present, never drawn, and left to people."""
    scored = Dialogue.objects.filter(
        dataset=dataset, stage=Stage.JUDGED, places_taken=0, panel_score__isnull=False
    )
    return scored.filter(~_WAS_DRAWN, ~_covered(dataset))


_WAS_DRAWN = Q(Exists(Drawn.objects.filter(dialogue=OuterRef("pk"))))


def _covered(dataset: Dataset) -> Q:
    """By the certificate in force: applied already, or about to be. What an admin has put back
    since is for people."""
    certificate = Certificate.objects.in_force().filter(dataset=dataset).first()
    if certificate is None:
        return Q(pk__in=[])
    rows = Certified.objects.filter(dialogue=OuterRef("pk"), round=OuterRef("round"))
    applied = Q(Exists(rows.filter(certificate=certificate, put_back_at=None)))
    if dataset.certified_use == CertifiedUse.NOTHING:
        return applied
    put_back = Q(Exists(rows.filter(put_back_at__isnull=False)))
    return applied | (Q(panel_score__gte=certificate.covers_from) & ~put_back)


def _left_out(dataset: Dataset) -> dict[str, int]:
    """Of the dialogues that wait, each for the first reason that holds."""
    rows = awaiting(dataset).values_list("why").annotate(dialogues=Count("pk"))
    return dict.fromkeys(WHY_LEFT_OUT, 0) | {why: n for why, n in rows if why}


def awaiting(dataset: Dataset) -> QuerySet[Any]:
    """Dialogues that wait, in no order, with `why` each is left out: "" where it is not."""
    unscored = Q(panel_score=None) | ~Q(stage=Stage.JUDGED)
    why = Case(
        When(_WAS_DRAWN, then=Value(DRAWN)),
        When(places_taken__gt=0, then=Value(BEGUN)),
        When(unscored, then=Value(UNSCORED)),
        When(_covered(dataset), then=Value(COVERED)),
        default=Value(""),
        output_field=CharField(),
    )
    unsettled = Dialogue.objects.unresolved().filter(dataset=dataset)
    return unsettled.order_by().annotate(why=why)


def _covers(now: Conditions, panel: Panel, known: dict[tuple[Any, ...], bool]) -> bool:
    """Few panels differ in what is asked here."""
    asked = (panel.judges, panel.families, panel.authors)
    if asked not in known:
        known[asked] = now.covers(panel)
    return known[asked]


def is_in(slices: dict[str, str], narrowed: dict[str, str]) -> bool:
    return all(slices[dimension] == value for dimension, value in narrowed.items())


def _slices(told: Sequence[Any], rewriter: str) -> dict[str, str]:
    language, turns, source, imported_from = told[4:]
    return slices_of(
        language=language,
        turns=turns,
        metadata={"source": source},
        imported_from=imported_from or "",
        rewriter=rewriter,
    )


def _add(found: Rows, key: int, told: Sequence[Any], panel: Panel, slices: dict[str, str]) -> None:
    name, round, disagreement, spread = told[:4]
    found.keys.append(key)
    found.names.append(name)
    found.rounds.append(round)
    found.panels.append(panel)
    found.slices.append(slices)
    found.disagreements.append(disagreement)
    found.spreads.append(spread)


def parts_by_slice(rows: Rows) -> dict[str, dict[str, Part]]:
    scores, passes = rows.scores(), _passes(rows)
    found: dict[str, dict[str, Part]] = {}
    for dimension in DIMENSIONS:
        values = np.array([one[dimension] for one in rows.slices])
        names, number, many = np.unique(values, return_inverse=True, return_counts=True)
        largest = np.argsort(-many, kind="stable")[:MOST_VALUES]
        found[dimension] = {
            str(names[i]): Part.of(scores[number == i], passes[number == i]) for i in largest
        }
    return found


def overall(rows: Rows) -> Part:
    return Part.of(rows.scores(), _passes(rows))


def bins(rows: Rows) -> list[int]:
    return [int(n) for n in np.histogram(np.clip(rows.scores(), 1, 5), BIN_EDGES)[0]]


def _passes(rows: Rows) -> Flags:
    return np.array([bool(panel.passes) for panel in rows.panels], dtype=bool)


@dataclass
class Tops:
    """The best candidate of each dialogue by the panel's mean on each criterion: sums over all, and
    the candidates of those in `wanted`, {dialogue: {criterion: [candidate, mean]}}."""

    parts: dict[str, Part]
    wanted: dict[int, dict[str, list[float]]]


def tops_by_criterion(
    rows: Rows,
    wanted: set[int],
    marks: dict[str, int],
    offered: Mapping[int, Sequence[int]] | None = None,
) -> Tops:
    """`marks` are the pass marks of the criteria that are asked for; `wanted` keys of dialogues;
    `offered` all candidates that there are by dialogue, if not those that it has."""
    means: dict[str, list[float]] = {key: [] for key in marks}
    kept: dict[int, dict[str, list[float]]] = {key: {} for key in wanted}
    for start in range(0, len(rows.keys), BATCH):
        keys = rows.keys[start : start + BATCH]
        for dialogue, criterion, candidate, mean in _tops(keys, marks, offered):
            means[criterion].append(mean)
            if dialogue in kept:
                kept[dialogue][criterion] = [candidate, mean]
    parts = {
        key: Part.of(values, values >= marks[key])
        for key, found in means.items()
        if len(values := np.array(found, dtype=np.float64))
    }
    return Tops(parts, kept)


def _tops(
    keys: list[int], criteria: dict[str, int], offered: Mapping[int, Sequence[int]] | None
) -> list[tuple[int, str, int, float]]:
    within = "dialogue_id"
    if offered is not None:
        within, keys = "id", [one for key in keys for one in offered[key]]
    means = ", ".join([_MEAN] * len(criteria))
    heard = heard_on("ARRAY(SELECT id FROM candidates)", further=f"ARRAY[{means}]::float8[]")
    tops = _TOPS_BY_CRITERION.format(within=within, heard=heard)
    with connection.cursor() as cursor:
        cursor.execute(tops, [keys, CandidateKind.PERSON, *criteria, list(criteria)])
        return cursor.fetchall()


# A judge that was asked twice under the same prompt, in two orders, counts with its mean. The means
# of a judge on all criteria stay in one row until it is known who is heard: a row for each takes
# nearly twice as long.
_TOPS_BY_CRITERION = """
WITH candidates AS MATERIALIZED (
    SELECT id, dialogue_id, panel_score FROM review_candidate
    WHERE {within} = ANY(%s) AND kind <> %s
), {heard}, means AS (
    SELECT candidate_id, criterion, avg(mean) AS mean
    FROM heard, unnest(%s::text[], further) AS one (criterion, mean)
    WHERE mean IS NOT NULL
    GROUP BY candidate_id, criterion
)
SELECT DISTINCT ON (dialogue_id, criterion) dialogue_id, criterion, candidate_id, mean
FROM means JOIN candidates ON candidates.id = candidate_id
ORDER BY dialogue_id, criterion, mean DESC, panel_score DESC NULLS LAST, candidate_id
"""
_MEAN = "avg(score) FILTER (WHERE criterion = %s)"
