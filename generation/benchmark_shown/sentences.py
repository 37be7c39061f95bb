"""What a benchmark shows, in sentences that a paper can quote."""

from collections.abc import Sequence
from typing import Any

from generation.benchmark_shown.effects import FINAL_QUERY
from generation.benchmark_shown.names import is_rank, measured, rewrite_form
from review.templatetags.figures import written

# More than these are told of together.
MOST_TOLD = 3


def sentences(data: dict[str, Any]) -> list[str]:
    """The approved rewrite against the final query, by the primary retriever first."""
    form = rewrite_form(data["forms"])
    found = [
        one
        for one in data["comparisons"]
        if one["form"] == form
        and one["against"] == FINAL_QUERY
        and one["metric"] == data["metric"]
        and one["difference"] is not None
    ]
    if len(found) <= MOST_TOLD:
        return [sentence(one) for one in found]
    return [sentence(found[0]), _together(found[1:])]


def _together(others: Sequence[dict[str, Any]]) -> str:
    """“By the 7 other retrievers: +26.9 to +34.7; of these differences 7 are significant.”"""
    changes = [one["difference"] for one in others]
    form = "change" if is_rank(others[0]["metric"]) else "gain"
    low, high = written(min(changes), form), written(max(changes), form)
    clear = sum(one["significant"] for one in others)
    return (
        f"By the {len(others)} other retrievers the difference lies between {low} and {high}; "
        f"{clear} of {len(others)} {'is' if clear == 1 else 'are'} significant."
    )


def sentence(one: dict[str, Any]) -> str:
    """“By bm25 the approved rewrite finds it among the first 10 in 64.2% of 980 dialogues, the
    final query in 31.0%: 33.2 points more (95% interval 29.1 to 37.4), a significant difference.”
    """
    subject = "the approved rewrite" if one["form"] == "rewrite" else f"“{one['form']}”"
    return (
        f"By {one['retriever']} {subject} {measured(one['metric'])} {_value(one, 'value')} of "
        f"{one['n']:,} dialogues, the final query {_value(one, 'value_against')}: "
        f"{_difference(one)}{_interval(one)}, {_verdict(one)}."
    )


def _value(one: dict[str, Any], name: str) -> str:
    """“in 64.2%” of a recall, “64.2%” of another rate."""
    if is_rank(one["metric"]):
        return written(one[name], "number")
    start = "in " if one["metric"].startswith("R@") else ""
    return f"{start}{written(one[name], 'rate')}%"


def _difference(one: dict[str, Any]) -> str:
    change = one["difference"]
    if not round(abs(change), 3):
        return "no difference"
    if is_rank(one["metric"]):
        return f"{abs(change):.1f} places {'more' if change > 0 else 'fewer'}"
    return f"{written(abs(change), 'rate')} points {'more' if change > 0 else 'less'}"


def _interval(one: dict[str, Any]) -> str:
    """Counted the way of the difference: of “2 points less”, “1 to 3” is 1 to 3 points less."""
    if one["ci95"] is None:
        return ""
    low, high = one["ci95"]
    if one["difference"] < 0:
        low, high = -high, -low
    form = "number" if is_rank(one["metric"]) else "rate"
    return f" (95% interval {written(low, form)} to {written(high, form)})"


def _verdict(one: dict[str, Any]) -> str:
    return "a significant difference" if one["significant"] else "not a significant difference"
