"""Taking back one's own decision: a record of its own that supersedes it."""

from django.db import transaction
from django.utils import timezone

from review.assignments import hold_again, put_behind
from review.decisions import locked
from review.drafts import FIELDS
from review.errors import Conflict
from review.models import Assignment, Decision, Dialogue, PlaceState, Stage, User, Verdict
from review.models.decisions import TAKING_BACK
from review.stages import Event, advance


def undo(*, decision: Decision, by: User) -> Assignment:
    """Takes back one's own decision, as a record of its own, and holds the place again."""
    assignment = _undo(decision, by)
    put_behind(assignment)
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
        purpose=decision.purpose,
        round=dialogue.round,
        seconds=0,
    )
    if not assignment.is_practice():
        reopen(dialogue)
    _check_place_is_free(dialogue, assignment)
    hold_again(dialogue, assignment)
    _write_again(assignment, decision)
    return assignment


def _check_can_undo(dialogue: Dialogue, decision: Decision, by: User) -> None:
    if decision.reviewer_id != by.pk or decision.assignment_id is None:
        raise Conflict("Only your own decision at a place of yours can be taken back.")
    if decision.verdict in TAKING_BACK or hasattr(decision, "superseded_by"):
        raise Conflict("This decision was taken back already.")
    if decision.round != dialogue.round:
        raise Conflict("The dialogue went back to the models since; this decision stays as it is.")
    if Decision.objects.filter(dialogue=dialogue, adjudication=True).exists():
        raise Conflict("An adjudicator has settled this dialogue; your decision stays as it is.")
    if dialogue.released:
        raise Conflict("This dialogue is part of a release; your decision stays as it is.")


def reopen(dialogue: Dialogue) -> None:
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


def _check_place_is_free(dialogue: Dialogue, assignment: Assignment) -> None:
    """A skip gave the place away; any other decision still has it."""
    if assignment.state == PlaceState.DECIDED or assignment.is_practice():
        return
    taken = Assignment.objects.taken().filter(dialogue=dialogue, round=dialogue.round)
    if taken.filter(reviewer=assignment.reviewer_id).exists():
        raise Conflict("You have another place in this dialogue since you skipped it.")
    if dialogue.places_taken >= dialogue.dataset.decisions_needed:
        raise Conflict("Somebody else has taken this dialogue since you skipped it.")


def _write_again(assignment: Assignment, decision: Decision) -> None:
    """What was written is at hand again, as a draft."""
    edited = decision.candidate if decision.verdict == Verdict.EDIT else None
    text = edited.text if edited else ""
    rest = {
        "verdict": decision.verdict,
        f"{decision.verdict}_note": decision.note,
        f"{decision.verdict}_reason": decision.reason,
        "also": list(decision.also.values_list("pk", flat=True)),
    }
    known = {*FIELDS, "also"}
    assignment.draft = text
    assignment.draft_rest = {k: v for k, v in rest.items() if v and k in known}
    assignment.draft_revision += 1
    assignment.drafted_at = timezone.now()
    assignment.save(update_fields=["draft", "draft_rest", "draft_revision", "drafted_at"])
