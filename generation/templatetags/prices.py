"""Prices as people read them."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def per_million(amount: Decimal | None) -> str:
    """Dollars per million tokens: cents at least, and no zeros behind what says something."""
    if amount is None:
        return "unknown"
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"${int(whole):,}.{fraction.rstrip('0').ljust(2, '0')}"
