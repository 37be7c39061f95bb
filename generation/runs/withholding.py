"""Whose reply does not show yet: what judges said of a dialogue that was drawn for calibration,
to an admin who may still be handed it and must come to it without their scores."""

from collections.abc import Sequence

from django.db.models import prefetch_related_objects

from generation.models import Call, RunKind
from review import visibility
from review.models import Membership


def withheld(calls: Sequence[Call], membership: Membership) -> set[int]:
    """The keys of those calls, in a fixed number of questions."""
    prefetch_related_objects(calls, "run", "item__dialogue__dataset")
    dialogues = {call.pk: call.item.dialogue for call in calls if call.item and _judges(call)}
    sights = visibility.sights(list(dialogues.values()), membership)
    return {key for key, dialogue in dialogues.items() if not sights[dialogue.pk].scores}


def _judges(call: Call) -> bool:
    return call.run is not None and call.run.kind == RunKind.JUDGE
