"""What changed between two versions of a text, for showing them as one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed"]
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
