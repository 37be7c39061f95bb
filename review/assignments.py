"""Places in dialogues: claiming one, keeping it, giving it back.

A place is a lease. Nothing is locked while a person thinks; every change locks the dialogue first
and then its assignments, so that two changes of one dialogue come one after the other.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from review.errors import Missing
from review.models import Assignment, Dataset, Dialogue, Membership, PlaceState, User
from review.models.assignments import TAKEN
from review.permissions import check_can_review


def claim_next(*, dataset: Dataset, by: User) -> Assignment | None:
    """The reviewer's own open place if there is one, else a place in the next dialogue that waits.

    None where nothing waits for this person.
    """
    check_can_review(by, dataset)
    held = _renewed(dataset, by)
    if held is not None:
        return held
    release_overdue(dataset=dataset)
    with transaction.atomic():
        # One claim at a time per person, or two tabs would hold two places.
        Membership.objects.select_for_update().get(dataset=dataset, user=by)
        return _renewed(dataset, by) or _claimed(dataset, by)


def place_of(*, assignment_id: int, by: User) -> Assignment:
    """An assignment of `by`; anybody else's does not exist for them."""
    found = (
        Assignment.objects.select_related("dialogue__dataset")
        .filter(pk=assignment_id, reviewer=by)
        .first()
    )
    if found is None:
        raise Missing("There is no such place among yours. Claim the next dialogue.")
    check_can_review(by, found.dialogue.dataset)
    return found


@transaction.atomic
def give_back(*, assignment: Assignment) -> None:
    """Frees an open place; somebody else, or the same person, may take it later."""
    dialogue = Dialogue.objects.select_for_update().get(pk=assignment.dialogue_id)
    _end(dialogue, assignment.pk, PlaceState.RETURNED)


def release_overdue(*, dataset: Dataset, most: int = 50) -> int:
    """Frees places whose lease has ended, and returns how many."""
    overdue = (
        Assignment.objects.overdue(timezone.now())
        .filter(dialogue__dataset=dataset)
        .values_list("pk", "dialogue_id")[:most]
    )
    return sum(_expire(assignment_id, dialogue_id) for assignment_id, dialogue_id in overdue)


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


def count_places(dialogue: Dialogue) -> None:
    """Writes down how many places of the present round are taken. The dialogue is locked."""
    taken = Assignment.objects.taken().filter(dialogue=dialogue, round=dialogue.round).count()
    Dialogue.objects.filter(pk=dialogue.pk).update(places_taken=taken)
    dialogue.places_taken = taken


def lease_end(dataset: Dataset) -> datetime:
    return timezone.now() + timedelta(minutes=dataset.lease_minutes)


def _renewed(dataset: Dataset, by: User) -> Assignment | None:
    mine = (
        Assignment.objects.held_by(by)
        .filter(dialogue__dataset=dataset)
        .select_related("dialogue__dataset")
        .order_by("claimed_at")
        .first()
    )
    if mine is None:
        return None
    end = lease_end(dataset)
    if not Assignment.objects.held().filter(pk=mine.pk).update(expires_at=end):
        return None
    mine.expires_at = end
    return mine


def _claimed(dataset: Dataset, by: User) -> Assignment | None:
    dialogue = _next_waiting(dataset, by)
    if dialogue is None:
        return None
    now = timezone.now()
    assignment = Assignment.objects.create(
        dialogue=dialogue,
        reviewer=by,
        place=free_place(dialogue),
        round=dialogue.round,
        claimed_at=now,
        expires_at=lease_end(dataset),
    )
    count_places(dialogue)
    assignment.dialogue.dataset = dataset
    return assignment


def _next_waiting(dataset: Dataset, by: User) -> Dialogue | None:
    """The first dialogue with a free place for `by`, locked; others who claim pass over it."""
    mine = Assignment.objects.filter(
        dialogue=OuterRef("pk"),
        round=OuterRef("round"),
        reviewer=by,
        state__in=[*TAKEN, PlaceState.SKIPPED],
    )
    return (
        Dialogue.objects.awaiting_review()
        .filter(dataset=dataset, places_taken__lt=dataset.decisions_needed)
        .exclude(Exists(mine))
        .order_by("stage", "pk")  # "judged" sorts before "proposed": scored dialogues first
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )


def free_place(dialogue: Dialogue) -> int:
    """The lowest number that no place of the present round has. The dialogue is locked."""
    taken = set(
        Assignment.objects.taken()
        .filter(dialogue=dialogue, round=dialogue.round)
        .values_list("place", flat=True)
    )
    return next(place for place in range(len(taken) + 1) if place not in taken)


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
