"""The content words of a rewrite: who accounts for each, and the text without it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from review.turns import Turn
from review.wording.grounding import Support
from review.wording.tokens import Word, unspaced


@dataclass(frozen=True)
class SaidWord:
    """A content word in whatever inflections it has in a rewrite, with all places where it stands:
    one that is said twice would still be there with one place taken out."""

    root: str
    places: tuple[Word, ...]
    supported: bool


class Supporting:
    """What accounts for the words of a rewrite: turns, captions of the images that they show, and
    words (as their keys) that a person pointed a turn to."""

    def __init__(
        self, turns: Sequence[Turn], captions: Iterable[str], pointed: Collection[str] = ()
    ) -> None:
        shown = [Turn(role="assistant", text=caption) for caption in captions]
        self._support = Support([*turns, *shown])
        self._pointed = {self._support.root(key) for key in pointed}

    def words(self, text: str) -> list[SaidWord]:
        """The content words of a text in the order in which they first stand there."""
        places: dict[str, list[Word]] = {}
        for word in self._support.content(text):
            places.setdefault(self.root(word), []).append(word)
        return [
            SaidWord(root, tuple(found), root in self._pointed or self._holds(found))
            for root, found in places.items()
        ]

    def root(self, word: Word) -> str:
        return self._support.root(word.key)

    def _holds(self, places: Iterable[Word]) -> bool:
        return any(self._support.holds(word) for word in places)


def without(text: str, places: Iterable[tuple[int, int]]) -> str:
    """A text without some of its words, which stand at these character offsets.

    Of what stands between spaces no two are left side by side; scripts without spaces close up.
    """
    kept, at = [], 0
    for start, end in sorted(places):
        kept.append(text[at:start])
        at = end
    left = "".join([*kept, text[at:]])
    return left if unspaced(left) else " ".join(left.split())
