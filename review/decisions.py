"""What people decide, and what their decisions settle.

Nothing a person decided is ever lost: decisions are only added, an approval commits before anybody
hears of it, and a text sent to a place that is no longer theirs is kept as a draft.
"""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from review import visibility
from review.assignments import count_places, end_round, locked_place, place_of
from review.calibration.certifying import auditing
from review.discussion import disputes
from review.errors import Conflict, Invalid, PlaceLost
from review.events import announce_approval
from review.models import (
    Approval,
    Assignment,
    Candidate,
    CandidateKind,
    Decision,
    Dialogue,
    Membership,
    PlaceState,
    Purpose,
    Stage,
    User,
    Verdict,
)
from review.models.candidates import text_key
from review.models.decisions import SETTLING
from review.permissions import check_can_adjudicate
from review.places import activity
from review.places.sight import saw_scores
from review.practice.masking import stage_led_to
from review.retrieval import unchecked
from review.rulings import Ruling, also_accepted, chosen, recorded
from review.stages import Event, Settlement, advance, settle


def decide(
    *, assignment: Assignment, ruling: Ruling, by: User, idempotency_key: str = ""
) -> Decision:
    """Takes a reviewer's verdict at their place, and settles the dialogue if it was the last.

    The same `idempotency_key` again gives back the first decision. Raises `PlaceLost` where the
    place has gone (a text is kept as its draft), `Conflict` where it was decided otherwise, and
    `Invalid` where the ruling does not fit its verdict.
    """
    return decide_at(
        assignment_id=assignment.pk, ruling=ruling, by=by, idempotency_key=idempotency_key
    )


def decide_at(
    *, assignment_id: int, ruling: Ruling, by: User, idempotency_key: str = ""
) -> Decision:
    """The same at a place known by its id. Raises `Missing` where it is none of theirs."""
    try:
        return _decide(assignment_id, ruling, by, idempotency_key)
    except PlaceLost:
        keep_text(assignment=Assignment(pk=assignment_id), text=ruling.text)
        raise
    except IntegrityError:
        # The key was used before, and the place is open: the decision was taken back since.
        place = place_of(assignment_id=assignment_id, by=by)
        repeated = _repeated(place.dialogue, place, ruling, by, idempotency_key)
        if repeated is None:
            raise
        return repeated


@transaction.atomic
def _decide(assignment_id: int, ruling: Ruling, by: User, key: str) -> Decision:
    assignment = locked_place(assignment_id=assignment_id, by=by)
    dialogue = assignment.dialogue
    if not assignment.is_open():
        return _decided_before(assignment, ruling, by, key)
    candidate = chosen(dialogue, assignment, ruling, by)
    also = also_accepted(dialogue, assignment, ruling, candidate)
    decision = Decision(
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
    _leave_place(dialogue, assignment, ruling.verdict)
    if not assignment.is_practice():
        _apply(dialogue, decision)
    return _kept(decision, also)


def _decided_before(assignment: Assignment, ruling: Ruling, by: User, key: str) -> Decision:
    """The decision that this one repeats; raises `Conflict` or `PlaceLost` where it is another."""
    repeated = _repeated(assignment.dialogue, assignment, ruling, by, key)
    if repeated is not None:
        return repeated
    if assignment.state == PlaceState.DECIDED:
        raise Conflict(
            "You have decided on this dialogue already. Undo that decision to change it."
        )
    raise PlaceLost(
        f"{_gone(assignment)} "
        "What you wrote is kept: claim the next dialogue, or open this one again."
    )


def _gone(assignment: Assignment) -> str:
    if assignment.state == PlaceState.EXPIRED:
        return "Your time for this dialogue ended and the place was given back."
    return "Your place in this dialogue was given back, by you elsewhere or by an admin."


def _kept(decision: Decision, also: list[Candidate]) -> Decision:
    """Writes a decision down once its dialogue has moved, with the stage that it led to."""
    practice = decision.purpose != Purpose.REVIEW
    decision.stage_after = stage_led_to(decision) if practice else decision.dialogue.stage
    decision.save(force_insert=True)
    if also:
        decision.also.set(also)
    if not practice and not decision.adjudication:
        auditing.take_note(decision.dialogue)
    return decision


@transaction.atomic
def settle_open(*, dialogue_id: int) -> bool:
    """Settles a dialogue that has enough decisions since the policy changed.

    False where somebody is at work on it: their own decision settles it, or a later try.
    """
    dialogue = locked(dialogue_id)
    if dialogue.stage not in {Stage.PROPOSED, Stage.JUDGED}:
        return True
    made = list(Decision.objects.counting(dialogue).select_related("candidate"))
    if len(made) < dialogue.decisions_needed():
        return True
    held = Assignment.objects.held().for_review().filter(dialogue=dialogue)
    if held.exclude(begun_at=None, sent_back_at=None).exists():
        return False
    _settle(dialogue, made)
    return True


def _saw(assignment: Assignment) -> dict[str, Any]:
    """What the reviewer had before their eyes when they decided, or had seen before that, and what
    they tried."""
    saw = {**assignment.shown, "arm": assignment.arm, "tried": assignment.tried}
    if saw.get("scores") is False and not assignment.is_practice():
        saw["scores"] = saw_scores(assignment)
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
    *, dialogue: Dialogue, ruling: Ruling, by: User, idempotency_key: str = ""
) -> Decision:
    """Settles a disputed dialogue by an adjudicator's word; the same key again changes nothing.

    It need not be in hand (`review.discussion.disputes`). Raises `Conflict` where it is in
    another's hand, or no dispute any more.
    """
    dialogue = locked(dialogue.pk)
    check_can_adjudicate(by, dialogue.dataset)
    repeated = _repeated(dialogue, None, ruling, by, idempotency_key)
    if repeated is not None:
        return repeated
    if dialogue.stage != Stage.DISPUTED:
        raise Conflict(_not_disputed(dialogue))
    disputes.check_free(dialogue, by)
    if ruling.verdict == Verdict.SKIP:
        raise Invalid("An adjudicator accepts, edits, rejects or asks for more.", field="verdict")
    # Before a text of their own becomes a candidate.
    saw = _saw_disputed(dialogue, by)
    candidate = chosen(dialogue, None, ruling, by)
    also = also_accepted(dialogue, None, ruling, candidate)
    decision = Decision(
        dialogue=dialogue,
        reviewer=by,
        candidate=candidate,
        adjudication=True,
        seconds=disputes.seconds_at(dialogue, by),
        saw=saw,
        idempotency_key=idempotency_key,
        **recorded(dialogue, ruling, candidate),
    )
    _apply_adjudication(dialogue, decision)
    return _kept(decision, also)


def _saw_disputed(dialogue: Dialogue, by: User) -> dict[str, Any]:
    """What an adjudicator had before their eyes: in a dispute nothing is hidden from them."""
    membership = Membership.objects.select_related("dataset", "user").get(
        dataset=dialogue.dataset_id, user=by
    )
    view = visibility.disputed(dialogue, membership)
    seen = [decision.pk for decision in view.decisions]
    return {**visibility.shown(view), "trying": False, "decisions": seen}


def _not_disputed(dialogue: Dialogue) -> str:
    name = dialogue.external_id
    if dialogue.stage in {Stage.APPROVED, Stage.REJECTED}:
        return (
            f"Dialogue {name} is {dialogue.stage}, no longer disputed. Load it again to see how it "
            "was settled."
        )
    return f"Dialogue {name} is not disputed: it waits for its reviewers or for the models."


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
    if named != (dialogue.pk, place, ruling.verdict) or not _says_the_same(earlier, ruling):
        raise Conflict("This idempotency key was used for another decision. Send a new key.")
    return earlier


def _says_the_same(earlier: Decision, ruling: Ruling) -> bool:
    """Whether a ruling approves what a decision did, or rejects for its reason.

    Or who corrects themselves after an answer that never came would be told that it counts.
    """
    if ruling.verdict == Verdict.ACCEPT:
        return earlier.candidate_id == ruling.candidate_id
    if ruling.verdict == Verdict.EDIT:
        candidate = earlier.candidate
        return candidate is not None and candidate.text_key == text_key(ruling.text.strip())
    return ruling.verdict != Verdict.REJECT or earlier.reason == ruling.reason


def _leave_place(dialogue: Dialogue, assignment: Assignment, verdict: Verdict) -> None:
    skipped = verdict == Verdict.SKIP
    assignment.state = PlaceState.SKIPPED if skipped else PlaceState.DECIDED
    assignment.ended_at = timezone.now()
    assignment.draft, assignment.draft_rest = "", {}
    assignment.save(update_fields=["state", "ended_at", "draft", "draft_rest"])
    if skipped and not assignment.is_practice():
        count_places(dialogue)


def _apply(dialogue: Dialogue, decision: Decision) -> None:
    """Moves the dialogue where this decision, with those before it, leads."""
    if decision.verdict == Verdict.MORE:
        _ask_more(dialogue, decision.note)
    elif decision.verdict in SETTLING:
        _settle(dialogue, [*_others(dialogue), decision])


def _others(dialogue: Dialogue) -> list[Decision]:
    """What counts beside the decision that is being made now, whose place is among those taken."""
    if dialogue.places_taken <= 1:
        return []
    return list(Decision.objects.counting(dialogue).select_related("candidate"))


def _settle(dialogue: Dialogue, made: Sequence[Decision]) -> None:
    if dialogue.one_suffices and not auditing.suffices(dialogue, made):
        _need_all(dialogue)
    settlement = settle(
        [decision.outcome() for decision in made],
        needed=dialogue.decisions_needed(),
        quorum=1 if dialogue.one_suffices else dialogue.dataset.agreement_needed(),
    )
    if settlement is not None:
        if dialogue.places_taken > dialogue.decisions_needed():
            _free_the_rest(dialogue)
        _conclude(dialogue, settlement, made, adjudicated=False)


def _need_all(dialogue: Dialogue) -> None:
    """Somebody says otherwise than the certificate: as many decide as on any other dialogue."""
    Dialogue.objects.filter(pk=dialogue.pk).update(one_suffices=False)
    dialogue.one_suffices = False


def _free_the_rest(dialogue: Dialogue) -> None:
    """The policy asks for fewer decisions than it did: places that are still held have gone."""
    end_round(dialogue)
    count_places(dialogue)


def _conclude(
    dialogue: Dialogue,
    settlement: Settlement,
    made: Sequence[Decision],
    *,
    adjudicated: bool = False,
) -> None:
    """Moves the dialogue where `made` decisions settled it."""
    if settlement.candidate_id is None:
        advance(dialogue, settlement.event, settled_at=timezone.now())
        return
    chosen_by_them = (decision.candidate for decision in made if decision.candidate)
    candidate = next(c for c in chosen_by_them if c.pk == settlement.candidate_id)
    advance(
        dialogue,
        Event.APPROVE,
        approved_candidate=candidate,
        approval=_approval(candidate, adjudicated=adjudicated),
        settled_at=timezone.now(),
        checks_due=bool(dialogue.target_images),
        traits_due=True,
        **unchecked(dialogue),
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
    settlement = Settlement(event, decision.candidate_id)
    _conclude(dialogue, settlement, [decision], adjudicated=True)


def _ask_more(dialogue: Dialogue, note: str) -> None:
    """Back to the models with the reviewer's note, in a new round where all places are free."""
    end_round(dialogue)
    advance(
        dialogue,
        Event.ASK_MORE,
        round=dialogue.round + 1,
        note_to_models=note,
        places_taken=0,
        drawn_place=None,
        one_suffices=False,
    )
