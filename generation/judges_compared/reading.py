"""Reads a dataset's scores and decisions into arrays, a few thousand dialogues at a time.

The database turns five scores into one row, so that six million scores come as a million rows.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from generation.judges_compared.deciding import Deciding
from generation.judges_compared.logs import Logging
from generation.judges_compared.pairs import Pairs
from generation.judges_compared.partitions import Partitioning
from generation.judges_compared.record import Author, Judge, Marks, Record
from generation.provenance import family_of_candidate
from review import rubrics
from review.models import Candidate, Comparison, Criterion, Dataset, Judgement

BATCH = 2000
MOST_JUDGES = 10
MOST_CRITERIA = 8
Row = tuple[Any, ...]


def read(dataset: Dataset) -> Record:
    """The record of a dataset as it stands."""
    return _Reading(dataset).all()


class _Reading:
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._criteria = _criteria(dataset)
        judges = _judges(dataset)
        self._judges, self._left_out = judges[:MOST_JUDGES], judges[MOST_JUDGES:]
        self._number = {judge.name: j for j, judge in enumerate(self._judges)}
        self._authorships: dict[tuple[Author, ...], int] = {}
        self._deciding = Deciding(dataset)
        self._pairs = Pairs(self._number)
        self._partitioning = Partitioning()
        self._logging = Logging(len(self._criteria))
        self._candidates: list[Row] = []
        most = Candidate.objects.proposed().filter(dialogue__dataset=dataset).count()
        shape = (2, most, len(self._judges))
        self._scores = np.zeros((*shape, len(self._criteria)), np.int8)
        self._places = np.full(shape, -1, np.int8)
        self._self_judged = np.zeros(shape[1:], bool)

    def all(self) -> Record:
        keys = list(self._partitioning.keys(self._dataset))
        for start in range(0, len(keys), BATCH):
            self._batch(keys[start : start + BATCH], start)
        return self._record()

    def _batch(self, keys: list[int], start: int) -> None:
        """Reads dialogues; `start` is the number of the first."""
        dialogues = {key: start + place for place, key in enumerate(keys)}
        candidates = self._read_candidates(keys, dialogues)
        self._read_scores(keys, candidates)
        self._deciding.read(keys, candidates)
        self._pairs.read(keys, dialogues)

    def _read_candidates(self, keys: list[int], dialogues: dict[int, int]) -> dict[int, int]:
        """The number of each candidate by its key."""
        rows = _within(Candidate.objects.proposed(), "dialogue", self._dataset, keys)
        numbers: dict[int, int] = {}
        # What came in after they were counted is left for the next time.
        room = self._scores.shape[1] - len(self._candidates)
        for pk, dialogue, panel, *written in rows.order_by("pk").values_list(*_CANDIDATE)[:room]:
            numbers[pk] = len(self._candidates)
            authors = self._authorships.setdefault(_authors(written), len(self._authorships))
            self._candidates.append((dialogues[dialogue], authors, panel))
        return numbers

    def _read_scores(self, keys: list[int], candidates: dict[int, int]) -> None:
        rows = [row for row in self._score_rows(keys) if row[0] in candidates]
        self._logging.take(
            [
                (candidates[pk], self._number[judge], model, prompt, day, *scores)
                for pk, judge, reversed, _, _, prompt, _, model, day, *scores in rows
                if day and not reversed
            ]
        )
        found: list[Row] = []
        for pk, judge, reversed, place, own, *scores in _last_said(rows):
            place = -1 if place is None else min(place, 127)
            found.append((candidates[pk], self._number[judge], reversed, place, own, *scores))
        if not found:
            return
        table = np.array(found, dtype=np.int64)
        where = (table[:, 2], table[:, 0], table[:, 1])
        self._scores[where] = table[:, 5:]
        self._places[where] = table[:, 3]
        self._self_judged[where[1:]] |= table[:, 4].astype(bool)

    def _score_rows(self, keys: list[int]) -> Iterator[Row]:
        """candidate, judge, reversed, place, self-judged, prompt, last key, model, day (None for an
        imported one), a score for each criterion (0 for none)."""
        rows = _within(Judgement.objects.all(), "candidate__dialogue", self._dataset, keys)
        pivot = {
            f"score_{k}": Coalesce(Max("score", filter=Q(criterion=criterion)), 0)
            for k, criterion in enumerate(self._criteria)
        }
        made = Max("created", filter=Q(imported=False))
        return (
            rows.filter(score__isnull=False, judge__in=self._number)
            .order_by()
            .values("candidate_id", "judge", "reversed", "prompt_hash")
            .annotate(place=Max("shown_position"), own=BoolOr("self_judged"), last=Max("pk"))
            .annotate(of_model=Max("model"), day=TruncDate(made), **pivot)
            .values_list(*_SCORES, *pivot)
            .iterator(chunk_size=20_000)
        )

    def _record(self) -> Record:
        held = len(self._candidates)
        columns = list(zip(*self._candidates, strict=True)) or [(), (), ()]
        return Record(
            judges=self._judges,
            criteria=self._criteria,
            marks=_marks(self._dataset, self._criteria),
            dialogue=np.array(columns[0], dtype=np.int64),
            authorship=np.array(columns[1], dtype=np.int64),
            panel=np.array(columns[2], dtype=np.float64),
            authorships=list(self._authorships),
            scores=self._scores[:, :held],
            places=self._places[:, :held],
            self_judged=self._self_judged[:held],
            verdicts=self._deciding.verdicts(),
            compared=self._pairs.compared(),
            partitions=self._partitioning.partitions(),
            log=self._logging.log(),
            left_out=[judge.name for judge in self._left_out],
        )


_CANDIDATE = ("pk", "dialogue_id", "panel_score", "author", "family", "model", "also_by")
_SCORES = (
    *("candidate_id", "judge", "reversed", "place", "own", "prompt_hash", "last"),
    *("of_model", "day"),
)


def _within(rows: QuerySet[Any], path: str, dataset: Dataset, keys: list[int]) -> QuerySet[Any]:
    """Rows of a dataset's dialogues from the first to the last of `keys`, which are in order."""
    return rows.filter(
        **{f"{path}__dataset": dataset, f"{path}__pk__range": (keys[0], keys[-1])},
    )


def _last_said(rows: Sequence[Row]) -> Iterator[Row]:
    """Of a judge that was asked under several prompts or rubrics the last one counts."""
    told: dict[tuple[int, str], tuple[int, str]] = {}
    for candidate, judge, _, _, _, prompt, last, *_ in rows:
        key = (candidate, judge)
        told[key] = max(told.get(key, (0, "")), (last, prompt))
    for candidate, judge, reversed, place, own, prompt, _, _, _, *scores in rows:
        if told[candidate, judge][1] == prompt:
            yield (candidate, judge, reversed, place, own, *scores)


def _authors(written: list[Any]) -> tuple[Author, ...]:
    """Everybody who wrote a candidate, of its author, family, model and the others' the same."""
    author, family, model, also_by = written
    everyone = [{"author": author, "family": family, "model": model}, *also_by]
    return tuple(
        Author(
            one.get("author", ""),
            family_of_candidate(one.get("family", ""), one.get("model", ""), one.get("author", "")),
        )
        for one in everyone
    )


def _scored(dataset: Dataset) -> QuerySet[Judgement]:
    return Judgement.objects.filter(candidate__dialogue__dataset=dataset, score__isnull=False)


def _judges(dataset: Dataset) -> list[Judge]:
    """Those with the most scores first, at the end those that compared pairs alone."""
    compared = Comparison.objects.filter(first__dialogue__dataset=dataset, unscored_reason="")
    rows = [*_counted(_scored(dataset)), *_counted(compared)]
    judges = {
        row["judge"]: Judge(
            row["judge"],
            family_of_candidate(row["of_family"], row["of_model"], row["judge"]),
            row["off"],
        )
        for row in rows
    }
    return list(judges.values())


def _counted(said: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    names = {"of_family": Max("family"), "of_model": Max("model"), "off": BoolOr("offline")}
    rows = said.order_by().values("judge").annotate(said=Count("pk"), **names)
    return rows.order_by("-said", "judge")


def _criteria(dataset: Dataset) -> list[str]:
    """The rubric's, then those that came with imported scores."""
    imported = _scored(dataset).filter(imported=True).order_by("criterion")
    others = imported.exclude(criterion__in=Criterion.values).values_list("criterion", flat=True)
    return [*Criterion.values, *others.distinct()][:MOST_CRITERIA]


def _marks(dataset: Dataset, criteria: list[str]) -> Marks:
    """A criterion that the rubric does not know has weight 1, as in a panel's score, and no pass
    mark."""
    rubric = rubrics.current(dataset)
    weights, marks = rubric.weights(), rubric.pass_marks()
    return Marks(
        np.array([weights.get(criterion, 1.0) for criterion in criteria]),
        np.array([marks.get(criterion, np.nan) for criterion in criteria], dtype=np.float64),
    )
