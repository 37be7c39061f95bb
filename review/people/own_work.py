"""A reviewer's own decisions and what became of them, and what they have still to come back to.

A hidden control must not give itself away: it is told as a dialogue like any other, that stands
where its reviewer's decision led it (`review.practice.masking`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from review.models import (
    Assignment,
    Dataset,
    Decision,
    PlaceState,
    Purpose,
    Stage,
    User,
    Verdict,
)
from review.models.decisions import TAKING_BACK, DecisionQuerySet
from review.undoing import why_it_stays

MOST_DRAFTS = 20

_HERE = Q(purpose=Purpose.REVIEW, round=F("dialogue__round"))
_APPROVED = _HERE & Q(dialogue__stage=Stage.APPROVED)
_REJECTED = _HERE & Q(dialogue__stage=Stage.REJECTED)
_AS_CHOSEN = (_APPROVED & Q(candidate=F("dialogue__approved_candidate"))) | (
    _REJECTED & Q(verdict=Verdict.REJECT)
)
_CONTROL = Q(purpose=Purpose.CONTROL)
_CONTROL_SETTLED = _CONTROL & Q(stage_after__in=[Stage.APPROVED, Stage.REJECTED])

# What became of a decision, in words.
OUTCOMES = {
    "taken-back": "Taken back",
    "passed-on": "Passed on",
    "more": "More candidates asked for",
    "quiz": "Entry quiz",
    "as-chosen": "Settled as you chose",
    "otherwise": "Settled otherwise",
    "disputed": "Disputed",
    "waits": "Waits for others",
    "anew": "Begun anew",
}


@dataclass(frozen=True)
class OwnDecision:
    """A decision as its reviewer is told of it; `stays` says why it cannot be taken back."""

    decision: Decision
    outcome: str
    stays: str


def own_decisions(
    *, dataset: Dataset, of: User, verdict: str = "", outcome: str = ""
) -> DecisionQuerySet:
    """What a person decided at their desk, by verdict and by what became of it; empty: any."""
    rows = Decision.objects.filter(reviewer=of, dialogue__dataset=dataset, adjudication=False)
    rows = rows.exclude(verdict__in=TAKING_BACK).annotate(became=_became())
    if verdict:
        rows = rows.filter(verdict=verdict)
    return rows.filter(became=outcome) if outcome else rows


def told(decisions: QuerySet[Decision]) -> list[OwnDecision]:
    """Decisions of `own_decisions`, each with what became of it. A slice: not all there are."""
    rows = list(decisions.select_related("dialogue__dataset", "candidate", "superseded_by"))
    settled = _adjudicated(rows)
    return [
        OwnDecision(
            decision=row,
            outcome=OUTCOMES[row.became],  # type: ignore[attr-defined]  # annotated above
            stays=why_it_stays(row, row.dialogue, adjudicated=row.dialogue_id in settled),
        )
        for row in rows
    ]


def _adjudicated(rows: Sequence[Decision]) -> set[int]:
    """Keys of their dialogues on which an adjudicator has decided in the present round."""
    adjudications = Decision.objects.filter(
        dialogue__in={row.dialogue_id for row in rows},
        round=F("dialogue__round"),
        adjudication=True,
    )
    return set(adjudications.values_list("dialogue_id", flat=True))


def _became() -> Case:
    """The outcome of a decision: of these the first that fits."""
    return Case(
        _when("taken-back", Q(superseded_by__isnull=False)),
        _when("passed-on", Q(verdict=Verdict.SKIP)),
        _when("more", Q(verdict=Verdict.MORE)),
        _when("quiz", Q(purpose=Purpose.QUIZ)),
        _when("as-chosen", _AS_CHOSEN | _CONTROL_SETTLED),
        _when("otherwise", _APPROVED | _REJECTED),
        _when("disputed", _HERE & Q(dialogue__stage=Stage.DISPUTED)),
        _when("waits", _HERE | _CONTROL),
        default=Value("anew"),
        output_field=CharField(),
    )


def _when(name: str, condition: Q) -> When:
    return When(condition, then=Value(name))


def open_drafts(dataset: Dataset, of: User) -> QuerySet[Assignment]:
    """Places that were lost with something written at them, the newest first."""
    mine = Assignment.objects.filter(reviewer=of)
    later = mine.filter(dialogue=OuterRef("dialogue"), pk__gt=OuterRef("pk"))
    lost = mine.filter(
        dialogue__dataset=dataset, state__in=[PlaceState.EXPIRED, PlaceState.RETURNED]
    )
    written = lost.exclude(draft="", draft_rest={}).exclude(Exists(later))
    return written.select_related("dialogue").order_by("-drafted_at")[:MOST_DRAFTS]
