"""What a reviewer is writing, kept on the server at every pause.

A draft outlives its lease, the browser and the device: whoever opens the dialogue again at a place
of theirs finds it. It ends with the decision.
"""

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from review.errors import Conflict, Invalid, NewerDraft, PlaceLost
from review.models import Arm, Assignment
from review.places import activity
from review.rulings import LONGEST_NOTE, LONGEST_REWRITE

# What a form holds beside its text: everything is optional, everything else is refused.
FIELDS = {
    "verdict": 16,
    "candidate": 20,
    "reject_reason": 64,
    "skip_reason": 64,
    "reject_note": LONGEST_NOTE,
    "more_note": LONGEST_NOTE,
    "skip_note": LONGEST_NOTE,
    "note": LONGEST_NOTE,
    "override": LONGEST_NOTE,
}
MOST_ALSO = 200


@dataclass(frozen=True)
class Draft:
    """A form as it stands: its text, and by name what else was chosen or written.

    `revision` is the one that it was written upon.
    """

    text: str = ""
    rest: dict[str, Any] = field(default_factory=dict)
    revision: int = 0


@dataclass(frozen=True)
class Kept:
    """A draft as kept: its new revision, and whether the place is still held."""

    revision: int
    held: bool


def save(*, assignment: Assignment, draft: Draft) -> Kept:
    """Keeps a draft, and counts it as a sign of life.

    It is kept where the lease has ended, too. Raises `NewerDraft` where another tab or device has
    kept one since, and `Invalid` where it is none.
    """
    _check(draft)
    held = activity.note(assignment)
    rows = Assignment.objects.filter(pk=assignment.pk, draft_revision=draft.revision)
    kept = rows.exclude(state__in=["decided", "skipped"]).update(
        draft=draft.text.replace("\x00", ""),
        draft_rest=draft.rest,
        draft_revision=draft.revision + 1,
        drafted_at=timezone.now(),
    )
    if not kept:
        assignment.refresh_from_db()
        raise NewerDraft(assignment)
    return Kept(draft.revision + 1, held)


def write_unaided(*, assignment: Assignment, text: str) -> None:
    """In the *unaided* arm: the reviewer's own rewrite, after which they see the candidates.

    The first one stands. Raises `PlaceLost`, or `Conflict` in any other arm.
    """
    text = text.strip()
    if not text:
        raise Invalid("Write your own rewrite first: the text is empty.", field="text")
    _check(Draft(text))
    rows = Assignment.objects.held().filter(pk=assignment.pk, arm=Arm.UNAIDED, unaided_text="")
    rows.update(unaided_text=text.replace("\x00", ""))
    assignment.refresh_from_db(fields=["state", "unaided_text"])
    if not assignment.is_open():
        raise PlaceLost("Your time for this dialogue ended before you wrote. Claim the next one.")
    if not assignment.unaided_text:
        raise Conflict("Its candidates were never hidden from you. Decide on them.")


def _check(draft: Draft) -> None:
    if len(draft.text) > LONGEST_REWRITE:
        raise Invalid(
            f"The text has {len(draft.text):,} characters, the most is {LONGEST_REWRITE:,}.",
            field="text",
        )
    for name, value in draft.rest.items():
        _check_field(name, value)


def _check_field(name: str, value: Any) -> None:
    if name == "also":
        numbers = isinstance(value, list) and all(type(entry) is int for entry in value)
        if not numbers or len(value) > MOST_ALSO:
            raise Invalid("`also` is a list of candidates' ids.", field="also")
    elif name not in FIELDS:
        raise Invalid(f"A draft has no field “{name}”: it has {', '.join(FIELDS)}.", field=name)
    elif not isinstance(value, str) or len(value) > FIELDS[name] or "\x00" in value:
        raise Invalid(f"{name} is a text of at most {FIELDS[name]:,} characters.", field=name)
