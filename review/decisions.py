"""What people decide, and what their decisions settle.

Nothing a person decided is ever lost: decisions are only added, an approval commits before anybody
hears of it, and a text sent to a place that is no longer theirs is kept as a draft.
"""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from review import activity
from review.assignments import count_places
from review.errors import Conflict, Invalid, PlaceLost
from review.events import announce_approval
from review.models import (
    Approval,
    Assignment,
    Candidate,
    CandidateKind,
    Decision,
    Dialogue,
    PlaceState,
    Stage,
    User,
    Verdict,
)
from review.permissions import check_can_adjudicate
from review.rulings import Ruling, also_accepted, chosen, recorded
from review.stages import Event, Settlement, advance, settle

SETTLING = {Verdict.ACCEPT, Verdict.EDIT, Verdict.REJECT}


def decide(
    *, assignment: Assignment, ruling: Ruling, by: User, idempotency_key: str = ""
) -> Decision:
    """Takes a reviewer's verdict at their place, and settles the dialogue if it was the last.

    The same `idempotency_key` again gives back the first decision. Raises `PlaceLost` where the
    place has gone (a text is kept as its draft), `Conflict` where it was decided otherwise, and
    `Invalid` where the ruling does not fit its verdict.
    """
    try:
        return _decide(assignment, ruling, by, idempotency_key)
    except PlaceLost:
        keep_text(assignment=assignment, text=ruling.text)
        raise


@transaction.atomic
def _decide(assignment: Assignment, ruling: Ruling, by: User, key: str) -> Decision:
    dialogue = locked(assignment.dialogue_id)
    assignment.refresh_from_db()
    repeated = _repeated(dialogue, assignment, ruling, by, key)
    if repeated is not None:
        return repeated
    _check_place(assignment)
    candidate = chosen(dialogue, assignment, ruling, by)
    decision = Decision.objects.create(
        dialogue=dialogue,
        assignment=assignment,
        reviewer=by,
        candidate=candidate,
        seconds=activity.seconds_until(assignment, timezone.now()),
        saw=_saw(assignment),
        purpose=assignment.purpose,
        idempotency_key=key,
        **recorded(dialogue, ruling, candidate),
    )
    decision.also.set(also_accepted(dialogue, assignment, ruling, candidate))
    _leave_place(dialogue, assignment, ruling.verdict)
    if not assignment.is_practice():
        _apply(dialogue, ruling)
    return _with_stage(decision, dialogue)


def _saw(assignment: Assignment) -> dict[str, Any]:
    """What the reviewer had before their eyes when they decided, and what they tried."""
    saw = {**assignment.shown, "arm": assignment.arm, "tried": assignment.tried}
    if assignment.unaided_text:
        saw["unaided_text"] = assignment.unaided_text
    return saw


def keep_text(*, assignment: Assignment, text: str) -> None:
    """Keeps a text that was being written at `assignment`."""
    if text.strip():
        Assignment.objects.filter(pk=assignment.pk).update(
            draft=text.replace("\x00", ""),
            draft_revision=F("draft_revision") + 1,
            drafted_at=timezone.now(),
        )


@transaction.atomic
def adjudicate(
    *, dialogue: Dialogue, ruling: Ruling, by: User, seconds: float, idempotency_key: str = ""
) -> Decision:
    """Settles a disputed dialogue by an adjudicator's word; the same key again changes nothing."""
    dialogue = locked(dialogue.pk)
    check_can_adjudicate(by, dialogue.dataset)
    repeated = _repeated(dialogue, None, ruling, by, idempotency_key)
    if repeated is not None:
        return repeated
    if dialogue.stage != Stage.DISPUTED:
        raise Conflict(
            f"Dialogue {dialogue.external_id} is {dialogue.stage}, no longer disputed. "
            "Load it again to see how it was settled."
        )
    if ruling.verdict == Verdict.SKIP:
        raise Invalid("An adjudicator accepts, edits, rejects or asks for more.", field="verdict")
    candidate = chosen(dialogue, None, ruling, by)
    decision = Decision.objects.create(
        dialogue=dialogue,
        reviewer=by,
        candidate=candidate,
        adjudication=True,
        seconds=seconds,
        idempotency_key=idempotency_key,
        **recorded(dialogue, ruling, candidate),
    )
    decision.also.set(also_accepted(dialogue, None, ruling, candidate))
    _apply_adjudication(dialogue, decision)
    return _with_stage(decision, dialogue)


def _with_stage(decision: Decision, dialogue: Dialogue) -> Decision:
    """Completes a new decision by the stage it led to, so that a repeat gets the same answer."""
    decision.stage_after = dialogue.stage
    decision.save(update_fields=["stage_after"])
    return decision


def locked(dialogue_id: int) -> Dialogue:
    """A dialogue with its dataset, locked until the transaction ends."""
    return (
        Dialogue.objects.select_for_update(of=("self",))
        .select_related("dataset")
        .get(pk=dialogue_id)
    )


def _repeated(
    dialogue: Dialogue, assignment: Assignment | None, ruling: Ruling, by: User, key: str
) -> Decision | None:
    """The decision that this one repeats, if it does."""
    if not key:
        return None
    earlier = Decision.objects.filter(reviewer=by, idempotency_key=key).first()
    if earlier is None:
        return None
    place = None if assignment is None else assignment.pk
    named = (earlier.dialogue_id, earlier.assignment_id, earlier.verdict)
    if named != (dialogue.pk, place, ruling.verdict):
        raise Conflict("This idempotency key was used for another decision. Send a new key.")
    return earlier


def _check_place(assignment: Assignment) -> None:
    if assignment.state == PlaceState.OPEN:
        return
    if assignment.state == PlaceState.DECIDED:
        raise Conflict(
            "You have decided on this dialogue already. Undo that decision to change it."
        )
    raise PlaceLost(
        "Your time for this dialogue ended and the place was given back. "
        "What you wrote is kept: claim the next dialogue, or open this one again."
    )


def _leave_place(dialogue: Dialogue, assignment: Assignment, verdict: Verdict) -> None:
    state = PlaceState.SKIPPED if verdict == Verdict.SKIP else PlaceState.DECIDED
    assignment.state = state
    assignment.ended_at = timezone.now()
    assignment.draft, assignment.draft_rest = "", {}
    assignment.save(update_fields=["state", "ended_at", "draft", "draft_rest"])
    count_places(dialogue)


def _apply(dialogue: Dialogue, ruling: Ruling) -> None:
    """Moves the dialogue where this ruling, with those before it, leads."""
    if ruling.verdict == Verdict.MORE:
        _ask_more(dialogue, ruling.note)
    elif ruling.verdict in SETTLING:
        _settle(dialogue)


def _settle(dialogue: Dialogue) -> None:
    outcomes = [d.outcome() for d in Decision.objects.counting(dialogue)]
    settlement = settle(
        outcomes,
        needed=dialogue.dataset.decisions_needed,
        quorum=dialogue.dataset.agreement_needed(),
    )
    if settlement is not None:
        _conclude(dialogue, settlement, adjudicated=False)


def _conclude(dialogue: Dialogue, settlement: Settlement, *, adjudicated: bool) -> None:
    if settlement.candidate_id is None:
        advance(dialogue, settlement.event, settled_at=timezone.now())
        return
    candidate = Candidate.objects.get(pk=settlement.candidate_id)
    advance(
        dialogue,
        Event.APPROVE,
        approved_candidate=candidate,
        approval=_approval(candidate, adjudicated=adjudicated),
        settled_at=timezone.now(),
        checked_at=None,
        check_outcome="",
    )
    announce_approval(dialogue)


def _approval(candidate: Candidate, *, adjudicated: bool) -> Approval:
    if adjudicated:
        return Approval.ADJUDICATED
    return Approval.EDITED if candidate.kind == CandidateKind.PERSON else Approval.ACCEPTED


def _apply_adjudication(dialogue: Dialogue, decision: Decision) -> None:
    if decision.verdict == Verdict.MORE:
        _ask_more(dialogue, decision.note)
        return
    event = Event.REJECT if decision.verdict == Verdict.REJECT else Event.APPROVE
    _conclude(dialogue, Settlement(event, decision.candidate_id), adjudicated=True)


def _ask_more(dialogue: Dialogue, note: str) -> None:
    """Back to the models with the reviewer's note, in a new round where all places are free."""
    Assignment.objects.held().filter(dialogue=dialogue).update(
        state=PlaceState.RETURNED, ended_at=timezone.now()
    )
    advance(
        dialogue,
        Event.ASK_MORE,
        round=dialogue.round + 1,
        note_to_models=note,
        places_taken=0,
    )
