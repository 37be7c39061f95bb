"""What a rewrite changed, word by word, for showing it beside the final query."""

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import regex

from review.wording.references import Reference, references
from review.wording.tokens import key, words

Kind = Literal["same", "added", "removed", "resolved"]
# Two texts of more words than this together are not compared word by word: the comparing takes
# quadratic time, and nobody reads the result.
MOST_TOKENS = 6000
# The same for texts that repeat few words: pairs of equal words that the comparing has to weigh.
MOST_PAIRS = 60_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text. `was` is how the final query writes a same stretch (case and spaces)."""

    kind: Kind
    text: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    key: str
    start: int


def differences(final_query: str, text: str) -> list[Piece]:
    """The pieces that lead from the final query to the text, in reading order.

    The texts of same, added and resolved pieces join to the text; `was` of the same pieces and
    the texts of the removed ones join to the final query. A resolved piece is an addition that
    stands where the final query has a reference ("it", "that one").
    """
    before, after = _tokens(final_query), _tokens(text)
    open_references = references(final_query)
    pieces: list[Piece] = []
    for tag, a, b, c, d in _steps(before, after):
        old, new = _join(before[a:b]), _join(after[c:d])
        if tag == "equal":
            pieces.append(Piece("same", new, old))
            continue
        if old:
            pieces.append(Piece("removed", old))
        if new:
            resolves = _holds_reference(before[a:b], open_references)
            pieces.append(Piece("resolved" if resolves else "added", new))
    return pieces


def _steps(before: list[_Token], after: list[_Token]) -> list[tuple[str, int, int, int, int]]:
    if len(before) + len(after) > MOST_TOKENS or _pairs(before, after) > MOST_PAIRS:
        return [("replace", 0, len(before), 0, len(after))]
    keys = [token.key for token in before], [token.key for token in after]
    steps = SequenceMatcher(None, *keys, autojunk=False).get_opcodes()
    return [(str(tag), a, b, c, d) for tag, a, b, c, d in steps]


def _pairs(before: list[_Token], after: list[_Token]) -> int:
    """How many pairs of a word before and an equal word after there are."""
    counts = Counter(token.key for token in before)
    return sum(counts[token.key] for token in after)


def _tokens(text: str) -> list[_Token]:
    """Words and signs, each with the white space that follows it; nothing of the text is lost."""
    starts = sorted({0, *(start for start in _starts(text))})
    ends = [*starts[1:], len(text)]
    spans = zip(starts, ends, strict=True)
    return [_Token(text[a:b], key(text[a:b].strip()), a) for a, b in spans if a < b]


def _starts(text: str) -> list[int]:
    at, starts = 0, []
    for word in words(text):
        starts += [*_signs(text, at, word.start), word.start]
        at = word.end
    return starts + _signs(text, at, len(text))


def _signs(text: str, start: int, end: int) -> list[int]:
    """Where signs begin; one sign is a grapheme, so that an emoji stays whole."""
    if text[start:end].isspace():
        return []
    return [
        match.start()
        for match in regex.finditer(r"\X", text[:end], pos=start)
        if not match[0].isspace()
    ]


def _join(tokens: list[_Token]) -> str:
    return "".join(token.text for token in tokens)


def _holds_reference(tokens: list[_Token], found: tuple[Reference, ...]) -> bool:
    if not tokens:
        return False
    start, end = tokens[0].start, tokens[-1].start + len(tokens[-1].text)
    return any(one.start < end and start < one.end for one in found)
