"""What other apps show at a reviewer's place."""

from django import template

from review.models import Assignment, Membership
from review.panels import Panel, panels

register = template.Library()


@register.simple_tag
def place_panels(assignment: Assignment, membership: Membership) -> list[tuple[Panel, str]]:
    """The panels of slot *place*, each with its address for this place."""
    found = panels("place", membership)
    return [(panel, panel.url(assignment_id=assignment.pk)) for panel in found]
