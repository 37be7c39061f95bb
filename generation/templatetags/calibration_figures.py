"""How figures and names of the page of calibration are written."""

from typing import Any

from django import template

from generation.pages.calibration import wording
from review.calibration.report import WaveLine
from review.calibration.sampling.waves import Preview
from review.models import Dataset
from review.policy.wording import certified_in_words

register = template.Library()


@register.filter
def worth_of(worth: float, decisions: int) -> str:
    """“200 decisions count as 329.”"""
    return wording.worth(worth, decisions)


@register.filter
def worth_why(rate: dict[str, Any]) -> str:
    return wording.worth_why(rate)


@register.filter
def set_share(share: float) -> str:
    """A share as it was set, to its last digit: “5%”, “0.5%”, “99.5%”."""
    return f"{100 * share:g}%"


@register.filter
def part_name(name: str, by: str) -> str:
    return wording.part_name(by, name)


@register.filter
def narrowed_words(narrowed: dict[str, str]) -> str:
    """“language German”; nothing for a whole dataset."""
    return wording.narrowed(narrowed)


@register.filter
def between(drawn: WaveLine | Preview) -> str:
    """With which dialogues of a wave were drawn, or would be: “1.5%”, “0.4% to 12%”."""
    if isinstance(drawn, Preview):
        return wording.probabilities(drawn.lowest, drawn.highest)
    if drawn.lowest_probability is None or drawn.highest_probability is None:
        return ""
    return wording.probabilities(drawn.lowest_probability, drawn.highest_probability)


@register.filter
def waves_words(numbers: list[int]) -> str:
    return wording.waves(numbers)


@register.filter
def conditions_words(conditions: dict[str, Any]) -> str:
    return wording.conditions(conditions)


@register.filter
def use_words(dataset: Dataset) -> str:
    return certified_in_words(dataset)
