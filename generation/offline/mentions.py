"""The phrases of a turn that may be meant later, each joined to what the turn says of it."""

from dataclasses import replace
from functools import lru_cache

import regex

from generation.offline.chunks import Chunker
from generation.offline.mention import Mention, sentences
from review.wording.language import Language, root
from review.wording.tokens import words


@lru_cache(maxsize=4096)
def mentions(text: str, turn: int, speaker: str, known: Language) -> tuple[Mention, ...]:
    """The mentions of a turn in order, each joined to what the turn says of it."""
    found = [
        mention
        for index, (start, end) in enumerate(sentences(text))
        for mention in Chunker(text, start, end, known).mentions(turn, speaker, index)
    ]
    return tuple(_joined(found, text, known))


def _tail(text: str) -> str:
    """What stands between two phrases, without the rest of the first one's sentence."""
    *_, last = regex.split(r"[.!?]\s+", text)
    return last


def _joined(found: list[Mention], text: str, known: Language) -> list[Mention]:
    joined: list[Mention] = []
    for mention in found:
        if joined and _tells(joined[-1], mention, text, known):
            joined[-1] = _with(joined[-1], mention)
        else:
            joined += _measured(mention, known)
    return joined


def _tells(one: Mention, other: Mention, text: str, known: Language) -> bool:
    """Whether the other only says something of the one: "Valero is located at 200 Main St"."""
    between = text[one.end : other.start].removesuffix(other.article)
    between = _tail(between.rstrip())
    if between.strip() in ("", ",", ":") and not other.preposition:
        counted = known.has("indefinite", one.article.casefold()) and one.article.casefold() != "a"
        return (other.measure and not one.measure) or (counted and other.named and not one.named)
    if other.preposition:
        between = between[: len(between) - len(other.preposition)]
    return bool(known.pattern("copula").match(between))


def _with(one: Mention, other: Mention) -> Mention:
    told = f"{other.article} {other.full}".strip()
    if other.preposition or other.measure:
        named = one.named or (not one.article and one.text[0].isupper())
        said = f"{one.said} {other.preposition} {told}".strip()
        return replace(one, end=other.end, said=said, named=named)
    if other.named:
        rest = one.text.removeprefix(one.core).strip() if any(map(str.isdigit, one.text)) else ""
        said = f"{other.said} {rest} {one.said}".strip()
        return replace(other, category=one.core, article=other.article, said=said)
    if one.named and other.article:
        return replace(
            one, end=other.end, category=other.core, said=f"{one.said} {other.said}".strip()
        )
    return replace(one, end=other.end, said=f"{one.said} that is {told}".strip())


def _measured(mention: Mention, known: Language) -> list[Mention]:
    """Distances, turned round: "1 mile away from Safeway" is about Safeway."""
    found = list(known.pattern("distance").finditer(mention.text))
    if not found or found[0].start():
        return [mention]
    counted = mention.article if known.has("indefinite", mention.article.casefold()) else ""
    return [
        _turned(mention, one["thing"], f"{counted} {one['measure']}".strip(), known)
        for one in found
    ]


def _turned(mention: Mention, thing: str, measure: str, known: Language) -> Mention:
    start = mention.start + mention.text.index(thing)
    named = frozenset(root(word.key, known) for word in words(thing))
    return replace(
        mention,
        start=start,
        text=thing,
        said=measure,
        core=thing,
        article="",
        roots=named,
        named=thing[0].isupper(),
    )
