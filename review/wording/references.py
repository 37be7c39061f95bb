"""Find what a text leaves open: pronouns, demonstratives and ellipses that need the history."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import regex

from review.wording.language import Language, is_content, language_of
from review.wording.tokens import Word, words

# Nobody leaves more open in one query; it bounds the time that a hostile text takes.
MOST_REFERENCES = 50
LONGEST_TEXT = 4000
# Kinds that may be settled by a noun earlier in the same text ("a woman and her dog").
BINDABLE = frozenset({"personal", "gendered", "possessive"})


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference left open, at character offsets, with the kind of its pattern."""

    kind: str
    start: int
    end: int
    text: str
    groups: tuple[tuple[str, str], ...] = ()

    def group(self, name: str) -> str:
        return dict(self.groups).get(name, "")


def unresolved_references(text: str) -> list[str]:
    """The words of the text that nobody can understand without the history, as written."""
    return [found.text for found in references(text)]


@lru_cache(maxsize=1024)
def references(text: str, known: Language | None = None) -> tuple[Reference, ...]:
    """References in the order of the text; none overlaps another.

    Of a very long text only the first LONGEST_TEXT characters are read.
    """
    text = text[:LONGEST_TEXT]
    known = known or language_of(text)
    taken = [match.span() for match in _idioms(text, known)]
    found: list[Reference] = []
    for kind, pattern in known.references.items():
        for match in islice(pattern.finditer(text), MOST_REFERENCES):
            if match[0].strip() and not _overlaps(match.span(), taken):
                taken.append(match.span())
                found.append(_reference(kind, match))
    found.sort(key=lambda reference: reference.start)
    return tuple(one for one in found[:MOST_REFERENCES] if not _bound(one, text, known))


def _idioms(text: str, known: Language) -> Iterator[regex.Match[str]]:
    """Stretches in which a pronoun refers to nothing: "there is", "is it raining"."""
    yield from islice(known.pattern("existential").finditer(text), MOST_REFERENCES)
    yield from islice(known.pattern("expletive").finditer(text), MOST_REFERENCES)


def _reference(kind: str, match: regex.Match[str]) -> Reference:
    lead = len(match[0]) - len(match[0].lstrip())
    groups = tuple((name, value) for name, value in match.groupdict().items() if value)
    return Reference(kind, match.start() + lead, match.end(), match[0].strip(), groups)


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in taken)


def _bound(reference: Reference, text: str, known: Language) -> bool:
    """Whether a noun earlier in the same text tells what a pronoun means."""
    if reference.kind not in BINDABLE or not known.words.get("indefinite"):
        return False
    before = [word for word in words(text) if word.end <= reference.start]
    inner = reference.kind != "personal" or (
        bool(before) and known.has("prepositions", before[-1].key) and before[-1].key != "of"
    )
    return inner and any(_names(before, index, known) for index in range(1, len(before)))


def _names(before: list[Word], index: int, known: Language) -> bool:
    """Whether the word at the index is a noun that its article introduces."""
    word, article = before[index].key, before[index - 1].key
    introduced = known.has("indefinite", article) or article == known.glue.get("definite")
    return introduced and is_content(word, known) and not known.has("carriers", word)
