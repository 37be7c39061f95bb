"""Taking back one's own decision: a record of its own that supersedes it."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from review.assignments import hold_again, put_behind
from review.calibration.certifying import auditing
from review.calibration.sampling.waves import place_in_turn
from review.decisions import locked
from review.errors import Conflict, Missing
from review.models import (
    Assignment,
    Decision,
    Dialogue,
    PlaceState,
    Purpose,
    Stage,
    User,
    Verdict,
)
from review.models.decisions import TAKING_BACK
from review.places.drafts import FIELDS
from review.retrieval import unchecked
from review.stages import Event, advance


def own_decision(*, decision_id: int, by: User) -> Decision:
    """A decision of `by`; anybody else's does not exist for them."""
    mine = Decision.objects.filter(reviewer=by).select_related("dialogue__dataset")
    found = mine.filter(pk=decision_id).first()
    if found is None:
        raise Missing("There is no such decision among yours.")
    return found


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
        round=decision.round,
        seconds=0,
    )
    if not assignment.is_practice():
        _reopen_after(decision, dialogue)
        auditing.take_note(dialogue)
    _check_place_is_free(dialogue, assignment)
    hold_again(dialogue, assignment)
    write_again(assignment, decision)
    return assignment


def _check_can_undo(dialogue: Dialogue, decision: Decision, by: User) -> None:
    if decision.reviewer_id != by.pk or decision.assignment_id is None:
        raise Conflict("Only your own decision at a place of yours can be taken back.")
    check_still_open(dialogue, decision)


def check_still_open(dialogue: Dialogue, decision: Decision) -> None:
    """Raises `Conflict` where something was built on a decision, so that it has to stay."""
    adjudicated = Decision.objects.filter(dialogue=dialogue, adjudication=True)
    is_adjudicated = adjudicated.filter(round=dialogue.round).exists()
    if sentence := why_it_stays(decision, dialogue, adjudicated=is_adjudicated):
        raise Conflict(sentence)


def why_it_stays(decision: Decision, dialogue: Dialogue, *, adjudicated: bool) -> str:
    """Why a decision cannot be taken back any more, in a sentence; empty where it can.

    `adjudicated`: an adjudicator has decided on the dialogue in its present round.
    """
    if decision.verdict in TAKING_BACK or hasattr(decision, "superseded_by"):
        return "This decision was taken back already."
    if decision.purpose == Purpose.QUIZ:
        return "An answer in the quiz stays as it is: you were told how the dialogue was settled."
    if decision.purpose == Purpose.CONTROL:
        # Of a control nothing must show that it was settled before: it can be taken back as long as
        # a dialogue that nobody else has touched.
        return ""
    if decision.round != dialogue.round and not _waits_for_models(decision, dialogue):
        return "The models have written since; this decision stays as it is."
    if adjudicated:
        return "An adjudicator has settled this dialogue; this decision stays as it is."
    if dialogue.released:
        return "This dialogue is part of a release; this decision stays as it is."
    return ""


def _waits_for_models(decision: Decision, dialogue: Dialogue) -> bool:
    """Whether a dialogue is still as this decision left it when it asked for more candidates."""
    next_round = decision.round + 1 == dialogue.round
    return decision.verdict == Verdict.MORE and next_round and dialogue.stage == Stage.IMPORTED


def _reopen_after(decision: Decision, dialogue: Dialogue) -> None:
    if _waits_for_models(decision, dialogue):
        advance(
            dialogue,
            _reopened(dialogue),
            round=decision.round,
            note_to_models="",
            drawn_place=place_in_turn(dialogue, decision.round),
        )
    else:
        reopen(dialogue)


def _reopened(dialogue: Dialogue) -> Event:
    return Event.REOPEN_UNSCORED if dialogue.panel_score is None else Event.REOPEN_SCORED


def reopen(dialogue: Dialogue) -> None:
    if dialogue.stage not in {Stage.APPROVED, Stage.REJECTED, Stage.DISPUTED}:
        return
    advance(dialogue, _reopened(dialogue), **unsettled(dialogue))


def unsettled(dialogue: Dialogue) -> dict[str, Any]:
    """The columns of a dialogue that is open again."""
    return {
        "approved_candidate": None,
        "approval": "",
        "settled_at": None,
        "checks_due": False,
        "traits_due": False,
        **unchecked(dialogue),
    }


def _check_place_is_free(dialogue: Dialogue, assignment: Assignment) -> None:
    """A skip gave the place away; any other decision still has it."""
    if assignment.state == PlaceState.DECIDED or assignment.is_practice():
        return
    taken = Assignment.objects.taken().filter(dialogue=dialogue, round=dialogue.round)
    if taken.filter(reviewer=assignment.reviewer_id).exists():
        raise Conflict("You have another place in this dialogue since you skipped it.")
    if dialogue.places_taken >= dialogue.decisions_needed():
        raise Conflict("Somebody else has taken this dialogue since you skipped it.")


def write_again(assignment: Assignment, decision: Decision) -> None:
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
