"""Where a page is, and the pages that other apps add."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

from review.models import Dataset, Membership
from review.panels import Panel, Slot, panels

register = template.Library()


@register.simple_tag(takes_context=True)
def here(context: Context, *names: str) -> SafeString | str:
    """`aria-current` where the page has one of these URL names."""
    match = getattr(context.get("request"), "resolver_match", None)
    current = match is not None and match.url_name in names
    return mark_safe(' aria-current="page"') if current else ""


@register.simple_tag(takes_context=True)
def here_panel(context: Context, panel: Panel) -> SafeString | str:
    return here(context, panel.url_name, *panel.inner)


@register.simple_tag(takes_context=True)
def here_or_in(
    context: Context, membership: Membership, slot: Slot, *names: str
) -> SafeString | str:
    """`aria-current` on one of these pages, or on one that a panel of the slot brings."""
    brought = [(panel.url_name, *panel.inner) for panel in panels(slot, membership)]
    return here(context, *names, *(name for names in brought for name in names))


@register.filter
def panels_in(membership: Membership, slot: Slot) -> list[Panel]:
    return panels(slot, membership)


@register.simple_tag
def panel_url(panel: Panel, dataset: Dataset, external_id: str = "") -> str:
    """The address of a panel for a dataset, or for one of its dialogues."""
    names = {"slug": dataset.slug}
    return panel.url(**names, external_id=external_id) if external_id else panel.url(**names)
