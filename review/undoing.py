"""Taking back one's own decision: a record of its own that supersedes it."""

from django.db import transaction

from review.assignments import count_places, free_place, give_back, lease_end
from review.decisions import locked
from review.errors import Conflict
from review.models import Assignment, Decision, Dialogue, PlaceState, Stage, User, Verdict
from review.stages import Event, advance


def undo(*, decision: Decision, by: User) -> Assignment:
    """Takes back one's own decision, as a record of its own, and holds the place again."""
    assignment = _undo(decision, by)
    _give_back_others(assignment)
    return assignment


@transaction.atomic
def _undo(decision: Decision, by: User) -> Assignment:
    dialogue = locked(decision.dialogue_id)
    decision.refresh_from_db()
    _check_can_undo(dialogue, decision, by)
    assignment = Assignment.objects.get(decisions=decision)
    Decision.objects.create(
        dialogue=dialogue,
        assignment=assignment,
        reviewer=by,
        verdict=Verdict.UNDO,
        supersedes=decision,
        round=dialogue.round,
        seconds=0,
    )
    _reopen(dialogue)
    _hold_again(dialogue, assignment)
    return assignment


def _give_back_others(kept: Assignment) -> None:
    """A reviewer holds one place at a time: the dialogue they were handed since goes back."""
    held = Assignment.objects.held_by(kept.reviewer).exclude(pk=kept.pk)
    for assignment in held.filter(dialogue__dataset=kept.dialogue.dataset_id):
        give_back(assignment=assignment)


def _check_can_undo(dialogue: Dialogue, decision: Decision, by: User) -> None:
    if decision.reviewer_id != by.pk or decision.assignment_id is None:
        raise Conflict("Only your own decision at a place of yours can be taken back.")
    if decision.verdict == Verdict.UNDO or hasattr(decision, "superseded_by"):
        raise Conflict("This decision was taken back already.")
    if decision.round != dialogue.round:
        raise Conflict("The dialogue went back to the models since; this decision stays as it is.")
    if Decision.objects.filter(dialogue=dialogue, adjudication=True).exists():
        raise Conflict("An adjudicator has settled this dialogue; your decision stays as it is.")
    if dialogue.released:
        raise Conflict("This dialogue is part of a release; your decision stays as it is.")


def _reopen(dialogue: Dialogue) -> None:
    if dialogue.stage not in {Stage.APPROVED, Stage.REJECTED, Stage.DISPUTED}:
        return
    scored = dialogue.panel_score is not None
    advance(
        dialogue,
        Event.REOPEN_SCORED if scored else Event.REOPEN_UNSCORED,
        approved_candidate=None,
        approval="",
        settled_at=None,
        checked_at=None,
        check_outcome="",
    )


def _hold_again(dialogue: Dialogue, assignment: Assignment) -> None:
    from_skip = assignment.state == PlaceState.SKIPPED
    if from_skip and dialogue.places_taken >= dialogue.dataset.decisions_needed:
        raise Conflict("Somebody else has taken this dialogue since you skipped it.")
    assignment.state = PlaceState.OPEN
    assignment.ended_at = None
    assignment.expires_at = lease_end(dialogue.dataset)
    assignment.place = assignment.place if not from_skip else free_place(dialogue)
    assignment.save(update_fields=["state", "ended_at", "expires_at", "place"])
    count_places(dialogue)
