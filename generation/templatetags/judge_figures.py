"""What the page of judges names and draws of its own."""

from typing import Any

from django import template

from generation.pages import judge_scores
from generation.pages.judge_plots import BAR_WIDTH, Bar, bar

register = template.Library()


@register.filter
def criterion_name(key: str) -> str:
    return "All criteria" if key == "overall" else key.capitalize()


@register.filter
def place_name(row: dict[str, Any]) -> str:
    """“1st”, “2nd”, ... and “6th or later”."""
    number = int(row["place"])
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"{number}{ending}" + (" or later" if row["last"] else "")


@register.filter
def has_drifted(of_judge: dict[str, Any]) -> bool:
    return judge_scores.has_drifted(of_judge["shift"])


@register.filter
def drift_words(of_judge: dict[str, Any]) -> str:
    return judge_scores.drift_words(of_judge["judge"], of_judge["shift"])


@register.simple_tag
def lean(value: float, reach: float) -> Bar:
    return bar(value, reach)


@register.simple_tag
def bar_width() -> int:
    return BAR_WIDTH
