"""Differences from the final query as strips: what a benchmark is made for comes first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from generation.benchmark_shown.names import form_name, is_rank, slice_value
from review.pages import strips
from review.pages.strips import Figure, Scale

FINAL_QUERY = "final-query"
FEW = "fewer than ten clusters: no interval"


@dataclass(frozen=True)
class Effect:
    """One comparison as a row: whose it is, and its difference as a figure."""

    name: str
    comparison: dict[str, Any]
    figure: Figure


@dataclass(frozen=True)
class SliceRow:
    value: str
    gain: dict[str, Any]
    figure: Figure


@dataclass(frozen=True)
class SliceGroup:
    by: str
    rows: list[SliceRow]


def of_form(data: dict[str, Any], form: str) -> list[Effect]:
    """One form by every retriever."""
    found = [one for one in _primary(data) if one["form"] == form]
    return [Effect(one["retriever"], one, _figure(one)) for one in found]


def of_retriever(data: dict[str, Any], retriever: str) -> list[Effect]:
    """Every form by one retriever."""
    names = {form["name"]: form_name(form) for form in data["forms"]}
    found = [one for one in _primary(data) if one["retriever"] == retriever]
    return [Effect(names.get(one["form"], one["form"]), one, _figure(one)) for one in found]


def _primary(data: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (
        one
        for one in data["comparisons"]
        if one["metric"] == data["metric"] and one["against"] == FINAL_QUERY
    )


def slices(data: dict[str, Any], retriever: str, form: str) -> list[SliceGroup]:
    """The gain of one form in each slice, in the order of the report."""
    groups: dict[str, list[SliceRow]] = {}
    for one in data["slices"]:
        gain = one["gains"].get(retriever, {}).get(form)
        if gain is not None:
            row = SliceRow(slice_value(one["by"], one["value"]), gain, _figure(gain))
            groups.setdefault(one["by"], []).append(row)
    return [SliceGroup(by, rows) for by, rows in groups.items()]


def scale(figures: Iterable[Figure], metric: str) -> Scale:
    """Wide enough for all of them; 0 in the middle."""
    if is_rank(metric):
        return strips.around_zero(figures)
    return replace(strips.points(figures), form="gain")


def _figure(one: dict[str, Any]) -> Figure:
    low, high = one["ci95"] or (None, None)
    value = one["difference"]
    words = "no dialogue has a rank by both" if value is None else FEW
    return {
        "value": value,
        "low": low,
        "high": high,
        "n": one["n"],
        "dialogues": one["n"],
        "words": words,
    }
