"""Which dialogue a reviewer is handed next.

Dialogues in which others have begun come first, so that second opinions arrive while the first are
fresh; then those that nobody has taken, in the order of the dataset's policy. That order stands in
`Dialogue.queue_key`, kept by a trigger; each question below walks an index from its first row, so
none takes longer in a dataset of a million.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from review.models import Assignment, Dialogue, Membership, PlaceState, Stage
from review.models.assignments import TAKEN
from review.models.dialogues import DialogueQuerySet

# Of a lone reviewer all dialogues that were begun are their own: so many are looked through before
# one that nobody has begun is handed out.
MOST_LOOKED_THROUGH = 200
IN_ORDER = ["stage", "queue_key", "pk"]  # "judged" sorts before "proposed"


@dataclass(frozen=True)
class Waiting:
    """A dialogue to hand out, and whether its new reviewer has had a place in it before."""

    dialogue: Dialogue
    known: bool


def next_waiting(membership: Membership) -> Waiting | None:
    """The first dialogue with a free place for this member, locked; who else claims passes over
    it."""
    theirs = Assignment.objects.filter(dialogue=OuterRef("pk"), reviewer=membership.user_id)
    for waiting in _in_turn(membership):
        rows = waiting.order_by(*IN_ORDER).select_for_update(skip_locked=True, of=("self",))
        dialogue = rows.annotate(known=Exists(theirs)).first()
        if dialogue is not None:
            return Waiting(dialogue, dialogue.known)
    return None


def open_to(membership: Membership) -> DialogueQuerySet:
    """Every dialogue that this member could be handed now."""
    return _not_theirs(_in_language(_waiting(membership), membership), membership)


def in_other_languages(membership: Membership) -> DialogueQuerySet:
    """Every dialogue that this member could be handed now, were it in a language they read."""
    waiting = _waiting(membership)
    if not membership.languages:
        return waiting.none()
    return _not_theirs(waiting.exclude(language__in=[*membership.languages, ""]), membership)


def _in_turn(membership: Membership) -> Iterator[DialogueQuerySet]:
    waiting = _waiting(membership)
    several = membership.dataset.decisions_needed > 1
    begun = _in_language(waiting.filter(places_taken__gt=0), membership)
    if several:
        first = begun.order_by(*IN_ORDER).values("pk")[:MOST_LOOKED_THROUGH]
        # All is asked of the row itself once more: others may have taken its last place since.
        yield _not_theirs(begun.filter(pk__in=first), membership)
    yield from _fresh(waiting.filter(places_taken=0), membership)
    if several:
        yield _not_theirs(begun, membership)


def _fresh(waiting: DialogueQuerySet, membership: Membership) -> Iterator[DialogueQuerySet]:
    """Those that nobody has taken; one language after the other where the member reads few."""
    if not membership.languages:
        yield _not_theirs(waiting, membership)
        return
    for language in [*membership.languages, ""]:
        yield _not_theirs(waiting.filter(language=language), membership)


def _waiting(membership: Membership) -> DialogueQuerySet:
    dataset = membership.dataset
    stages = [Stage.JUDGED] if dataset.needs_scores else [Stage.JUDGED, Stage.PROPOSED]
    return Dialogue.objects.filter(
        dataset=dataset, stage__in=stages, places_taken__lt=dataset.decisions_needed
    )


def _in_language(rows: DialogueQuerySet, membership: Membership) -> DialogueQuerySet:
    """Dialogues in a language that the member reads, or in none that anybody could tell."""
    if not membership.languages:
        return rows
    return rows.filter(language__in=[*membership.languages, ""])


def _not_theirs(rows: DialogueQuerySet, membership: Membership) -> DialogueQuerySet:
    """Without those in which the member has had a place in the present round."""
    mine = Assignment.objects.filter(
        dialogue=OuterRef("pk"),
        round=OuterRef("round"),
        reviewer=membership.user_id,
        state__in=[*TAKEN, PlaceState.SKIPPED],
    )
    return rows.exclude(Exists(mine))
