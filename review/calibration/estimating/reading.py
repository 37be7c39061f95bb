"""Reads what people decided of dialogues into arrays, and tells which decisions do not count."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import DateField, IntegerField, QuerySet, Value
from django.db.models.functions import Coalesce, TruncWeek
from numpy.typing import NDArray

from review.agreement.estimates import Flags, Ints
from review.agreement.reading import CHUNK
from review.calibration.estimating.record import NONE, Words
from review.models import Decision, User

Kinds = dict[str, str]
# Of every decision; whoever reads names further columns by their kinds.
_COLUMNS: Kinds = {
    "pk": "int64",
    "dialogue_id": "int64",
    "reviewer_id": "int64",
    "chosen": "int64",
    "monday": "datetime64[D]",
}


@dataclass(frozen=True)
class Decided:
    """Decisions by column; `also` are candidates that their reviewers accepted beside `chosen`, as
    pairs of a decision's number and a candidate's key."""

    columns: dict[str, NDArray[Any]]
    also: tuple[Ints, Ints]

    def __len__(self) -> int:
        return len(self.columns["pk"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

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


def read(rows: QuerySet[Decision], further: Kinds) -> Decided:
    """Chunk by chunk: as tuples they would take ten times the memory."""
    kinds = {**_COLUMNS, **further}
    named = rows.order_by().annotate(
        chosen=Coalesce("candidate_id", Value(NONE), output_field=IntegerField()),
        monday=TruncWeek("created", output_field=DateField()),
    )
    found = named.values_list(*kinds).iterator(chunk_size=CHUNK)
    chunks = [[np.empty(0, kind) for kind in kinds.values()]]
    while chunk := list(islice(found, CHUNK)):
        columns = zip(*chunk, strict=True)
        chunks.append([_array(c, kind) for c, kind in zip(columns, kinds.values(), strict=True)])
    whole = {name: np.concatenate(parts) for name, *parts in zip(kinds, *chunks, strict=True)}
    return Decided(whole, _also(rows, whole["pk"]))


def _array(values: Iterable[Any], kind: str) -> NDArray[Any]:
    if kind == "datetime64[us]":
        values = (moment.replace(tzinfo=None) for moment in values)
    return np.array(list(values), kind)


def _also(rows: QuerySet[Decision], keys: Ints) -> tuple[Ints, Ints]:
    through = Decision.also.through.objects.filter(decision__in=rows.values("pk"))
    pairs = list(through.values_list("decision_id", "candidate_id"))
    decision, candidate = np.array(pairs, np.int64).reshape(-1, 2).T
    return numbered(decision, candidate, keys)


def numbered(decision: Ints, candidate: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Pairs of decisions and candidates, with the numbers of the decisions among `keys`. What came
    in since these were read is left for the next time."""
    order = np.argsort(keys)
    place = np.searchsorted(keys, decision, sorter=order)
    there = place < len(keys)
    there[there] = keys[order[place[there]]] == decision[there]
    return order[place[there]], candidate[there]
