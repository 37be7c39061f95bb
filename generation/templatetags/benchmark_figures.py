"""How figures and names of a benchmark are written."""

from typing import Any

from django import template

from generation.benchmark_shown import names
from generation.benchmark_shown.plots import BAR_WIDTH
from review.templatetags.figures import written

register = template.Library()


@register.filter
def metric_name(metric: str) -> str:
    return names.METRICS.get(metric, metric)


@register.filter
def form_title(form: dict[str, Any]) -> str:
    return names.form_name(form)


@register.filter
def form_called(name: str, forms: list[dict[str, Any]]) -> str:
    """The name of a form of the report by its key."""
    return next((names.form_name(form) for form in forms if form["name"] == name), name)


@register.filter
def slice_title(by: str) -> str:
    return names.SLICES.get(by, by)


@register.filter
def scored(value: float | None, metric: str) -> str:
    """A rate in percent with a tenth, “64.2”; a rank as it is, “4” or “12.5”."""
    if value is None:
        return "–"
    if names.is_rank(metric):
        return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
    return written(value, "rate")


@register.filter
def spanned(ends: list[float] | None, metric: str) -> str:
    return f"{scored(ends[0], metric)} to {scored(ends[1], metric)}" if ends else ""


@register.filter
def chance(p: float | None) -> str:
    """A p-value: “0.042”, “< 0.001”."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


@register.filter
def at(figures: dict[str, float | None], metric: str) -> float | None:
    return figures.get(metric)


@register.simple_tag
def change_width() -> int:
    return BAR_WIDTH
