"""What the desk's templates ask of a form that came back."""

from django import template

from review.errors import ReviewError
from review.models import Dataset, Verdict
from review.visibility import Sight

register = template.Library()

RULED = {
    Verdict.ACCEPT: "Accepted",
    Verdict.EDIT: "Edited",
    Verdict.REJECT: "Rejected",
    Verdict.MORE: "Sent back for more candidates",
    Verdict.SKIP: "Skipped",
}
DID = {
    Verdict.ACCEPT: "accepted",
    Verdict.EDIT: "rewrote",
    Verdict.REJECT: "rejected",
    Verdict.MORE: "asked for more",
    Verdict.SKIP: "skipped",
}


@register.filter
def ruled(verdict: str) -> str:
    """A verdict as what just happened to the dialogue."""
    return RULED[Verdict(verdict)]


@register.filter
def did(verdict: str) -> str:
    """A verdict as what its reviewer did."""
    return DID[Verdict(verdict)]


@register.filter
def concerns(error: ReviewError | None, field: str) -> bool:
    """Whether an error is about this field of the form."""
    return error is not None and error.field == field


@register.simple_tag
def reason_label(dataset: Dataset, code: str) -> str:
    """A reject reason in the dataset's words; the code where the dataset knows it no more."""
    labels = {reason["code"]: reason["label"] for reason in dataset.reject_reasons}
    return labels.get(code, code)


@register.filter
def hidden_parts(sight: Sight) -> str:
    """What the policy or the lot hides from this reviewer, to follow a count."""
    hidden = [part for part in ("authors", "scores") if not getattr(sight, part)]
    return f", {' and '.join(hidden)} hidden" if hidden else ""
