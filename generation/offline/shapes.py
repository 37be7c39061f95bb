"""What makes a text hard to read as one wish: broken ends, bare lists, chat left in."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from generation.offline.clauses import CLAUSE_END, clauses, idles
from generation.offline.needs import Needs, neighbours
from generation.offline.requests import without_opening
from review.wording.language import Language, is_content, root
from review.wording.references import references
from review.wording.tokens import words

# A list of more parts than this reads as a heap of words.
MOST_PARTS = 5
FEW = 3
QUOTED = 4
LONGEST_QUOTE = 40
ENDS_INSIDE = regex.compile(r"[?!？！؟]\s*[¿¡]?(?=[\p{L}\p{N}])")
TWO_ARTICLES = regex.compile(r"\b(?:an?|the|some|any)\s+(?:an?|the|my|your)\b", regex.IGNORECASE)
SIGN_FIRST = regex.compile(r"^\s*[,.;:!?、，。]")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a shape, as a clause that follows "it", and how many points it costs."""

    what: str
    cost: int = 1


def faults(text: str, needs: Needs) -> Iterator[Fault]:
    """The faults in the shape of a text."""
    parts = [part.strip() for part in CLAUSE_END.split(text) if part.strip()]
    yield from _broken(text, parts, needs)
    yield from _listed(parts, needs)
    yield from _repeated(text, needs)
    left = references(text, needs.known)
    if left:
        yield Fault(f"points elsewhere with {quoted(one.text for one in left)}", min(len(left), 2))
    idle = remarks(text, needs.known)
    if idle:
        yield Fault(f"holds a remark, {quoted(idle)}")


def _broken(text: str, parts: list[str], needs: Needs) -> Iterator[Fault]:
    if SIGN_FIRST.match(text):
        yield Fault("begins with a sign", 2)
    own = {_last(part) for part in CLAUSE_END.split(needs.final)}
    dangling = [part for part in parts if _dangles(part, needs) and _last(part) not in own]
    if dangling:
        yield Fault(f"breaks off at {quoted(part.split()[-1] for part in dangling)}", 2)
    if ENDS_INSIDE.search(text):
        yield Fault("ends a question or a call in the middle")
    if TWO_ARTICLES.search(text):
        yield Fault("has two articles in a row")
    if len(words(text)) > 1 and _joins(words(text)[0].key, needs):
        yield Fault(f"begins with {quoted([words(text)[0].text])}, which joins it to nothing")
    if needs.known.has("prepositions", next((word.key for word in words(text)), "")):
        yield Fault(f"begins with {quoted([words(text)[0].text])}, which hangs on nothing")


def _last(part: str) -> str:
    found = words(part)
    return found[-1].key if found else ""


def _joins(word: str, needs: Needs) -> bool:
    return needs.known.has("conjunctions", word) and word != needs.known.glue.get("if")


def _dangles(part: str, needs: Needs) -> bool:
    """Whether a part ends on a word that wants another behind it: "a longer line of"."""
    found, known = words(part), needs.known
    if not found or known.words.get("links"):
        return False
    last = found[-1].key
    article = known.has("indefinite", last) and last in ("a", "an")
    wanting = known.has("prepositions", last) or _joins(last, needs) or last == "the" or article
    return wanting and not known.has("adverbs", last)


def _listed(parts: list[str], needs: Needs) -> Iterator[Fault]:
    """Bare lists: single words between commas, and parts that say nothing alone."""
    bare = [part for part in parts if len(words(part)) == 1]
    if len(parts) >= FEW and len(bare) * 2 > len(parts):
        yield Fault(f"lists single words, {quoted(bare)}", 2)
    empty = [part for part in bare if len(parts) > 1 and _says_nothing(part, needs)]
    empty = [] if needs.known.words.get("links") else empty
    if empty:
        yield Fault(f"has {quoted(empty)} stand alone")
    if len(parts) > max(MOST_PARTS, len(needs.told)):
        yield Fault(f"is a list of {len(parts)} parts")
    if len(parts) == len(bare) == 1 and len(words(needs.final)) > FEW:
        yield Fault("is a single word", 3)


def _says_nothing(part: str, needs: Needs) -> bool:
    empty = not any(is_content(word.key, needs.known) for word in words(part))
    return empty and not _polite(part, needs.known)


def _repeated(text: str, needs: Needs) -> Iterator[Fault]:
    known, found = needs.known, words(text)
    counts = Counter(root(word.key, known) for word in found if word.key not in known.function)
    often = {one for one, count in counts.items() if count > FEW - 1}
    if often:
        spelled = dict.fromkeys(word.text for word in found if root(word.key, known) in often)
        yield Fault(f"says {quoted(spelled)} more than twice")
    twice = [a for a, b in neighbours([word.key for word in found]) if a == b]
    doubled = [word for word in twice if (word, word) not in needs.pairs]
    if doubled:
        yield Fault(f"says {quoted(doubled)} twice in a row")


@lru_cache(maxsize=256)
def remarks(text: str, known: Language) -> tuple[str, ...]:
    """Clauses that ask for nothing, where others do."""
    parts = [part for part in clauses(text, known) if not _polite(part, known)]
    idle = [part for part in parts if idles(part, known)]
    return tuple(part.strip(" ,.!?;") for part in idle) if len(idle) < len(parts) else ()


def _polite(part: str, known: Language) -> bool:
    """Whether a part is a "please" or the like, or has no words."""
    return all(known.has("interjections", word.key) for word in words(part))


def greeting(text: str, needs: Needs) -> str:
    """The "Yes," or "Hi!" that a text begins with, "" where there is none."""
    rest = without_opening(text, needs.known)
    return text[: len(text) - len(rest)].strip(" ,.!…")


def quoted(found: Iterable[str]) -> str:
    """The first few different ones in quotes: “a”, “b”."""
    several = list(dict.fromkeys(one[:LONGEST_QUOTE] for one in found))
    return ", ".join(f"“{one}”" for one in several[:QUOTED])
