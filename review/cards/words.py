"""Pieces of Markdown: what others named, tables, and figures with their intervals."""

import re
from collections.abc import Sequence
from typing import Any

from review.templatetags.figures import bounds, written

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")
# Enough of a hash to tell prompts apart by eye; the manifest has all of it.
_HASH_SHOWN = 12


def plain(text: str) -> str:
    """What somebody named, in one line, without any meaning in Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def short_hash(digest: str) -> str:
    return f"`{digest[:_HASH_SHOWN]}`" if digest else "none known"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], figures: int = 0) -> str:
    """`figures` of the last columns are numbers, to the right."""
    rules = ["---"] * (len(heads) - figures) + ["---:"] * figures
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, rules, *rows])


def listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def section(title: str, *blocks: str) -> str:
    return "\n\n".join([f"## {title}", *(block for block in blocks if block)])


def percent(share: float) -> str:
    """5% for 0.05, 2.5% for 0.025."""
    return f"{100 * share:g}%"


def figure(estimate: dict[str, Any], form: str = "rate") -> str:
    """A figure with its 95% interval, or why there is none: “86.1% (82.0 to 89.5)”."""
    if estimate["value"] is None:
        return f"not defined: {plain(estimate['words'])}"
    unit = "%" if form == "rate" else ""
    value = f"{written(estimate['value'], form)}{unit}"
    if estimate["low"] is not None:
        return f"{value} ({bounds(estimate, form)})"
    return f"{value} ({plain(estimate['words'])})" if estimate["words"] else value
