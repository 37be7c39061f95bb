"""Figures with their intervals as people read them, and as strips."""

from typing import Any

from django import template

from review.pages.strips import STRIP_WIDTH, Figure, Scale, strip

register = template.Library()

MINUS = "\N{MINUS SIGN}"
# Digits after the point of shares in percent, and the most where more are needed.
LEAST_DIGITS = {"share": 0, "percent": 1, "rate": 1}
MOST_DIGITS = 2


@register.filter
def written(value: float | None, form: str) -> str:
    """A value as a `share` (“64%”), in `percent` (“64.2%”), as a `rate` in percent (“64.2”), a
    `number` (“0.71”), a `change` of it (“+0.35”), `points` of a share (“+4”), a `gain` in tenths of
    them (“+4.2”) or `seconds` (“14 s”, and of a difference “+1.5 s”)."""
    if value is None:
        return ""
    if form in LEAST_DIGITS:
        return _in_percent(value, form, LEAST_DIGITS[form])
    if form == "gain":
        return _signed(f"{100 * value:+.1f}", "+0.0")
    if form == "points":
        return _signed(f"{100 * value:+.0f}", "+0")
    if form == "seconds":
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    if form == "longer":
        return f"{_signed(f'{value:+.1f}', '+0.0')} s"
    sign = "+" if form == "change" and round(value, 2) > 0 else ""
    return _signed(f"{sign}{value:.2f}", "-0.00")


def _signed(number: str, nothing: str) -> str:
    """A number with a true minus; what rounds to nothing has no sign."""
    zero = {nothing, nothing.replace("+", "-")}
    return (number[1:] if number in zero else number).replace("-", MINUS)


@register.filter
def point(figure: Figure, form: str) -> str:
    """A figure's value, as finely as its bounds are written."""
    return _written_of(figure, "value", form)


@register.filter
def bounds(figure: Figure, form: str) -> str:
    """An interval: “0.65 to 0.77”; nothing where there is none."""
    if figure["low"] is None:
        return ""
    low, high = (_written_of(figure, end, form) for end in ("low", "high"))
    return f"{low} to {high}"


def _written_of(figure: Figure, name: str, form: str) -> str:
    value = figure[name]
    if value is None or form not in LEAST_DIGITS:
        return written(value, form)
    return _in_percent(value, form, _digits(figure, LEAST_DIGITS[form]))


def _digits(figure: Figure, least: int) -> int:
    """Of a share and its bounds the fewest with which no interval is without width, and nothing
    that is not all or none reads like it."""
    low, high = figure["low"], figure["high"]
    shares = [one for one in (figure["value"], low, high) if one is not None]
    for digits in range(least, MOST_DIGITS):
        has_width = low is None or round(100 * low, digits) < round(100 * high, digits)
        if has_width and not any(_reads_whole(one, digits) for one in shares):
            return digits
    return MOST_DIGITS


def _reads_whole(share: float, digits: int) -> bool:
    return share not in {0, 1} and round(100 * share, digits) in {0, 100}


def _in_percent(share: float, form: str, digits: int) -> str:
    return f"{100 * share:.{digits}f}{'' if form == 'rate' else '%'}"


@register.inclusion_tag("review/_figure.html")
def figure_cells(figure: Figure, scale: Scale, link: str = "") -> dict[str, Any]:
    """Four cells of a table: the figure as a strip, in digits, its interval, and what it rests on,
    with an address of that where there is one."""
    drawn = strip(figure, scale)
    return {"figure": figure, "scale": scale, "strip": drawn, "width": STRIP_WIDTH, "link": link}


@register.inclusion_tag("review/_effect.html")
def effect_cells(figure: Figure, scale: Scale) -> dict[str, Any]:
    """Three cells: a difference as a strip, in digits, and its interval."""
    drawn = strip(figure, scale)
    return {"figure": figure, "scale": scale, "strip": drawn, "width": STRIP_WIDTH}


def _short(value: float, form: str) -> str:
    if form in {"share", "points"}:
        return written(value, form)
    if form == "gain":
        return written(value, "points")
    if form in {"seconds", "longer"}:
        return f"{value:{'+' if form == 'longer' and value else ''}g} s".replace("-", MINUS)
    return f"{value:{'+' if form == 'change' and value else ''}g}".replace("-", MINUS)


@register.inclusion_tag("review/_figure_heads.html")
def figure_heads(scale: Scale, name: str) -> dict[str, Any]:
    """The heads of `figure_cells`, with the scale's ticks."""
    return {**_heads(scale, name), "basis": True}


@register.inclusion_tag("review/_figure_heads.html")
def effect_heads(scale: Scale, name: str) -> dict[str, Any]:
    """The heads of `effect_cells`."""
    return _heads(scale, name)


def _heads(scale: Scale, name: str) -> dict[str, Any]:
    ticks = [(scale.place(tick), _short(tick, scale.form)) for tick in scale.ticks]
    return {"ticks": ticks, "name": name, "width": STRIP_WIDTH}
