"""Which dialogue a reviewer is handed next.

Dialogues that were drawn for calibration come before all others, in the order of the draw. Of the
rest those in which others have begun come first, so that second opinions arrive while the first are
fresh; then those that nobody has taken, in the order of the dataset's policy. That order stands in
`Dialogue.queue_key`, kept by a trigger; each question below walks an index from its first row, so
none takes longer in a dataset of a million.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Subquery

from review.models import Assignment, Dialogue, Membership, PlaceState, Stage
from review.models.assignments import TAKEN
from review.models.dialogues import DialogueQuerySet

# Of a lone reviewer all dialogues that were begun are their own: so many are looked through before
# one that nobody has begun is handed out.
MOST_LOOKED_THROUGH = 200
# States of a place after which its reviewer is not handed the dialogue again.
GONE = [*TAKEN, PlaceState.SKIPPED]
IN_ORDER = ["stage", "queue_key", "pk"]  # "judged" sorts before "proposed"


@dataclass(frozen=True)
class Waiting:
    """A dialogue to hand out, and whether its new reviewer has had a place in it before."""

    dialogue: Dialogue
    known: bool


def next_waiting(membership: Membership) -> Waiting | None:
    """The first dialogue with a free place for this member, locked; who else claims passes over
    it.

    Where all are locked, by a decision or by work in the background, it asks again once one of them
    is free: to be told that nothing waits would send people home.
    """
    _walk_indexes()
    return _first(membership) or (_first(membership) if _await_one(membership) else None)


def _await_one(membership: Membership) -> bool:
    """Waits until the first dialogue is no longer locked; False where there is none.

    For a single one, or who locks several would wait for this person and they for them.
    """
    for waiting in _in_turn(membership):
        first = waiting.values_list("pk", flat=True).first()
        if first is not None:
            return Dialogue.objects.select_for_update().filter(pk=first).first() is not None
    return False


def _first(membership: Membership) -> Waiting | None:
    for waiting in _in_turn(membership):
        rows = waiting.select_for_update(skip_locked=True, of=("self",))
        dialogue = rows.annotate(had=_place_had(membership)).first()
        if dialogue is not None:
            return Waiting(dialogue, known=dialogue.had is not None)
    return None


def _walk_indexes() -> None:
    """Has the database take rows in the order of an index until the transaction ends.

    Where it has no statistics yet, as after a large import, it takes a million rows for one, and
    would as soon sort them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")


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
    """Where to look, one after the other, each in its order."""
    yield _drawn(membership)
    for rows in _not_drawn(membership):
        yield rows.order_by(*IN_ORDER)


def _drawn(membership: Membership) -> DialogueQuerySet:
    """Whether begun or not: what was drawn has all its decisions before anything else."""
    rows = _in_language(_waiting(membership).filter(drawn_place__isnull=False), membership)
    return _not_theirs(rows, membership).order_by("drawn_place", "pk")


def _not_drawn(membership: Membership) -> Iterator[DialogueQuerySet]:
    waiting = _waiting(membership)
    begun, fresh = waiting.filter(places_taken__gt=0), waiting.filter(places_taken=0)
    several = membership.dataset.decisions_needed > 1
    if several:
        for rows in _readable(begun, membership):
            yield from _of_the_first(rows, membership)
    for rows in _readable(fresh, membership):
        yield _not_theirs(rows, membership)
    if several:
        for rows in _readable(begun, membership):
            yield _not_theirs(rows, membership)


def _of_the_first(rows: DialogueQuerySet, membership: Membership) -> Iterator[DialogueQuerySet]:
    """Of the first rows those that this member may be handed, if there are any.

    In two questions: asked as one, the database would look through all that were begun.
    """
    first = rows.order_by(*IN_ORDER).annotate(had=_place_had(membership, *GONE))
    looked = first.values_list("pk", "had")[:MOST_LOOKED_THROUGH]
    free = [pk for pk, had in looked if had is None]
    if free:
        # All is asked once more with the lock: others may have taken the last place since.
        yield _not_theirs(rows.filter(pk__in=free), membership)


def _readable(rows: DialogueQuerySet, membership: Membership) -> Iterator[DialogueQuerySet]:
    """What the member reads of `rows`: one language at a time, since only so an index has them in
    order, and the language first of which a dialogue comes first."""
    if not membership.languages:
        yield rows
        return
    by_language = [rows.filter(language=language) for language in [*membership.languages, ""]]
    heads = [one.order_by(*IN_ORDER).values_list(*IN_ORDER, "language")[:1] for one in by_language]
    for *_, language in sorted(heads[0].union(*heads[1:], all=True)):
        yield rows.filter(language=language)


def _waiting(membership: Membership) -> DialogueQuerySet:
    dataset = membership.dataset
    stages = [Stage.JUDGED] if dataset.needs_scores else [Stage.JUDGED, Stage.PROPOSED]
    return Dialogue.objects.with_a_free_place(dataset).filter(stage__in=stages)


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
        state__in=GONE,
    )
    return rows.exclude(Exists(mine))


def _place_had(membership: Membership, *states: str) -> Subquery:
    """A place of the member in a dialogue; one in any of `states` of the present round, if named.

    A key and no `Exists`: that the database would answer from a list of all their places.
    """
    mine = Assignment.objects.filter(dialogue=OuterRef("pk"), reviewer=membership.user_id)
    if states:
        mine = mine.filter(round=OuterRef("round"), state__in=states)
    return Subquery(mine.values("pk")[:1])
