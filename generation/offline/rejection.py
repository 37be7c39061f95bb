"""What the dialogue turned down, so that no candidate takes it up."""

import regex

from generation.offline.mention import Mention, sentences
from review.turns import Turn
from review.wording.grounding import roots
from review.wording.language import NEVER, Language

NEAR = 4


def rejected(turns: list[Turn], found: list[Mention], known: Language) -> set[Mention]:
    """The mentions that the user does not want, and what else is called the same."""
    refused = {
        mention
        for index, turn in enumerate(turns)
        if turn["role"] == "user"
        for mention in _in_turn(index, turns, found, known)
    }
    refused |= _left_out(turns, found, known)
    refused |= {one for one in found if _absent(one, known)}
    return {one for one in found if any(_same(one, other) for other in refused)}


def _left_out(turns: list[Turn], found: list[Mention], known: Language) -> set[Mention]:
    """What the assistant offers to leave out: "we could do without flowers then"."""
    pattern = _pattern(known, "left_out")
    return {
        one
        for one in found
        if one.speaker == "assistant"
        and pattern.search(turns[one.turn]["text"][: one.start].removesuffix(one.article))
    }


def _absent(one: Mention, known: Language) -> bool:
    """Whether the mention says that there is none: "no lighthouse nearby"."""
    return bool(one.article) and one.article.casefold() == known.glue.get("none")


def _same(one: Mention, other: Mention) -> bool:
    """Whether a mention is the refused one, or a shorter name of it that came up no earlier."""
    return one == other or (
        one.roots <= other.roots and (one.roots == other.roots or one.turn > other.turn)
    )


def _in_turn(index: int, turns: list[Turn], found: list[Mention], known: Language) -> list[Mention]:
    text = turns[index]["text"]
    own = [mention for mention in found if mention.turn == index]
    refused = [
        mention
        for number, (start, end) in enumerate(sentences(text))
        for mention in _in_sentence(text[start:end], start, number, own, found, known)
    ]
    if _pattern(known, "whole").match(text):
        asked = {word for turn in turns[:index] for word in _asked(turn, known)}
        before = _before(found, index, known, "assistant")
        refused += [one for one in before if not one.roots & asked]
    return refused


def _asked(turn: Turn, known: Language) -> list[str]:
    return roots(turn["text"], known) if turn["role"] == "user" else []


def _in_sentence(
    text: str, start: int, number: int, own: list[Mention], found: list[Mention], known: Language
) -> list[Mention]:
    here = [mention for mention in own if mention.sentence == number]
    refused = [
        mention
        for match in _pattern(known, "before").finditer(text)
        for mention in here
        if -1 <= mention.start - len(mention.article) - start - match.end() <= NEAR
        or 0 <= mention.start - start - match.end() <= NEAR
    ]
    after = _pattern(known, "after").search(text)
    if after and not refused:
        named = [mention for mention in here if mention.start - start < after.start()]
        index = own[0].turn if own else None
        refused = named or (_before(found, index, known) if index is not None else [])
    return refused


def _before(
    found: list[Mention], index: int, known: Language, speaker: str | None = None
) -> list[Mention]:
    """What was named last before a turn, unless the user had asked for it earlier."""
    earlier = [one for one in found if one.turn < index and speaker in (None, one.speaker)]
    last = max((one.turn for one in earlier), default=-1)
    if last != index - 1:
        return []
    asked = [one.roots for one in found if one.turn < last and one.speaker == "user"]
    return [
        one for one in earlier if one.turn == last and not any(one.roots & own for own in asked)
    ]


def _pattern(known: Language, name: str) -> "regex.Pattern[str]":
    return known.rejections.get(name, NEVER)
