"""What the page of agreement names, and the addresses of the dialogues behind its numbers."""

from datetime import date
from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode

from review.agreement import wording
from review.models import Dataset

register = template.Library()


@register.simple_tag
def behind(dataset: Dataset, *names: str) -> str:
    """The list of the dialogues that a number counts."""
    query = urlencode({"agreement": ":".join(names)})
    return f"{reverse('dialogues', kwargs={'slug': dataset.slug})}?{query}"


@register.filter
def day(monday: str) -> str:
    return date_format(date.fromisoformat(monday), "j M Y")


@register.filter
def arm_name(arm: str) -> str:
    return arm.replace("-", " ").capitalize()


@register.filter
def arm_hides(arm: str) -> str:
    return wording.HIDDEN[arm]


@register.filter
def arm_says(arm: dict[str, Any]) -> list[str]:
    return wording.sentences(arm)


@register.filter
def measure_name(name: str) -> str:
    return wording.MEASURES[name]
