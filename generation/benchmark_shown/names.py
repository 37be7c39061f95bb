"""What retrievers, forms, metrics and slices are called before people."""

from collections.abc import Sequence
from typing import Any

from generation.benchmark.report import RANKS
from review.languages import language_name
from review.models import Trait

FORMS = {
    "final-query": "Final query",
    "last-turns": "Last turns that fit",
    "history": "Full history",
    "rewrite": "Approved rewrite",
    "human": "Human rewrite",
    "caption": "Target's caption",
    "fusion": "Final query and rewrite, fused",
    "random": "Random order",
}
# Where a line ends in a plot there is little room.
SHORT_FORMS = {**FORMS, "last-turns": "Last turns", "fusion": "Both fused", "random": "Random"}
METRICS = {
    "R@1": "R@1",
    "R@5": "R@5",
    "R@10": "R@10",
    "R@50": "R@50",
    "MRR@10": "MRR@10",
    "MRR": "MRR",
    "nDCG@10": "nDCG@10",
    "AP@10": "AP@10",
    "mean_rank": "Mean rank",
    "median_rank": "Median rank",
}
SLICES = {
    "turns": "By number of turns",
    "length": "By words in the final query",
    "language": "By language",
    "source": "By source",
    "rewriter": "By who wrote the rewrite",
    "verdict": "By verdict",
    "stratum": "By whether the history is needed",
}


def form_name(form: dict[str, Any], *, short: bool = False) -> str:
    """“Approved rewrite”, “Best of gpt-x”, and a file as its form was named."""
    if form["kind"] == "best":
        return f"Best of {form['source'] or form['name'].removeprefix('best-')}"
    return (SHORT_FORMS if short else FORMS).get(form["kind"], form["name"])


def is_rank(metric: str) -> bool:
    """Whether it counts places rather than hits: less is better."""
    return metric in RANKS


def measured(metric: str) -> str:
    """A rate in words: “finds the target among the first 10”."""
    if metric.startswith("R@"):
        depth = metric.removeprefix("R@")
        return "finds the target first" if depth == "1" else f"finds it among the first {depth}"
    return f"reaches {METRICS[metric]}"


def slice_value(by: str, value: str) -> str:
    if by == "language":
        return language_name(value)
    known = by == "stratum" and value in Trait.values
    return str(Trait(value).label) if known else value


def rewrite_form(forms: Sequence[dict[str, Any]]) -> str:
    """The form that a reader wants first: the approved rewrite where there is one."""
    names = [form["name"] for form in forms if not form["bound"] and form["kind"] != "final-query"]
    return "rewrite" if "rewrite" in names else (names[0] if names else "")
