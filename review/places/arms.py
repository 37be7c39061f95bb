"""Arms: what is hidden from a reviewer by lot, to learn how much it leads people.

An arm is drawn when a place is claimed and stays with it. It follows from the seed, the dialogue
and the reviewer alone, so nobody draws again by passing a dialogue on and taking it once more; and
decisions are analysed by the arm that was drawn, whatever was seen in the end.
"""

from review.lots import lot
from review.models import Arm, Dataset, Dialogue, User


def drawn(dataset: Dataset, dialogue: Dialogue, reviewer: User) -> Arm:
    """The arm of a reviewer's place in a dialogue, by the shares of the dataset's policy."""
    drawn_at = lot(dataset.seed, "arm", dialogue.external_id, dialogue.round, reviewer.username)
    reached = 0.0
    for arm in Arm:
        reached += dataset.arms.get(arm, 0.0)
        if arm != Arm.PLAIN and drawn_at < reached:
            return arm
    return Arm.PLAIN
