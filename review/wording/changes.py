"""What changed between two versions of a text, for showing them as one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed"]
# Shown of what is the same on either side of a change: the rest of its line, and one more.
LINES_BESIDE = 2
ELLIPSIS = "…"
WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Change:
    kind: Kind
    text: str


def changes(before: str, after: str) -> list[Change]:
    """Stretches that lead from one text to the other: by line, and inside changed lines by word."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Change] = []
    for tag, a, b in _blocks(old, new):
        if tag == "replace":
            found += _pieces(WORD.findall("".join(a)), WORD.findall("".join(b)))
        else:
            found += _whole(a, b, same=tag == "equal")
    return found


def in_short(found: list[Change]) -> list[Change]:
    """The changes with the line before and after each; of what lies between no more than a sign."""
    last = len(found) - 1
    return [
        change if change.kind != "same" else Change("same", _edges(change.text, at, last))
        for at, change in enumerate(found)
    ]


def _edges(text: str, at: int, last: int) -> str:
    """The ends of an unchanged stretch that lie beside a change, and the line beside them."""
    lines = text.splitlines(keepends=True)
    head = lines[:LINES_BESIDE] if at > 0 else []
    tail = lines[-LINES_BESIDE:] if at < last else []
    if len(head) + len(tail) >= len(lines):
        return text
    between = f"{ELLIPSIS}\n" if head or tail else ""
    return "".join([*head, between, *tail])


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    for tag, a, b in _blocks(old, new):
        yield from _whole(a, b, same=tag == "equal")


def _whole(a: Sequence[str], b: Sequence[str], *, same: bool) -> Iterator[Change]:
    if same:
        yield Change("same", "".join(a))
        return
    if a:
        yield Change("removed", "".join(a))
    if b:
        yield Change("added", "".join(b))


def _blocks(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    for tag, a, a_end, b, b_end in SequenceMatcher(None, old, new).get_opcodes():
        yield tag, old[a:a_end], new[b:b_end]
