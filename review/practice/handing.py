"""When a member is handed practice instead of the next dialogue."""

from django.db.models import F

from review.lots import lot
from review.models import Dialogue, Membership
from review.practice import quiz
from review.practice.pool import next_for


def for_quiz(membership: Membership) -> Dialogue | None:
    """The next dialogue of the quiz; None while its outcome hangs on those that are handed out, or
    where none is left."""
    return next_for(membership) if quiz.has_room(membership) else None


def for_control(membership: Membership) -> Dialogue | None:
    """A control to come before the dialogue that waits, if the lot says so and one is left.

    Drawn once for each place by the number of the draw, so that the same seed draws the same, and
    only where a dialogue waits: who looks again at an empty queue would meet nothing but controls.
    The membership is locked.
    """
    dataset = membership.dataset
    if not dataset.control_rate:
        return None
    number = membership.lots_drawn
    Membership.objects.filter(pk=membership.pk).update(lots_drawn=F("lots_drawn") + 1)
    drawn = lot(dataset.seed, "control", membership.user.username, number)
    return next_for(membership) if drawn < dataset.control_rate else None
