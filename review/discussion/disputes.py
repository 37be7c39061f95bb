"""Disputes: which one an adjudicator is handed next, and how long they hold it.

A hold is a lease on the dialogue itself, as a place is for a reviewer: nobody else is handed the
dispute meanwhile, nothing is locked while the adjudicator thinks, and it ends by itself. It stands
in `Dialogue.held_by`; whoever settles the dispute or reopens the dialogue ends it (`stages`).
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from review.assignments import lease_end
from review.errors import Conflict, NotAllowed
from review.models import Assignment, Dataset, Decision, Dialogue, Membership, Role, Stage, User
from review.models.dialogues import DialogueQuerySet
from review.places import activity
from review.stages import UNHELD

# Beyond that nobody needs the exact number.
MOST_COUNTED = 100
MOST_LOOKED_THROUGH = 500
IN_ORDER = ["settled_at", "pk"]


@transaction.atomic
def claim_next(*, dataset: Dataset, by: User) -> Dialogue | None:
    """The dispute to look at: the one in hand, else the oldest that nobody else holds.

    A dispute goes to somebody who had no part in it as long as the dataset has such an
    adjudicator; None where nothing waits.
    """
    membership = _adjudicator(dataset, by)
    rows = _disputed(dataset).order_by(*IN_ORDER).select_for_update(skip_locked=True, of=("self",))
    dialogue = rows.filter(held_by=by).first() or rows.filter(_may_be_handed(membership)).first()
    return None if dialogue is None else _held(dialogue, by)


@transaction.atomic
def take(*, dialogue: Dialogue, by: User) -> Dialogue:
    """Takes a dispute of one's own choice in hand. Raises `Conflict` where another holds it."""
    membership = _adjudicator(dialogue.dataset, by)
    # Never waited for: who sends it back or settles it now has it, and it is no dispute then.
    rows = _disputed(membership.dataset).select_for_update(skip_locked=True, of=("self",))
    locked = rows.filter(pk=dialogue.pk).first()
    if locked is None:
        raise Conflict(
            f"Dialogue {dialogue.external_id} is no longer disputed, or somebody settles it at "
            "this moment. Load it again."
        )
    if Assignment.objects.held_by(by).filter(dialogue=locked).exists():
        raise Conflict("You have a place in this dialogue: decide at your desk first.")
    check_free(locked, by)
    _give_back(
        Dialogue.objects.filter(dataset=membership.dataset, held_by=by).exclude(pk=locked.pk)
    )
    return _held(locked, by)


def renew(*, dialogue: Dialogue, by: User) -> bool:
    """Counts a sign of life and renews the hold; False where it has gone to somebody else."""
    now = timezone.now()
    held = Dialogue.objects.disputed().filter(
        pk=dialogue.pk, held_by=by, held_active_at=dialogue.held_active_at
    )
    seconds = seconds_at(dialogue, by)
    if held.update(
        held_seconds=seconds, held_active_at=now, held_until=lease_end(dialogue.dataset)
    ):
        return True
    # Another tab was quicker by a moment: its sign of life counts for both.
    return Dialogue.objects.disputed().filter(pk=dialogue.pk, held_by=by).exists()


def give_back(*, dialogue: Dialogue, by: User) -> None:
    """Frees a dispute for the other adjudicators."""
    _give_back(Dialogue.objects.filter(pk=dialogue.pk, held_by=by))


def count(membership: Membership) -> int:
    """How many disputes this member could be handed now, counted up to `MOST_COUNTED` among the
    oldest: the navigation of every page asks."""
    if not membership.adjudicates():
        return 0
    oldest = _disputed(membership.dataset).order_by(*IN_ORDER).values("pk")[:MOST_LOOKED_THROUGH]
    theirs = Q(held_by=membership.user_id) | _may_be_handed(membership)
    rows = Dialogue.objects.filter(pk__in=oldest).filter(theirs)
    return rows[:MOST_COUNTED].count()


def left_to_others(membership: Membership) -> int:
    """How many disputes wait for somebody else, for this member had a part in them."""
    rows = _disputed(membership.dataset).filter(_had_a_part(membership.user_id))
    return rows[:MOST_COUNTED].count()


def seconds_at(dialogue: Dialogue, by: User) -> float:
    """Seconds that `by` was at work on a dispute they hold, had the last sign of life come now."""
    if dialogue.held_by_id != by.pk or dialogue.held_active_at is None:
        return 0.0
    pause = activity.pause_until(dialogue.held_active_at, timezone.now())
    return dialogue.held_seconds + pause


def check_free(dialogue: Dialogue, by: User) -> None:
    """Raises `Conflict` where another adjudicator looks at the dispute at this moment."""
    if dialogue.held_by_id in {None, by.pk} or dialogue.held_until is None:
        return
    if dialogue.held_until > timezone.now():
        raise Conflict(
            f"{dialogue.held_by} looks at this dispute now. Take the next one; it comes back if "
            "they leave it."
        )


def _adjudicator(dataset: Dataset, by: User) -> Membership:
    """The membership of one who may settle disputes, locked: one claim at a time per person."""
    rows = Membership.objects.select_for_update(of=("self",)).filter(dataset=dataset, user=by)
    membership = rows.filter(paused=False, user__is_active=True).first()
    if membership is None or not membership.adjudicates():
        raise NotAllowed("Only adjudicators and admins of this dataset settle disputes.")
    membership.dataset = dataset
    return membership


def _disputed(dataset: Dataset) -> DialogueQuerySet:
    return Dialogue.objects.filter(dataset=dataset, stage=Stage.DISPUTED).select_related("dataset")


def _may_be_handed(membership: Membership) -> Q:
    """Those that nobody holds now, and that this member may settle without being a party.

    Who has a place in the dialogue, under a policy that once needed more, decides there first.
    """
    free = Q(held_by=None) | Q(held_until__lt=timezone.now())
    mine = Assignment.objects.held().filter(dialogue=OuterRef("pk"), reviewer=membership.user_id)
    partial = Q(_had_a_part(membership.user_id)) & Q(Exists(_impartial(membership)))
    return free & ~Q(Exists(mine)) & ~partial


def _had_a_part(user_id: int) -> Exists:
    """Whether a person decided on the dialogue of the outer query, in its present round."""
    part = Decision.objects.standing().filter(adjudication=False, reviewer=user_id)
    return Exists(part.filter(dialogue=OuterRef("pk"), round=OuterRef("round")))


def _impartial(membership: Membership) -> QuerySet[Membership]:
    """Others who could settle the dialogue of the outer query and had no part in it."""
    parties = (
        Decision.objects.standing()
        .filter(adjudication=False, dialogue=OuterRef(OuterRef("pk")))
        .filter(reviewer=OuterRef("user"), round=OuterRef(OuterRef("round")))
    )
    others = Membership.objects.filter(
        dataset=membership.dataset,
        role__in=[Role.ADJUDICATOR, Role.ADMIN],
        paused=False,
        user__is_active=True,
    )
    return others.exclude(pk=membership.pk).exclude(Exists(parties))


def _held(dialogue: Dialogue, by: User) -> Dialogue:
    now = timezone.now()
    if dialogue.held_by_id != by.pk:
        dialogue.held_by, dialogue.held_seconds = by, 0.0
    dialogue.held_active_at = now
    dialogue.held_until = lease_end(dialogue.dataset)
    dialogue.save(update_fields=["held_by", "held_until", "held_active_at", "held_seconds"])
    return dialogue


def _give_back(rows: DialogueQuerySet) -> None:
    rows.update(**UNHELD)
