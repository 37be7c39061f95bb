"""A phrase of a turn, and the sentences that turns consist of."""

from dataclasses import dataclass
from functools import lru_cache

import regex

# A point ends a sentence unless it shortens a name: "St. Ives", "P. F. Chang".
SENTENCE_END = regex.compile(
    r"[!?。！？؟।…]+|\n+|[;:](?=\s)"
    r"|(?<!\b\p{Lu})(?<!\b\p{Lu}\p{Ll}{1,2}(?=\.\s+\P{Lu}))\.(?=\s|$)"
)
NUMBERED = regex.compile(r"\p{N}")


@dataclass(frozen=True)
class Mention:
    """A phrase at character offsets of one turn's text, without its article.

    `end` is behind all that belongs to it; `lead` is what stands right before the phrase within
    its sentence, the article excluded; `said` is what the turn tells of it elsewhere ("it's 5 miles
    away"); `category` is what it was called before it had this name.
    """

    turn: int
    speaker: str
    sentence: int
    start: int
    end: int
    text: str
    article: str
    preposition: str
    lead: str
    core: str
    roots: frozenset[str]
    named: bool
    said: str = ""
    category: str = ""

    def __hash__(self) -> int:
        # Mentions are looked up often; their place nearly always tells them apart.
        return hash((self.turn, self.start, self.text))

    @property
    def measure(self) -> bool:
        """Whether it counts or places something else: "5 miles away", "10 Main Street"."""
        return bool(NUMBERED.match(self.text))

    @property
    def full(self) -> str:
        return f"{self.text} {self.said}".strip()


@lru_cache(maxsize=1024)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Character spans of the sentences, their end signs included."""
    spans, start = [], 0
    for match in SENTENCE_END.finditer(text):
        if text[start : match.end()].strip():
            spans.append((start, match.end()))
        start = match.end()
    return (*spans, (start, len(text))) if text[start:].strip() else tuple(spans)
