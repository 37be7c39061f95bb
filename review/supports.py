"""What people point to when a word of a rewrite is said nowhere: the turn that means it all the
same, in its words or in an image that it shows."""

from django.db import transaction
from django.utils import timezone

from review.errors import Invalid, Missing, NotAllowed
from review.models import Candidate, Dialogue, Membership, User, WordSupport
from review.permissions import MEMBERS_ALONE, membership_of
from review.visibility import shows_traits, sights
from review.wording.grounding import Support
from review.wording.tokens import key


def check_can_support(dialogue: Dialogue, membership: Membership | None) -> None:
    if membership is None:
        raise NotAllowed(MEMBERS_ALONE)
    if not shows_traits(sights([dialogue], membership)[dialogue.pk]):
        raise NotAllowed("You say what supports a word once you have decided on the dialogue.")


@transaction.atomic
def add(*, dialogue: Dialogue, word: str, turn: int, by: User) -> WordSupport:
    """Keeps that a turn (from 0) supports a word of the approved rewrite, as it is written there.

    A person points a word to one turn: another takes the place of the first, and the same again
    changes nothing. Raises `NotAllowed`; `Invalid` where there is no such word or turn.
    """
    check_can_support(dialogue, membership_of(by, dialogue.dataset))
    row = Dialogue.objects.select_for_update(of=("self",)).get(pk=dialogue.pk)
    rewrite = row.approved_candidate
    if rewrite is None:
        raise Invalid("No rewrite is approved: there is no word to support.")
    word_key = _key(row, rewrite, word)
    if not 0 <= turn < len(row.turns):
        raise Invalid(f"There is no turn {turn}: the last is {len(row.turns) - 1}.", field="turn")
    own = WordSupport.objects.filter(candidate=rewrite, word_key=word_key, by=by, withdrawn=None)
    there = own.first()
    if there is not None and there.turn == turn:
        return there
    own.update(withdrawn=timezone.now())
    return WordSupport.objects.create(
        dialogue=row, candidate=rewrite, word_key=word_key, turn=turn, by=by
    )


def _key(dialogue: Dialogue, rewrite: Candidate, word: str) -> str:
    wanted = key(word.strip())
    words = Support(dialogue.turns).content(rewrite.text)
    if wanted not in {found.key for found in words}:
        raise Invalid(f"“{word}” is no content word of the approved rewrite.", field="word")
    return wanted


@transaction.atomic
def withdraw(*, dialogue: Dialogue, support_id: int, by: User) -> WordSupport:
    """Takes back what somebody pointed to: by whoever said it, or by an admin. Safe to repeat."""
    membership = membership_of(by, dialogue.dataset)
    check_can_support(dialogue, membership)
    Dialogue.objects.select_for_update().get(pk=dialogue.pk)
    row = dialogue.word_supports.filter(pk=support_id).first()
    if row is None:
        raise Missing("There is no such support of a word of this dialogue.")
    if row.by_id != by.pk and not (membership and membership.administers()):
        raise NotAllowed("Only who pointed to a turn, or an admin, takes it back.")
    if row.withdrawn is None:
        row.withdrawn = timezone.now()
        row.save(update_fields=["withdrawn"])
    return row
