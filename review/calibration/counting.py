"""Which decisions on drawn dialogues count, and what became of each dialogue: one rule for all who
ask, the line of a wave, the report, and a test for a certificate."""

from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONArray, JSONObject

from review.models import Arm, Assignment, Candidate, Decision, PlaceState, Stage
from review.models.decisions import SAYING

COUNTS = 0


class Uncounted(models.IntegerChoices):
    """Why a decision does not count."""

    ADJUDICATED = 1, "made by adjudicators"
    IN_SIGHT = 2, "made with scores in sight"
    ELSEWHERE = 3, "made at places that were not drawn"
    ANOTHER_ROUND = 4, "made in another round"
    ANOTHER_TOP = 5, "made where the panel's best candidate is another now"


# At a place that was drawn, or at a blind one that they had before the draw. What came to them
# after its wave was closed came by the order of the queue, and not by lot.
_BY_LOT = Q(assignment__drawn=True) | Q(
    assignment__arm=Arm.BLIND, assignment__claimed_at__lt=F("dialogue__drawn__wave__drawn_at")
)
# The best by its score as it is now of what the reviewer saw.
_BEST_OFFERED = (
    Candidate.objects.proposed()
    .filter(dialogue=OuterRef("dialogue"), panel_score__isnull=False)
    .alias(offered=ExpressionWrapper(OuterRef("saw__candidates"), models.JSONField()))
    .filter(offered__contains=JSONArray(JSONObject(id="pk")))
    .order_by("-panel_score", "pk")
)
# What must hold, and why it does not count otherwise: told of by the first. What is asked last
# takes longest.
_RULE: list[tuple[Q, Uncounted]] = [
    (Q(adjudication=False), Uncounted.ADJUDICATED),
    (Q(saw__scores=False), Uncounted.IN_SIGHT),
    (_BY_LOT, Uncounted.ELSEWHERE),
    (Q(round=F("dialogue__drawn__round")), Uncounted.ANOTHER_ROUND),
    (
        Q(dialogue__drawn__candidate=Subquery(_BEST_OFFERED.values("pk")[:1])),
        Uncounted.ANOTHER_TOP,
    ),
]


def on_drawn() -> QuerySet[Decision]:
    """What stands of what people said of drawn dialogues, with `why` it does not count; `COUNTS`
    where it does."""
    why: Combinable = Value(COUNTS)
    for holds, otherwise in reversed(_RULE):
        why = Case(When(holds, then=why), default=Value(otherwise))
    return _said().annotate(why=why)


def counting() -> QuerySet[Decision]:
    """Those of them that count."""
    return _said().filter(*(holds for holds, _ in _RULE))


def _said() -> QuerySet[Decision]:
    return Decision.objects.standing().filter(verdict__in=SAYING, dialogue__drawn__isnull=False)


_SKIPPED = Assignment.objects.for_review().filter(
    dialogue=OuterRef("dialogue"), round=OuterRef("round"), state=PlaceState.SKIPPED
)
_WAITS = Q(dialogue__stage__in=[Stage.JUDGED, Stage.PROPOSED], dialogue__round=F("round"))


def what_became() -> Case:
    """Of a drawn dialogue: decided; uncounted where it was settled by decisions that do not count;
    skipped; or waiting."""
    deciding = counting().filter(dialogue=OuterRef("dialogue"))
    return Case(
        When(Exists(deciding), then=Value("decided")),
        When(~_WAITS, then=Value("uncounted")),
        When(Exists(_SKIPPED), then=Value("skipped")),
        default=Value("waiting"),
    )
