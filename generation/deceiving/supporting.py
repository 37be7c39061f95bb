"""People's word on what supports a word, and what it changes at once: no search is needed."""

from django.db import transaction

from generation.deceiving.renewing import renew
from review import supports
from review.models import Dialogue, User, WordSupport


@transaction.atomic
def support(*, dialogue: Dialogue, word: str, turn: int, by: User) -> WordSupport:
    """Keeps that a turn supports a word of the approved rewrite; see `review.supports.add`.

    Where others still leak, their share is due: a door sends `drain_traits`.
    """
    row = supports.add(dialogue=dialogue, word=word, turn=turn, by=by)
    renew(dialogue.dataset, [dialogue])
    return row


@transaction.atomic
def withdraw(*, dialogue: Dialogue, support_id: int, by: User) -> WordSupport:
    """Takes that back; see `review.supports.withdraw`."""
    row = supports.withdraw(dialogue=dialogue, support_id=support_id, by=by)
    renew(dialogue.dataset, [dialogue])
    return row
