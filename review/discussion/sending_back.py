"""Sending a decision back to its reviewer for a second look, with a comment.

A record of its own supersedes the decision, by the one who sent it back. The reviewer's place is
open again, with what they wrote as a draft, and comes before everything else at their desk. Who
does not come for it in `DAYS_TO_LOOK_AGAIN` loses the place to the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from review.assignments import hold_again
from review.calibration.certifying import auditing
from review.decisions import locked
from review.errors import Conflict, Invalid
from review.models import (
    Assignment,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    User,
    Verdict,
)
from review.models.decisions import TAKING_BACK
from review.permissions import can_review, check_can_adjudicate
from review.rulings import LONGEST_NOTE
from review.undoing import check_still_open, reopen, write_again

DAYS_TO_LOOK_AGAIN = 7


@transaction.atomic
def send_back(*, decision: Decision, comment: str, by: User) -> Assignment:
    """Opens the reviewer's place again, first in line at their desk.

    Raises `Conflict` where the decision has to stay, or where its reviewer cannot be sent anything.
    """
    _hold_membership(decision)
    dialogue = locked(decision.dialogue_id)
    decision.refresh_from_db()
    check_can_adjudicate(by, dialogue.dataset)
    comment = checked_comment(comment)
    _check_can_send_back(dialogue, decision)
    assignment = Assignment.objects.select_related("reviewer").get(decisions=decision)
    Decision.objects.create(
        dialogue=dialogue,
        assignment=assignment,
        reviewer=by,
        verdict=Verdict.SEND_BACK,
        supersedes=decision,
        note=comment,
        round=dialogue.round,
        seconds=0,
    )
    reopen(dialogue)
    auditing.take_note(dialogue)
    hold_again(dialogue, assignment)
    write_again(assignment, decision)
    return _addressed(assignment, comment, by)


@dataclass
class SentBack:
    """What became of many decisions: how many were sent back, and why others were not."""

    sent: int = 0
    refused: list[str] = field(default_factory=list)


def send_back_many(*, decisions: Iterable[Decision], comment: str, by: User) -> SentBack:
    """Sends decisions back one by one, each in a transaction of its own; those that have to stay
    stay. The caller takes a slice at a time of what may be many."""
    came = SentBack()
    for decision in decisions:
        try:
            send_back(decision=decision, comment=comment, by=by)
        except Conflict as refusal:
            came.refused.append(str(refusal))
        else:
            came.sent += 1
    return came


def sendable(dialogue: Dialogue, standing: Sequence[Decision]) -> list[Decision]:
    """Those of a dialogue's standing decisions that can be sent back."""
    here = [decision for decision in standing if decision.round == dialogue.round]
    if dialogue.released or any(decision.adjudication for decision in here):
        return []
    return [decision for decision in here if decision.settles()]


def returned_to(user: User, dataset: Dataset) -> QuerySet[Assignment]:
    """Places that a reviewer was sent back to and has not decided at again, the oldest first."""
    held = Assignment.objects.held_by(user).filter(dialogue__dataset=dataset)
    sent_back = held.exclude(sent_back_at=None).select_related("dialogue", "sent_back_by")
    return sent_back.order_by("sent_back_at")


def checked_comment(comment: str) -> str:
    comment = comment.replace("\x00", "").strip()
    if not comment:
        raise Invalid("Say what the reviewer should look at again.", field="comment")
    if len(comment) > LONGEST_NOTE:
        raise Invalid(
            f"The comment has {len(comment):,} characters, the most is {LONGEST_NOTE:,}.",
            field="comment",
        )
    return comment


def _hold_membership(decision: Decision) -> None:
    """Locks the reviewer's membership, before the dialogue as a claim does: whoever pauses them at
    this moment frees this place too, or it is not sent."""
    members = Membership.objects.filter(
        user=decision.reviewer_id, dataset__dialogues=decision.dialogue_id
    )
    members.select_for_update(of=("self",)).first()


def _check_can_send_back(dialogue: Dialogue, decision: Decision) -> None:
    if decision.verdict not in TAKING_BACK and not decision.settles():
        raise Conflict("Only a reviewer's accepting, editing or rejecting can be sent back.")
    check_still_open(dialogue, decision)
    reviewer = decision.reviewer
    if not can_review(reviewer, dialogue.dataset):
        raise Conflict(
            f"{reviewer} is paused or no longer a member of {dialogue.dataset}, so nothing can be "
            f"sent back to them. Let them in again under Members, or decide "
            f"{dialogue.external_id} without them."
        )


def _addressed(assignment: Assignment, comment: str, by: User) -> Assignment:
    now = timezone.now()
    assignment.begun_at = None
    assignment.expires_at = now + timedelta(days=DAYS_TO_LOOK_AGAIN)
    assignment.sent_back_at, assignment.sent_back_by = now, by
    assignment.sent_back_note = comment
    assignment.save(
        update_fields=["begun_at", "expires_at", "sent_back_at", "sent_back_by", "sent_back_note"]
    )
    return assignment
