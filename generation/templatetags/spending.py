"""Costs and lengths of time as the pages of runs say them."""

from decimal import Decimal

from django import template

from generation.spending import Spend
from review.amounts import counted
from review.templatetags.numbers import HOUR, MINUTE, dollars

register = template.Library()


@register.filter
def spent(spend: Spend) -> str:
    """The known dollars, and beside them how many calls cost nobody knows what."""
    if not spend.unknown:
        return dollars(spend.known_usd)
    calls = counted(spend.unknown, "call")
    if not spend.known_usd:
        return f"unknown ({calls})"
    return f"{dollars(spend.known_usd)} and {calls} of unknown cost"


@register.filter
def exact(amount: Decimal | str) -> str:
    """Dollars to the last digit that says something, and at least cents: a bill adds up."""
    whole, _, fraction = f"{Decimal(amount):,f}".partition(".")
    return f"${whole}.{fraction.rstrip('0').ljust(2, '0')}"


@register.filter
def roughly(seconds: float | None) -> str:
    """A length of time foretold: “about 4 min”, with no more digits than a guess has."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return "under a minute"
    if seconds < 100 * MINUTE:
        return f"about {round(seconds / MINUTE)} min"
    return f"about {seconds / HOUR:.1f} h".replace(".0 h", " h")
