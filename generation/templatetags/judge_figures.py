"""Figures of the page of judges as people read them, and as strips."""

from typing import Any

from django import template

from generation.pages.judge_plots import BAR_WIDTH, STRIP_WIDTH, Bar, Figure, Scale, bar, strip

register = template.Library()

MINUS = "\N{MINUS SIGN}"


@register.filter
def written(value: float | None, form: str) -> str:
    """A value as a `share` (“64%”), a `number` (“0.71”) or a `change` (“+0.35”)."""
    if value is None:
        return ""
    if form == "share":
        return f"{value:.0%}"
    sign = "+" if form == "change" and round(value, 2) > 0 else ""
    return f"{sign}{value:.2f}".replace("-0.00", "0.00").replace("-", MINUS)


@register.filter
def bounds(figure: Figure, form: str) -> str:
    """An interval: “0.65 to 0.77”; nothing where there is none."""
    if figure["low"] is None:
        return ""
    return f"{written(figure['low'], form)} to {written(figure['high'], form)}"


@register.filter
def criterion_name(key: str) -> str:
    return "All criteria" if key == "overall" else key.capitalize()


@register.filter
def place_name(row: dict[str, Any]) -> str:
    """“1st”, “2nd”, ... and “6th or later”."""
    number = int(row["place"])
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"{number}{ending}" + (" or later" if row["last"] else "")


@register.inclusion_tag("generation/_judge_figure.html")
def figure_cells(figure: Figure, scale: Scale) -> dict[str, Any]:
    """Three cells of a table: the figure as a strip, in digits, and what it rests on."""
    return {"figure": figure, "scale": scale, "strip": strip(figure, scale), "width": STRIP_WIDTH}


def _short(value: float, form: str) -> str:
    if form == "share":
        return written(value, form)
    return f"{value:{'+' if form == 'change' and value else ''}g}".replace("-", MINUS)


@register.inclusion_tag("generation/_judge_figure_heads.html")
def figure_heads(scale: Scale, name: str) -> dict[str, Any]:
    """The heads of these cells, with the scale's ticks."""
    ticks = [(scale.place(tick), _short(tick, scale.form)) for tick in scale.ticks]
    return {"ticks": ticks, "name": name, "width": STRIP_WIDTH}


@register.simple_tag
def lean(value: float, reach: float) -> Bar:
    return bar(value, reach)


@register.simple_tag
def bar_width() -> int:
    return BAR_WIDTH
