"""Reads what people decided of dialogues, and which decisions do not count, and why.

A decision counts where its reviewer saw the candidates without scores, at a place that was drawn or
is blind by lot, in the round that was drawn, while the panel's best was the same as now, and where
it was made after the present judges first scored: earlier ones may have served to tune them.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import Case, DateField, F, IntegerField, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncWeek
from numpy.typing import NDArray

from review.agreement.estimates import Flags, Ints
from review.agreement.reading import CHUNK, said
from review.calibration.estimating.record import NONE, Words
from review.models import Arm, Dataset, Decision, User

# Why a decision does not count.
ADJUDICATED = "made by adjudicators"
IN_SIGHT = "made with scores in sight"
ANOTHER_ROUND = "made in another round"
ANOTHER_TOP = "made where the panel's best candidate is another now"
_COLUMNS = {
    "pk": "int64",
    "dialogue_id": "int64",
    "reviewer_id": "int64",
    "round": "int64",
    "chosen": "int64",
    "adjudication": "bool",
    "in_sight": "bool",
    "drawn": "bool",
    "blind": "bool",
    "blind_share": "float64",
    "monday": "datetime64[D]",
    "created": "datetime64[us]",
}


@dataclass(frozen=True)
class Decided:
    """Decisions by column; `offered` are the candidates that their reviewers saw, as pairs of a
    decision's number and a candidate's key, and `also` those they accepted beside `chosen`.

    `blind_share` is the share of places that the policy made blind, NaN where that is not known.
    """

    columns: dict[str, NDArray[Any]]
    offered: tuple[Ints, Ints]
    also: tuple[Ints, Ints]

    def __len__(self) -> int:
        return len(self.columns["pk"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def were_offered(self, candidate: Ints) -> Flags:
        """Whether each decision's reviewer saw its candidate."""
        decision, key = self.offered
        seen = np.zeros(len(self), bool)
        seen[decision[key == candidate[decision]]] = True
        return seen

    def words(self, dialogue: Ints, counting: Flags) -> tuple[Words, list[str]]:
        """Those that count, `dialogue` having the number of each one's dialogue; and the names of
        their reviewers by number."""
        people, reviewer = np.unique(self["reviewer_id"][counting], return_inverse=True)
        number = np.zeros(len(self), np.int64)
        number[counting] = reviewer
        words = Words(dialogue, number, self["monday"], self["chosen"], self.also)
        names = dict(User.objects.filter(pk__in=people.tolist()).values_list("pk", "username"))
        return words.where(counting), [names[person] for person in people.tolist()]


class Sifted:
    """Decisions less those that do not count, which are told of by the first reason found."""

    def __init__(self, number: int) -> None:
        self.counting: Flags = np.ones(number, bool)
        self.left_out: list[str] = []

    def drop(self, those: Flags, why: str) -> None:
        found = int((self.counting & those).sum())
        self.counting &= ~those
        if found:
            do = "decision does" if found == 1 else "decisions do"
            was = "it was" if found == 1 else "they were"
            self.left_out.append(f"{found:,} {do} not count: {was} {why}.")


def read(dataset: Dataset, *, drawn: bool) -> Decided:
    """What stands of decisions on dialogues that were drawn into waves, or on all others."""
    rows = said(dataset).order_by().filter(dialogue__drawn__isnull=not drawn)
    found = _Columns()
    chunks = _annotated(rows).iterator(chunk_size=CHUNK)
    while chunk := list(islice(chunks, CHUNK)):
        found.add(chunk)
    return found.decided(rows)


# Once a wave is closed, what it drew comes to people by the order of the queue: what they say then
# is of no sample.
_ARM = Case(
    When(
        assignment__drawn=False,
        assignment__claimed_at__gte=F("dialogue__drawn__wave__drawn_at"),
        then=Value(""),
    ),
    default=F("assignment__arm"),
)


def _annotated(rows: QuerySet[Decision]) -> QuerySet[Decision, tuple[Any, ...]]:
    return rows.annotate(
        chosen=Coalesce("candidate_id", Value(NONE), output_field=IntegerField()),
        monday=TruncWeek("created", output_field=DateField()),
        arm=_ARM,
    ).values_list(
        "pk", "dialogue_id", "reviewer_id", "round", "chosen", "adjudication", "monday", "created",
        "assignment__drawn", "arm", "saw__scores", "policy__arms__blind",
        "saw__candidates",
    )  # fmt: skip


class _Columns:
    """Gathers rows chunk by chunk: as tuples they would take ten times the memory."""

    def __init__(self) -> None:
        self._chunks: list[list[NDArray[Any]]] = [[np.empty(0, kind) for kind in _COLUMNS.values()]]
        self._decision: list[Ints] = [np.empty(0, np.int64)]
        self._candidate: list[Ints] = [np.empty(0, np.int64)]
        self._number = 0

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        pk, dialogue, reviewer, round_, chosen, adjudication, monday, created, *more = zip(
            *rows, strict=True
        )
        drawn, arm, scores, share, offered = more
        columns = (
            pk, dialogue, reviewer, round_, chosen, adjudication,
            [seen is not False for seen in scores],
            [bool(one) for one in drawn],
            [one == Arm.BLIND for one in arm],
            [np.nan if one is None else one for one in share],
            monday,
            [moment.replace(tzinfo=None) for moment in created],
        )  # fmt: skip
        self._chunks.append(
            [np.array(c, kind) for c, kind in zip(columns, _COLUMNS.values(), strict=True)]
        )
        seen = [[one["id"] for one in found or ()] for found in offered]
        numbers = np.arange(self._number, self._number + len(rows))
        self._decision.append(np.repeat(numbers, [len(one) for one in seen]))
        self._candidate.append(np.array([key for one in seen for key in one], np.int64))
        self._number += len(rows)

    def decided(self, rows: QuerySet[Decision]) -> Decided:
        columns = {
            name: np.concatenate(parts)
            for name, *parts in zip(_COLUMNS, *self._chunks, strict=True)
        }
        offered = (np.concatenate(self._decision), np.concatenate(self._candidate))
        return Decided(columns, offered, _also(rows, columns["pk"]))


def _also(rows: QuerySet[Decision], keys: Ints) -> tuple[Ints, Ints]:
    through = Decision.also.through.objects.filter(decision__in=rows)
    pairs = list(through.values_list("decision_id", "candidate_id"))
    found = np.array(pairs, np.int64).reshape(-1, 2)
    order = np.argsort(keys)
    place = np.searchsorted(keys, found[:, 0], sorter=order)
    # What came in since the decisions were read is left for the next time.
    there = place < len(keys)
    there[there] = keys[order[place[there]]] == found[there, 0]
    return order[place[there]], found[there, 1]
