"""Reads what reviewers decided into arrays: two questions of the database, whatever there is."""

from itertools import islice
from typing import Any

import numpy as np
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncWeek
from numpy.typing import NDArray

from review.agreement.record import (
    ACCEPT,
    EDIT,
    MORE,
    REJECT,
    REJECTED,
    UNSETTLED,
    PlaceCount,
    Record,
)
from review.models import (
    Arm,
    Assignment,
    CandidateKind,
    Dataset,
    Decision,
    Stage,
    User,
    Verdict,
)
from review.models.decisions import SAYING, TAKING_BACK

CHUNK = 10_000
# As `record` numbers them.
VERDICT = Case(
    When(verdict=Verdict.REJECT, then=Value(REJECT)),
    When(verdict=Verdict.MORE, then=Value(MORE)),
    When(candidate__kind=CandidateKind.PERSON, then=Value(EDIT)),
    default=Value(ACCEPT),
    output_field=IntegerField(),
)
WANTED = Coalesce("candidate_id", Value(REJECTED), output_field=IntegerField())
FINAL = Case(
    When(dialogue__stage=Stage.APPROVED, then=F("dialogue__approved_candidate")),
    When(dialogue__stage=Stage.REJECTED, then=Value(REJECTED)),
    default=Value(UNSETTLED),
    output_field=IntegerField(),
)
TOP = Case(
    When(~Q(round=F("dialogue__round")) | Q(dialogue__panel_score=None), then=Value(-1)),
    When(
        Q(candidate__panel_score__gte=F("dialogue__panel_score"))
        & ~Q(candidate__kind=CandidateKind.PERSON),
        then=Value(1),
    ),
    default=Value(0),
    output_field=IntegerField(),
)
# Places in dialogues that were drawn for calibration have an arm, but not by lot.
ARM = Case(
    When(assignment__drawn=True, then=Value(-1)),
    *[When(assignment__arm=arm, then=Value(number)) for number, arm in enumerate(Arm)],
    default=Value(-1),
    output_field=IntegerField(),
)


def said(dataset: Dataset) -> QuerySet[Decision]:
    """The decisions that say something of a dialogue, and that nobody has taken back."""
    standing = Decision.objects.standing()
    return standing.filter(dialogue__dataset=dataset, verdict__in=SAYING)


def read(dataset: Dataset) -> Record:
    whole = _columns(dataset)
    people, reviewer = np.unique(whole["reviewer_id"], return_inverse=True)
    _, dialogue = np.unique(whole["dialogue_id"], return_inverse=True)
    return Record(
        reviewers=_names(people.tolist()),
        dialogue=dialogue,
        reviewer=reviewer,
        verdict=whole["said"],
        outcome=whole["wanted"],
        final=whole["final"],
        week=whole["week"],
        arm=whole["arm"],
        seconds=whole["seconds"],
        top=whole["top"],
        adjudication=whole["adjudication"],
        present=whole["present"],
        tried=whole["tried"],
        again=np.isin(whole["place"], _places_decided_again(dataset)),
        places=_places(dataset),
    )


def _columns(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """The rows as arrays by column, made chunk by chunk: as tuples they would take ten times the
    memory."""
    rows = _rows(dataset).iterator(chunk_size=CHUNK)
    chunks = [[np.empty(0, kind) for kind in _COLUMNS.values()]]
    while found := list(islice(rows, CHUNK)):
        columns = zip(*found, strict=True)
        chunks.append(
            [np.array(c, kind) for c, kind in zip(columns, _COLUMNS.values(), strict=True)]
        )
    whole = {name: np.concatenate(parts) for name, *parts in zip(_COLUMNS, *chunks, strict=True)}
    order = np.lexsort((whole["place"], whole["reviewer_id"], whole["dialogue_id"]))
    return {name: column[order] for name, column in whole.items()}


_COLUMNS = {
    "dialogue_id": "int64",
    "reviewer_id": "int64",
    "said": "int64",
    "wanted": "int64",
    "final": "int64",
    "arm": "int64",
    "top": "int64",
    "adjudication": "bool",
    "present": "bool",
    "tried": "bool",
    "place": "int64",
    "seconds": "float64",
    "week": "datetime64[D]",
}


def _rows(dataset: Dataset) -> QuerySet[Decision, tuple[Any, ...]]:
    tried = ~Q(assignment=None) & ~Q(assignment__tried=[])
    # Sorted here rather than there: for a cursor in an order the database would fetch row by row.
    rows = said(dataset).order_by()
    return rows.annotate(
        said=VERDICT,
        wanted=WANTED,
        final=FINAL,
        arm=ARM,
        top=TOP,
        present=_truth(Q(round=F("dialogue__round"))),
        tried=_truth(tried),
        place=Coalesce("assignment_id", Value(0), output_field=IntegerField()),
        week=TruncWeek("created", output_field=DateField()),
    ).values_list(*_COLUMNS)


def _places_decided_again(dataset: Dataset) -> list[int]:
    """Where a decision was taken back before the one that stands."""
    back = Decision.objects.filter(dialogue__dataset=dataset, verdict__in=TAKING_BACK)
    places = back.order_by().exclude(supersedes__assignment=None)
    return list(places.values_list("supersedes__assignment_id", flat=True))


def _truth(condition: Q) -> "ExpressionWrapper[Q]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def _names(people: list[int]) -> list[str]:
    names = dict(User.objects.filter(pk__in=people).values_list("pk", "username"))
    return [names[person] for person in people]


def _places(dataset: Dataset) -> list[PlaceCount]:
    places = Assignment.objects.of_an_arm().filter(dialogue__dataset=dataset)
    rows = places.order_by().values_list("arm", "state").annotate(Count("pk"), Count("active_at"))
    return [PlaceCount(*row) for row in rows]
