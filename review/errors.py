"""What can go wrong in review, in sentences fit for the person who reads them.

Rules raise these; each door translates them: a page shows a message, the API answers with
problem JSON, a command prints a line and ends with an exit code.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from review.models import Assignment, Dataset


class ReviewError(Exception):
    """A refusal. `str(error)` is a whole sentence that says what to do next."""

    kind = "refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Invalid(ReviewError):
    """What was sent cannot be taken; `field` names where."""

    kind = "invalid"


class InvalidFields(Invalid):
    """Several fields of one request cannot be taken: what is wrong with each, by its name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        first = next(iter(fields))
        super().__init__(fields[first], field=first)
        self.fields = dict(fields)


class NotAllowed(ReviewError):
    """This person may not do this."""

    kind = "not-allowed"


class Missing(ReviewError):
    """There is no such thing, or not for this person."""

    kind = "missing"


class Conflict(ReviewError):
    """The record has moved on since the person looked."""

    kind = "conflict"


class TooMany(ReviewError):
    """Tried too often; later it is possible again."""

    kind = "too-many"


class PlaceLost(Conflict):
    """The place is no longer theirs; what they wrote was kept as a draft."""

    kind = "place-lost"


class NewerDraft(Conflict):
    """Another tab or device kept a newer draft; `assignment` has it."""

    kind = "newer-draft"

    def __init__(self, assignment: "Assignment") -> None:
        super().__init__(
            "Another tab or device has kept a newer text here. Compare the two, then keep one."
            if assignment.is_open()
            else "This dialogue was decided meanwhile, in another tab or on another device."
        )
        self.assignment = assignment


class GuidelinesUnread(Conflict):
    """The guidelines have a version that this person has not confirmed yet."""

    kind = "guidelines-unread"

    def __init__(self, dataset: "Dataset") -> None:
        super().__init__(
            f"Read version {dataset.guidelines_version} of the guidelines of {dataset.slug} and "
            "confirm it, then go on."
        )
