"""What the desk's templates ask of a form that came back."""

import json

from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html

from review.errors import ReviewError
from review.languages import language_name
from review.models import Assignment, Dataset, Decision, Verdict
from review.people import keys
from review.policy.wording import as_it_was
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
def in_words(language: str) -> str:
    """The name of a language by its code."""
    return language_name(language)


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


@register.filter
def concerns_none_of(error: ReviewError, fields: str) -> bool:
    """Whether an error is about none of these fields, which each say their own."""
    return error.field not in fields.split()


@register.simple_tag
def csrf_cookie_name() -> str:
    return settings.CSRF_COOKIE_NAME


@register.filter
def seconds_left(assignment: Assignment) -> int:
    """Until the lease of a place ends, unless there is a sign of life before."""
    return max(0, round((assignment.expires_at - timezone.now()).total_seconds()))


@register.simple_tag
def reason_label(dataset: Dataset, code: str) -> str:
    """A reason in the dataset's words, also one that is offered no more; else the code."""
    known = [*dataset.skip_reasons, *dataset.retired_reasons, *dataset.reject_reasons]
    labels = {reason["code"]: reason["label"] for reason in known}
    return labels.get(code, code)


@register.simple_tag(takes_context=True)
def key(context: Context, action: str) -> str:
    """The key of an action as this person has it, to stand beside its words."""
    own = keys.of(context["request"].user)[action]
    return format_html(" <kbd>{}</kbd>", keys.shown(own)) if own else ""


@register.simple_tag(takes_context=True)
def keys_of_person(context: Context) -> str:
    """Every action's key, for the page's program."""
    return json.dumps(keys.of(context["request"].user))


@register.simple_tag
def policy_then(decision: Decision, dataset: Dataset) -> str:
    """Under which policy a decision was made, where it is another now."""
    said = as_it_was(decision.policy, dataset)
    return f" · {said}" if said else ""


@register.filter
def hidden_parts(sight: Sight) -> str:
    """What the policy or the lot hides from this reviewer, to follow a count."""
    hidden = [part for part in ("authors", "scores") if not getattr(sight, part)]
    return f", {' and '.join(hidden)} hidden" if hidden else ""
