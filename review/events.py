"""The one event that crosses to `generation`: an approved rewrite wants its retrieval check."""

from django.db import transaction
from django.dispatch import Signal

from review.models import Dialogue

# Sent with `dialogue_id` and `dataset_id`, after the approval was committed.
rewrite_approved = Signal()


def announce_approval(dialogue: Dialogue) -> None:
    """Sends `rewrite_approved` once the transaction holds.

    Robust: whatever a receiver does (a dead broker), the decision stands and the caller goes on.
    """
    dialogue_id, dataset_id = dialogue.pk, dialogue.dataset_id
    transaction.on_commit(
        lambda: rewrite_approved.send(Dialogue, dialogue_id=dialogue_id, dataset_id=dataset_id),
        robust=True,
    )
