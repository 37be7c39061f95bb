"""How many disputes wait, for the navigation."""

from django import template

from review.discussion import disputes
from review.models import Membership

register = template.Library()


@register.filter
def disputes_waiting(membership: Membership) -> str:
    """The count for a member who adjudicates; nothing where none waits."""
    count = disputes.count(membership)
    return f"{count}+" if count == disputes.MOST_COUNTED else str(count or "")
