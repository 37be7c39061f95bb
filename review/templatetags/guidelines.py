"""What templates ask of a dataset's guidelines."""

from django import template
from django.utils.safestring import SafeString

from review.guidelines import Unread, unread
from review.markdown import rendered
from review.models import Membership

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    return rendered(text)


@register.simple_tag
def unread_guidelines(membership: Membership) -> Unread | None:
    """What this member has to read before they go on, if anything."""
    return unread(membership)
