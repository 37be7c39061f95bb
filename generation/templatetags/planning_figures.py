"""How figures of a plan are written."""

from django import template

from review.calibration.planning import gains
from review.calibration.planning.plans import Column

register = template.Library()


@register.filter
def plus_minus(half_width: float | None) -> str:
    """Half of an interval in points: “±6.8”, “±11”."""
    return "–" if half_width is None else f"±{gains.points(half_width)}"


@register.filter
def column_name(column: Column) -> str:
    if not column.correlation:
        return "People alone"
    return f"{'Your judges' if column.measured else 'Judges'}, {column.correlation:.2g}"
