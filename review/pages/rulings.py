"""What a form sends as a verdict."""

from django.http import QueryDict

from review.errors import Invalid
from review.models import Verdict
from review.rulings import Ruling

VERDICTS = [v for v in Verdict if v != Verdict.UNDO]


def posted_ruling(data: QueryDict) -> Ruling:
    """A ruling from form fields. Raises `Invalid` where there is no known verdict."""
    verdict = data.get("verdict", "")
    if verdict not in VERDICTS:
        raise Invalid("Choose what to do: accept, edit, reject, more or skip.", field="verdict")
    # Every panel of the form has its own note and reason; only those of the verdict count.
    return Ruling(
        Verdict(verdict),
        candidate_id=_number(data.get("candidate", "")),
        text=data.get("text", ""),
        reason=data.get(f"{verdict}_reason", ""),
        note=data.get(f"{verdict}_note", ""),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
