"""What the form of verdicts sends, and what it is filled with again."""

from typing import Any

from django.http import QueryDict

from review.errors import Invalid
from review.models import Assignment, Verdict
from review.models.decisions import TAKING_BACK
from review.places.drafts import FIELDS, Draft
from review.rulings import Ruling

VERDICTS = [verdict for verdict in Verdict if verdict not in TAKING_BACK]


def posted_ruling(data: QueryDict) -> Ruling:
    """A ruling from form fields. Raises `Invalid` where there is no known verdict."""
    verdict = data.get("verdict", "")
    if verdict not in VERDICTS:
        raise Invalid("Choose what to do: accept, edit, reject, more or skip.", field="verdict")
    # Every panel of the form has its own note and reason; only those of the verdict count.
    return Ruling(
        Verdict(verdict),
        candidate_id=posted_number(data.get("candidate", "")),
        text=data.get("text", ""),
        reason=data.get(f"{verdict}_reason", ""),
        note=data.get(f"{verdict}_note", ""),
        also=_numbers(data, "also"),
        override=data.get(f"{verdict}_override", ""),
    )


def posted_draft(data: QueryDict) -> Draft:
    """The form as it stands while it is being filled in."""
    rest: dict[str, Any] = {name: data[name] for name in FIELDS if data.get(name)}
    if also := _numbers(data, "also"):
        rest["also"] = list(also)
    return Draft(data.get("text", ""), rest, posted_number(data.get("revision", "")) or 0)


def filled(data: QueryDict) -> dict[str, Any]:
    """What was sent, as the form shows it again."""
    return {**data.dict(), "also": list(_numbers(data, "also"))}


def drafted(assignment: Assignment) -> dict[str, Any] | None:
    """What was being written at a place, as the form shows it again."""
    if not assignment.has_draft():
        return None
    return {**assignment.draft_rest, "text": assignment.draft}


def posted_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _numbers(data: QueryDict, name: str) -> tuple[int, ...]:
    numbers = [posted_number(text) for text in data.getlist(name)]
    return tuple(number for number in numbers if number is not None)
