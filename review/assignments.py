"""Places in dialogues: claiming one, keeping it, giving it back.

A place is a lease. Nothing is locked while a person thinks; every change locks the dialogue first
and then its assignments, so that two changes of one dialogue come one after the other. A reviewer
has at most one place in hand, and one ahead of it, so that the next dialogue is at the desk before
the decision on this one is made.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from review.errors import Conflict, GuidelinesUnread, Missing, NotAllowed
from review.models import (
    Arm,
    Assignment,
    Dataset,
    Dialogue,
    Membership,
    PlaceState,
    Purpose,
    Stage,
    User,
)
from review.permissions import MEMBERS_ALONE, permitted
from review.places import arms, queue
from review.practice import handing, quiz

# Who left the desk may come back so soon without losing the place.
MINUTES_AFTER_LEAVING = 5


def claim_next(*, dataset: Dataset, by: User) -> Assignment | None:
    """The place to work at: the one in hand, one sent back, the one ahead, else a new one.

    None where nothing waits for this person. Raises `GuidelinesUnread` where they have not
    confirmed the guidelines in force.
    """
    return claim_in(slug=dataset.slug, by=by)


def claim_in(*, slug: str, by: User) -> Assignment | None:
    """The same in a dataset known by its slug. Raises `Missing` where it is none of theirs."""
    place = _claim(slug, by)
    if place is None and release_overdue(dataset=Dataset.objects.get(slug=slug)):
        place = _claim(slug, by)
    return place


@transaction.atomic
def _claim(slug: str, by: User) -> Assignment | None:
    membership = _at_the_desk(slug, by)
    held = _held(membership)
    return begin(held[0]) if held else _claimed(membership, begun=True)


@transaction.atomic
def claim_ahead(*, dataset: Dataset, by: User) -> Assignment | None:
    """The place after the one in hand, claimed or renewed now; None where nothing else waits."""
    membership = _at_the_desk(dataset.slug, by)
    held = _held(membership)
    # Nothing is in hand yet where the first has not begun: that one is the next.
    ahead = held if held and held[0].begun_at is None else held[1:]
    return _renewed(ahead[0]) if ahead else _claimed(membership, begun=False)


def _renewed(ahead: Assignment) -> Assignment:
    """Who works on the one before for longer than a lease keeps what is at their desk already."""
    ahead.expires_at = max(ahead.expires_at, lease_end(ahead.dialogue.dataset))
    ahead.save(update_fields=["expires_at"])
    return ahead


def begin(assignment: Assignment) -> Assignment:
    """Takes a held place in hand: its lease starts anew, and so does the time at work on it."""
    now = timezone.now()
    assignment.begun_at = assignment.begun_at or now
    assignment.active_at = now
    assignment.expires_at = max(assignment.expires_at, lease_end(assignment.dialogue.dataset))
    assignment.save(update_fields=["begun_at", "active_at", "expires_at"])
    return assignment


def place_of(*, assignment_id: int, by: User) -> Assignment:
    """An assignment of `by`; anybody else's does not exist for them."""
    return _own(Assignment.objects.all(), assignment_id, by)


def locked_place(*, assignment_id: int, by: User) -> Assignment:
    """The same with its dialogue, both rows locked until the transaction ends.

    The dialogue is locked first, so that both are as the last change of it left them.
    """
    rows = Assignment.objects.select_for_update(of=("dialogue", "self"))
    return _own(rows, assignment_id, by)


def _own(rows: QuerySet[Assignment], assignment_id: int, by: User) -> Assignment:
    member = Membership.objects.active(by).filter(dataset=OuterRef("dialogue__dataset"))
    own = rows.filter(pk=assignment_id, reviewer=by).select_related("dialogue__dataset")
    found = own.annotate(may=Exists(member)).first()
    if found is None:
        raise Missing("There is no such place among yours. Claim the next dialogue.")
    if not found.may:
        raise NotAllowed(MEMBERS_ALONE)
    return found


def reclaim(*, assignment: Assignment, by: User) -> Assignment:
    """Takes a lost place in hand again, with what was written at it, where a place is still free.

    What was in hand since waits behind it. Raises `Conflict` where the place is not to be had.
    """
    _reclaim(assignment, by)
    put_behind(assignment)
    return assignment


@transaction.atomic
def _reclaim(assignment: Assignment, by: User) -> None:
    membership = _at_the_desk(assignment.dialogue.dataset.slug, by)
    dialogue = Dialogue.objects.select_for_update().get(pk=assignment.dialogue_id)
    dialogue.dataset = membership.dataset
    assignment.refresh_from_db()
    assignment.dialogue = dialogue
    if not assignment.is_open():
        _check_can_reclaim(dialogue, assignment)
        hold_again(dialogue, assignment)
    begin(assignment)


def _check_can_reclaim(dialogue: Dialogue, assignment: Assignment) -> None:
    name = dialogue.external_id
    if assignment.state in {PlaceState.DECIDED, PlaceState.SKIPPED}:
        raise Conflict(f"You have decided on dialogue {name}. Undo that decision to change it.")
    if assignment.round != dialogue.round:
        raise Conflict(f"Dialogue {name} went back to the models meanwhile. Claim the next one.")
    mine = Assignment.objects.taken().filter(dialogue=dialogue, round=dialogue.round)
    if mine.filter(reviewer=assignment.reviewer_id).exists():
        raise Conflict(f"You have another place in dialogue {name}. Claim the next one to see it.")
    if assignment.is_practice():
        return
    if dialogue.stage not in {Stage.PROPOSED, Stage.JUDGED}:
        raise Conflict(f"Dialogue {name} is {dialogue.stage} meanwhile. Claim the next one.")
    if dialogue.places_taken >= dialogue.decisions_needed():
        raise Conflict(
            f"Somebody else has dialogue {name} now. What you wrote is kept; claim the next one."
        )


def put_behind(kept: Assignment) -> None:
    """A reviewer has one place in hand: the dialogue handed to them since is the next one again.

    What was held ahead of that goes back.
    """
    held = Assignment.objects.held_by(kept.reviewer).exclude(pk=kept.pk)
    others = held.filter(dialogue__dataset=kept.dialogue.dataset_id, sent_back_at=None)
    in_hand = others.exclude(begun_at=None)
    if not in_hand.exists():
        return
    for assignment in others.filter(begun_at=None):
        give_back(assignment=assignment)
    in_hand.update(begun_at=None)


@transaction.atomic
def give_back(*, assignment: Assignment) -> bool:
    """Frees a place; somebody else, or the same person, may take it later. False: it was free."""
    dialogue = Dialogue.objects.select_for_update().get(pk=assignment.dialogue_id)
    return _end(dialogue, assignment.pk, PlaceState.RETURNED)


def give_back_all(*, dataset: Dataset, by: User) -> None:
    """Frees every place that a reviewer holds in a dataset: they go, or are paused."""
    held = Assignment.objects.held_by(by).filter(dialogue__dataset=dataset)
    # In the order in which everybody locks several dialogues.
    for assignment in held.order_by("dialogue"):
        give_back(assignment=assignment)


def leave(*, dataset: Dataset, by: User, known: Mapping[int, datetime] | None = None) -> None:
    """The desk was closed: what is held ahead is free at once, what is in hand in some minutes.

    `known`: the places that the closed page held, by their key, and until when as far as it knew.
    Another page is at work on what was renewed since. None: every place, on every page.
    """
    held = Assignment.objects.held_by(by).filter(dialogue__dataset=dataset, sent_back_at=None)
    if known is not None:
        held = held.filter(pk__in=_not_renewed(held, known))
    for assignment in held.filter(begun_at=None):
        give_back(assignment=assignment)
    soon = timezone.now() + timedelta(minutes=MINUTES_AFTER_LEAVING)
    held.filter(expires_at__gt=soon).update(expires_at=soon)


def _not_renewed(held: QuerySet[Assignment], known: Mapping[int, datetime]) -> list[int]:
    # A page may know its leases to the millisecond only.
    unsure = timedelta(milliseconds=1)
    ends = held.filter(pk__in=known).values_list("pk", "expires_at")
    return [key for key, end in ends if end <= known[key] + unsure]


def leave_all(*, by: User) -> None:
    """Who signs out leaves the desk of every dataset."""
    held = Assignment.objects.held_by(by).values("dialogue__dataset")
    for dataset in Dataset.objects.filter(pk__in=held):
        leave(dataset=dataset, by=by)


def release_overdue(*, dataset: Dataset | None = None, most: int = 50) -> int:
    """Frees places whose lease has ended, and returns how many."""
    overdue = Assignment.objects.overdue(timezone.now())
    if dataset is not None:
        overdue = overdue.filter(dialogue__dataset=dataset)
    keys = overdue.order_by("expires_at").values_list("pk", "dialogue_id")[:most]
    return sum(_expire(assignment_id, dialogue_id) for assignment_id, dialogue_id in keys)


@transaction.atomic
def _expire(assignment_id: int, dialogue_id: int) -> bool:
    # A dialogue that is being decided right now is left to that decision.
    dialogue = Dialogue.objects.select_for_update(skip_locked=True).filter(pk=dialogue_id).first()
    if dialogue is None:
        return False
    return _end(dialogue, assignment_id, PlaceState.EXPIRED, overdue_at=timezone.now())


def _end(
    dialogue: Dialogue, assignment_id: int, state: PlaceState, overdue_at: datetime | None = None
) -> bool:
    """Ends one open place of a locked dialogue; False if it was no longer open (or overdue)."""
    held = Assignment.objects.held().filter(pk=assignment_id)
    if overdue_at is not None:
        held = held.filter(expires_at__lt=overdue_at)
    if not held.update(state=state, ended_at=timezone.now()):
        return False
    count_places(dialogue)
    return True


def end_round(dialogue: Dialogue) -> None:
    """Places still held in a locked dialogue have gone: it begins anew, or is settled."""
    held = Assignment.objects.held().for_review().filter(dialogue=dialogue)
    held.update(state=PlaceState.RETURNED, ended_at=timezone.now())


def count_places(dialogue: Dialogue) -> None:
    """Writes down how many places of the present round are taken. The dialogue is locked."""
    _write_down(dialogue, places_taken=len(_taken_places(dialogue)))


def _write_down(dialogue: Dialogue, *, places_taken: int) -> None:
    Dialogue.objects.filter(pk=dialogue.pk).update(places_taken=places_taken)
    dialogue.places_taken = places_taken


def hold_again(dialogue: Dialogue, assignment: Assignment) -> None:
    """Opens an ended place once more. The dialogue is locked and, unless it was decided at this
    place, has one free."""
    if assignment.state != PlaceState.DECIDED and not assignment.is_practice():
        assignment.place = free_place(dialogue)
    assignment.state = PlaceState.OPEN
    assignment.ended_at = None
    assignment.active_at = timezone.now()
    assignment.expires_at = lease_end(dialogue.dataset)
    assignment.save(update_fields=["state", "ended_at", "active_at", "expires_at", "place"])
    count_places(dialogue)


def lease_end(dataset: Dataset) -> datetime:
    return timezone.now() + timedelta(minutes=dataset.lease_minutes)


def _at_the_desk(slug: str, by: User) -> Membership:
    """The membership of one who may be handed a dialogue, locked.

    One claim at a time per person, or two tabs would hold two places.
    """
    rows = Membership.objects.select_for_update(of=("self",))
    membership = permitted(rows, by, slug)
    membership.user = by
    if not membership.knows_guidelines():
        raise GuidelinesUnread(membership.dataset)
    return membership


def _held(membership: Membership) -> list[Assignment]:
    """The first two places that a member holds, in the order of work: in hand, sent back, ahead."""
    held = Assignment.objects.held_by(membership.user).select_related("dialogue")
    in_order = held.filter(dialogue__dataset=membership.dataset).order_by(
        F("begun_at").asc(nulls_last=True), F("sent_back_at").asc(nulls_last=True), "claimed_at"
    )
    places = list(in_order[:2])
    for place in places:
        place.dialogue.dataset = membership.dataset
    return places


def _claimed(membership: Membership, *, begun: bool) -> Assignment | None:
    """A place in the next dialogue, in hand at once or held ahead."""
    if not membership.takes_places():
        return None
    if quiz.is_due(membership):
        return _practising(membership, handing.for_quiz(membership), Purpose.QUIZ, begun=begun)
    waiting = queue.next_waiting(membership)
    if waiting is None:
        return None
    control = handing.for_control(membership)
    if control is not None:
        return _practising(membership, control, Purpose.CONTROL, begun=begun)
    dialogue = waiting.dialogue
    dialogue.dataset = membership.dataset
    taken = _taken_places(dialogue) if dialogue.places_taken else set()
    place = _placed(membership, dialogue, Purpose.REVIEW, _first_free(taken), begun=begun)
    _write_down(dialogue, places_taken=len(taken) + 1)
    return _written_on(place) if waiting.known else place


def _practising(
    membership: Membership, dialogue: Dialogue | None, purpose: Purpose, *, begun: bool
) -> Assignment | None:
    """A place that takes none of the dialogue's own."""
    if dialogue is None:
        return None
    return _written_on(_placed(membership, dialogue, purpose, 0, begun=begun))


def _placed(
    membership: Membership, dialogue: Dialogue, purpose: Purpose, place: int, *, begun: bool
) -> Assignment:
    now = timezone.now()
    return Assignment.objects.create(
        dialogue=dialogue,
        reviewer=membership.user,
        place=place,
        round=dialogue.round,
        purpose=purpose,
        drawn=_is_drawn(dialogue, purpose),
        arm=_arm(membership, dialogue, purpose),
        claimed_at=now,
        begun_at=now if begun else None,
        active_at=now if begun else None,
        expires_at=lease_end(membership.dataset),
    )


def _arm(membership: Membership, dialogue: Dialogue, purpose: Purpose) -> Arm:
    """By lot, except in the quiz, which nobody compares, and in dialogues drawn for calibration,
    where the scores are hidden from everybody."""
    if purpose == Purpose.QUIZ:
        return Arm.PLAIN
    if _is_drawn(dialogue, purpose):
        return Arm.BLIND
    return arms.drawn(membership.dataset, dialogue, membership.user)


def _is_drawn(dialogue: Dialogue, purpose: Purpose) -> bool:
    return dialogue.drawn_place is not None and purpose == Purpose.REVIEW


def _written_on(assignment: Assignment) -> Assignment:
    """A new place with what this person wrote at an earlier one in the dialogue and never sent."""
    earlier = Assignment.objects.filter(
        dialogue=assignment.dialogue_id, reviewer=assignment.reviewer_id, pk__lt=assignment.pk
    )
    last = earlier.exclude(draft="", draft_rest={}).order_by("-pk").first()
    if last is None:
        return assignment
    names = ["draft", "draft_rest", "draft_revision", "drafted_at", "unaided_text"]
    for name in names:
        setattr(assignment, name, getattr(last, name))
    assignment.save(update_fields=names)
    return assignment


def free_place(dialogue: Dialogue) -> int:
    """The lowest number that no place of the present round has. The dialogue is locked."""
    return _first_free(_taken_places(dialogue))


def _first_free(taken: set[int]) -> int:
    return next(place for place in range(len(taken) + 1) if place not in taken)


def _taken_places(dialogue: Dialogue) -> set[int]:
    """Numbers of the places taken in the present round: no two have the same."""
    taken = Assignment.objects.taken().for_review()
    rows = taken.filter(dialogue=dialogue, round=dialogue.round)
    return set(rows.values_list("place", flat=True))


@transaction.atomic
def offer_again(*, dataset: Dataset) -> int:
    """Puts dialogues that reviewers skipped back into everybody's queue; returns how many."""
    skipped = Assignment.objects.filter(
        dialogue__dataset=dataset,
        dialogue__in=Dialogue.objects.awaiting_review(),
        dialogue__round=F("round"),
        state=PlaceState.SKIPPED,
    )
    count = skipped.values("dialogue").distinct().count()
    skipped.update(state=PlaceState.RETURNED)
    return count
