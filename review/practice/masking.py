"""How a control is told to whoever has it: as a dialogue like any other.

What it truly is would say that it was settled before. So until the reviewer has decided it waits in
the queue, and from then on it stands where their decision would have led it, with nobody else's.
"""

from collections.abc import Iterable, Sequence
from copy import copy

from django.db.models import Q

from review.models import (
    Approval,
    Assignment,
    Decision,
    Dialogue,
    Membership,
    PlaceState,
    Purpose,
    Stage,
    Verdict,
)
from review.models.assignments import AssignmentQuerySet
from review.models.dialogues import DialogueQuerySet

LEADS_TO = {
    Verdict.ACCEPT: Stage.APPROVED,
    Verdict.EDIT: Stage.APPROVED,
    Verdict.REJECT: Stage.REJECTED,
}
APPROVALS = {Verdict.ACCEPT: Approval.ACCEPTED, Verdict.EDIT: Approval.EDITED}


def waiting_stage(dialogue: Dialogue) -> Stage:
    """Where a dialogue stands that waits for reviewers."""
    return Stage.JUDGED if dialogue.panel_score is not None else Stage.PROPOSED


def stage_led_to(decision: Decision) -> Stage:
    """Where a decision would have led, had it been the first on its dialogue."""
    dialogue = decision.dialogue
    if decision.verdict == Verdict.MORE:
        return Stage.IMPORTED
    waiting = waiting_stage(dialogue)
    settles = dialogue.dataset.decisions_needed == 1
    return LEADS_TO.get(Verdict(decision.verdict), waiting) if settles else waiting


def is_masked(place: Assignment | None, membership: Membership) -> bool:
    """Whether this member has a control here. An admin, who chose them, sees what it is as soon
    as they have decided."""
    return place is not None and _hides(place, membership)


def _hides(place: Assignment, membership: Membership) -> bool:
    if place.purpose != Purpose.CONTROL:
        return False
    return place.is_open() or not membership.administers()


def as_told(dialogue: Dialogue, given: Decision | None) -> Dialogue:
    """A copy, to be shown and never saved, that hides what others made of the dialogue.

    `given` is the reviewer's decision at their control, if it stands.
    """
    told = copy(dialogue)
    told.stage = waiting_stage(dialogue) if given is None else given.stage_after
    approved = given.candidate if given and told.stage == Stage.APPROVED else None
    if approved is None or approved.pk != dialogue.approved_candidate_id:
        # The check belongs to another text.
        told.checked_at, told.check_outcome, told.checks_due = None, "", False
        told.traits, told.rank_spread = [], None
    told.approved_candidate = approved
    told.approval = APPROVALS[Verdict(given.verdict)] if given and approved else ""
    told.settled_at = given.created if given and told.is_settled() else None
    told.released = False
    return told


def told_at(dialogue: Dialogue, places: Sequence[Assignment], membership: Membership) -> Dialogue:
    """A dialogue as a member is told it who has, or has had, these places in it."""
    controls = [place for place in places if _hides(place, membership)]
    if not controls:
        return dialogue
    return as_told(dialogue, _standing_at(controls).get(dialogue.pk))


def decisions_at(place: Assignment) -> list[Decision]:
    """What stands at a place: one decision, or none."""
    return list(_standing_at([place]).values())


def all_as_told(dialogues: Iterable[Dialogue], membership: Membership) -> list[Dialogue]:
    """The dialogues of a list as a member is told them."""
    rows = list(dialogues)
    places = _controls_of(membership).filter(dialogue__in=rows)
    masked = set(places.values_list("dialogue_id", flat=True))
    if not masked:
        return rows
    given = _standing_at(places)
    return [as_told(d, given.get(d.pk)) if d.pk in masked else d for d in rows]


def at_stage(rows: DialogueQuerySet, stage: str, membership: Membership) -> DialogueQuerySet:
    """Of a list, the dialogues at a stage as a member is told it."""
    told = _stages_told(membership)
    here = [key for key, value in told.items() if value == stage]
    return rows.filter(Q(stage=stage) & ~Q(pk__in=list(told)) | Q(pk__in=here))


def without_controls(rows: DialogueQuerySet, membership: Membership) -> DialogueQuerySet:
    """Of a list, the dialogues in which a member has had no control."""
    return rows.exclude(pk__in=_controls_of(membership).values("dialogue"))


def _stages_told(membership: Membership) -> dict[int, str]:
    places = _controls_of(membership).select_related("dialogue")
    given = Decision.objects.not_taken_back().filter(assignment__in=places.values("pk"))
    stages = dict(given.values_list("dialogue_id", "stage_after"))
    return {
        place.dialogue_id: stages.get(place.dialogue_id) or waiting_stage(place.dialogue)
        for place in places
    }


def _controls_of(membership: Membership) -> AssignmentQuerySet:
    """Control places that a member has, or has had."""
    places = Assignment.objects.filter(
        purpose=Purpose.CONTROL,
        reviewer=membership.user_id,
        dialogue__dataset=membership.dataset_id,
    )
    return places.filter(state=PlaceState.OPEN) if membership.administers() else places


def _standing_at(places: Iterable[Assignment]) -> dict[int, Decision]:
    """The decisions that stand at some places, by the dialogue's key."""
    rows = Decision.objects.not_taken_back().filter(assignment__in=places)
    return {row.dialogue_id: row for row in rows.select_related("reviewer", "candidate")}
