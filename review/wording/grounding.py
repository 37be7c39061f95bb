"""Which words of a rewrite the dialogue supports, and which phrases it took from where."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from review.turns import Role, Turn
from review.wording.language import Language, core, is_content, language_of, root
from review.wording.tokens import Word, key, unspaced, words

# Two words whose stems differ still count as one word where they share a start this long and
# differ by no more than an ending: for languages without a stemmer, and for irregular forms.
SHORTEST_SHARED_START = 5
LONGEST_ENDING = 3
# Of a word that a rewrite repeats so often further places tell nothing new.
MOST_PLACES = 20


class Span(NamedTuple):
    """Character offsets in one text; `end` is the first character behind."""

    start: int
    end: int


def dialogue_language(turns: Sequence[Turn]) -> Language:
    """The language that the user of a dialogue writes."""
    return language_of(" ".join(turn["text"] for turn in turns if turn["role"] == "user"))


def roots(text: str, known: Language) -> list[str]:
    """The roots of the content words of a text, in order."""
    return [root(word.key, known) for word in words(text) if is_content(word.key, known)]


def unsupported_words(turns: Sequence[Turn], text: str) -> list[str]:
    """Words and phrases of the text, as written, that stand nowhere in the dialogue.

    Inflection, case and function words do not count; neighbours are one phrase.
    """
    return _support(tuple((turn["role"], turn["text"]) for turn in turns)).unsupported(text)


# A text is looked up at every pause of its writing, in the same dialogue.
@lru_cache(maxsize=64)
def _support(turns: tuple[tuple[Role, str], ...]) -> "Support":
    return Support([Turn(role=role, text=text) for role, text in turns])


class Support:
    """The words of a dialogue, read once for all texts that are looked up in them."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.known = dialogue_language(turns)
        self.whole = key("\n".join(turn["text"] for turn in turns))
        self.held = {root(word.key, self.known) for turn in turns for word in words(turn["text"])}
        self.by_start: dict[str, list[str]] = {}
        for one in self.held:
            self.by_start.setdefault(one[:SHORTEST_SHARED_START], []).append(one)

    def unsupported(self, text: str) -> list[str]:
        """As `unsupported_words`."""
        phrases: list[Span] = []
        last = -1
        for index, word in enumerate(words(text)):
            if not is_content(word.key, self.known) or self.holds(word):
                continue
            start = phrases.pop().start if phrases and last == index - 1 else word.start
            phrases.append(Span(start, word.end))
            last = index
        return list(dict.fromkeys(text[start:end] for start, end in phrases))

    def content(self, text: str) -> list[Word]:
        """The words of a text that say something of their own, in order."""
        return [word for word in words(text) if is_content(word.key, self.known)]

    def root(self, word: str) -> str:
        """What the inflected forms of a word (as its key) share."""
        return root(word, self.known)

    def holds(self, word: Word) -> bool:
        """Whether a word stands in the dialogue, in whatever inflection."""
        wanted = root(word.key, self.known)
        if wanted in self.held or (unspaced(word.text) and word.key in self.whole):
            return True
        parts = [part for part in core(word.key, self.known).split("-") if part]
        if len(parts) > 1 and all(root(part, self.known) in self.held for part in parts):
            return True
        alike = self.by_start.get(wanted[:SHORTEST_SHARED_START], ())
        return any(_alike(wanted, one) for one in alike)


def _alike(one: str, other: str) -> bool:
    """Whether two roots differ by no more than an ending."""
    shared = min(len(one), len(other), SHORTEST_SHARED_START)
    if shared < SHORTEST_SHARED_START or one[:shared] != other[:shared]:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), shared)
    same = max(same, shared) if one != other else len(one)
    return max(len(one), len(other)) - same <= LONGEST_ENDING


def taken_phrases(turns: Sequence[Turn], text: str) -> list[list[Span]]:
    """For each turn, the places of the phrases that the text took up from it, longest first kept.

    Phrases begin and end with a content word that the final query does not have itself; the final
    query's own turn has none. Offsets count characters of that turn's text.
    """
    if not turns:
        return []
    known = dialogue_language(turns)
    own = set(roots(turns[-1]["text"], known))
    taken = _Taken(text, known, own)
    return [[*taken.of(turn["text"])] for turn in turns[:-1]] + [[]]


class _Taken:
    """The words of a rewrite, ready for looking up what they share with a turn."""

    def __init__(self, text: str, known: Language, own: set[str]) -> None:
        self.known, self.own = known, own
        self.roots = [root(word.key, known) for word in words(text)]
        self.places: dict[str, list[int]] = {}
        for index, one in enumerate(self.roots):
            self.places.setdefault(one, []).append(index)

    def of(self, turn: str) -> Iterable[Span]:
        found = words(turn)
        stems = [root(word.key, self.known) for word in found]
        at = 0
        while at < len(found):
            length = self._longest(stems, at)
            phrase = self._trimmed(found[at : at + length], stems[at : at + length])
            if phrase:
                yield Span(phrase[0].start, phrase[-1].end)
            at += max(length, 1)

    def _longest(self, stems: list[str], at: int) -> int:
        """How many words from there on stand in the rewrite in one piece."""
        return max(
            (self._run(stems, at, place) for place in self.places.get(stems[at], ())[:MOST_PLACES]),
            default=0,
        )

    def _run(self, stems: list[str], at: int, place: int) -> int:
        most = min(len(stems) - at, len(self.roots) - place)
        length = 0
        while length < most and stems[at + length] == self.roots[place + length]:
            length += 1
        return length

    def _trimmed(self, phrase: Sequence[Word], stems: list[str]) -> Sequence[Word]:
        told = [
            index
            for index, word in enumerate(phrase)
            if is_content(word.key, self.known) and stems[index] not in self.own
        ]
        return phrase[told[0] : told[-1] + 1] if told else ()
