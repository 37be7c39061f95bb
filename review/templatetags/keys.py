"""The keys of whoever looks at the page: `{% load keys %}`, then `{% key "accept" %}`."""

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from review import keys

register = template.Library()


@register.simple_tag(takes_context=True)
def key(context: Context, action: str) -> SafeString | str:
    """The key beside its action; nothing where this person wants none."""
    found = key_of(context, action)
    return format_html("<kbd>{}</kbd>", keys.shown(found)) if found else ""


@register.simple_tag(takes_context=True)
def key_of(context: Context, action: str) -> str:
    """The bare key, for `data-key`: “e”, “Enter”, “Space”; empty where there is none."""
    return keys.of(context["user"])[action]
