"""What the pages say of comments."""

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from review.discussion import comments
from review.models import User

register = template.Library()


@register.filter
def with_names(text: str) -> SafeString:
    """A comment with its lines, and the names that it mentions made to stand out."""
    named = comments.MENTIONED.sub(r"<b>@\1</b>", escape(text))
    return linebreaksbr(mark_safe(named), autoescape=False)  # noqa: S308 - escaped above


@register.filter
def unseen_mentions(user: User) -> int:
    return comments.unseen(user)
