"""How likely each phrase of the history is what the final query means."""

from dataclasses import dataclass, replace
from functools import cached_property

from generation.offline.mention import Mention, sentences
from generation.offline.mentions import mentions
from generation.offline.rejection import rejected
from review.turns import Turn
from review.wording.grounding import dialogue_language
from review.wording.language import NEVER, Language, only_compares
from review.wording.tokens import words

# Weights were set by eye on dialogues of several kinds; only their order matters much.
SPEAKER = {"user": 1.0, "assistant": 0.45}
PRESENTED, TOPIC, INTRODUCED, NAMED, REPEATED = 0.45, 0.4, 0.2, 0.45, 0.25
SHOWN, OPENING, ADOPTED = 0.3, 0.2, 0.4
ADJUNCT, PERSON, BARE, MEASURED, QUESTIONED = -0.45, -0.8, -0.15, -0.9, -0.35
COMPLAINT, THEIRS, PREFERRED = -0.9, -0.45, 0.5
PER_TURN_AGO = -0.05
PER_LATER_SENTENCE = -0.05
DETAIL, MOST_DETAILS = 0.04, 4
# Longer turns are pasted matter; it bounds the time that a hostile dialogue takes.
LONGEST_TURN = 1500
# A phrase below this is small talk ("a good discussion"), not something to show.
LEAST = 0.5


@dataclass(frozen=True)
class History:
    """What was said before the final query: its phrases, their weights, and what was refused."""

    known: Language
    turns: list[Turn]
    final: str
    found: list[Mention]
    refused: set[Mention]
    weights: dict[Mention, float]

    @cached_property
    def wanted(self) -> list[Mention]:
        """Phrases that may be meant, the likeliest first; small talk and refused ones are out."""
        able = [one for one in self.found if self.weights[one] >= LEAST and one not in self.refused]
        able = [one for one in able if not _describes(one, self.known)]
        return sorted(able, key=lambda one: -self.weights[one])

    @cached_property
    def refused_roots(self) -> set[str]:
        """Roots that only refused phrases have."""
        kept = {word for one in self.found if one not in self.refused for word in one.roots}
        return {word for one in self.refused for word in one.roots} - kept


def read(turns: list[Turn]) -> History:
    """The history of a dialogue; its last turn is the final query.

    Of a very long turn only the first LONGEST_TURN characters are read.
    """
    turns = [{**turn, "text": turn["text"][:LONGEST_TURN]} for turn in turns]
    known = dialogue_language(turns)
    found = [
        mention
        for index, turn in enumerate(turns[:-1])
        for mention in mentions(turn["text"], index, turn["role"], known)
    ]
    found = _attributed([_headed(one, found, turns, known) for one in found], turns, known)
    refused = rejected(turns, found, known)
    found = [_categorised(one, found, refused, turns, known) for one in found]
    refused = {
        one
        for one in found
        if any(one.start == bad.start and one.turn == bad.turn for bad in refused)
    }
    weights = {one: _weight(one, found, turns, known) for one in found}
    _lift_instances(found, weights)
    return History(known, turns, turns[-1]["text"] if turns else "", found, refused, weights)


def _headed(one: Mention, found: list[Mention], turns: list[Turn], known: Language) -> Mention:
    """ "A green one" with the noun that "one" stands for: what the user asked for last."""
    if not known.pattern("ones").match(turns[one.turn]["text"][one.end :]):
        return one
    asked = [other for other in found if other.turn == one.turn - 1 and other.speaker == "user"]
    if not asked or not _describes(one, known) or _describes(asked[-1], known):
        return one
    core = f"{one.core} {asked[-1].core}"
    return replace(one, text=core, core=core, roots=one.roots | asked[-1].roots)


def _attributed(found: list[Mention], turns: list[Turn], known: Language) -> list[Mention]:
    """Mentions with what the user adds right behind: "a lighthouse, yes. red and white"."""
    joined: list[Mention] = []
    for one in found:
        before = joined[-1] if joined else None
        if before and _adds(one, before, turns, known):
            joined[-1] = replace(before, text=f"{one.text} {before.text}")
        else:
            joined.append(one)
    return joined


def _adds(one: Mention, before: Mention, turns: list[Turn], known: Language) -> bool:
    text = turns[one.turn]["text"]
    if one.speaker != "user" or one.turn != before.turn or one.article or one.preposition:
        return False
    if text[one.end :].strip()[:1] not in ("", ".", ",", ";", "!") or before.named or before.said:
        return False
    between = [word.key for word in words(text[before.end : one.start])]
    idle = all(known.has("interjections", word) for word in between)
    return idle and _describes(one, known) and not _describes(before, known)


def _weight(one: Mention, found: list[Mention], turns: list[Turn], known: Language) -> float:
    lead, text = one.lead, turns[one.turn]["text"]
    weight = SPEAKER.get(one.speaker, 0.0)
    presented = known.pattern("presenting").search(lead)
    weight += (PRESENTED if one.named else PRESENTED / 2) if presented else 0
    weight += TOPIC if known.pattern("about").search(lead) or _carried(one, known) else 0
    weight += INTRODUCED if known.has("indefinite", one.article.casefold()) else 0
    weight += SHOWN if one.speaker == "user" and turns[one.turn].get("images") else 0
    weight += OPENING if one is found[0] else 0
    weight += ADOPTED if _adopted(one, found) else 0
    weight += NAMED if one.named else 0
    again = {other.turn for other in found if other.roots & one.roots} - {one.turn}
    weight += REPEATED * min(len(again), 2)
    weight += _doubts(one, text, known)
    weight += PER_TURN_AGO * (len(turns) - 1 - one.turn) / 2 + PER_LATER_SENTENCE * one.sentence
    return weight + DETAIL * min(len(one.full.split()), MOST_DETAILS)


def _carried(one: Mention, known: Language) -> bool:
    """Whether a carrier leads to the mention: "pictures of ...", "the road to ..."."""
    if not one.lead.strip():
        return False
    *_, noun, link = ["", "", *(word.key for word in words(one.lead))]
    if known.words.get("carrying") and not known.has("carrying", link):
        return False
    return known.has("carriers", noun)


def _adopted(one: Mention, found: list[Mention]) -> bool:
    """Whether the user takes what the assistant offered right before: "dogs, please"."""
    return one.speaker == "user" and any(
        other.turn == one.turn - 1 and one.roots <= other.roots and not other.preposition
        for other in found
    )


def _acts(one: Mention, known: Language) -> bool:
    """Whether a phrase is a bare doing: "counting"."""
    bare = not one.article and " " not in one.core
    return bare and bool(known.pattern("participle").search(one.core.casefold()))


def _others(one: Mention, known: Language) -> float:
    """Relatives and possessions are talked of more often than they are meant."""
    kin = any(known.has("kin", word.key.removesuffix("'s")) for word in words(one.core))
    if kin and (not one.article or known.has("owning", one.article.casefold())):
        return PERSON
    return THEIRS if known.has("owning", one.article.casefold()) else 0


def _describes(one: Mention, known: Language) -> bool:
    """Whether a mention only tells how a thing is: "red and white"."""
    joint = {known.glue.get("and"), known.glue.get("or")}
    said = [word.key for word in words(one.text) if word.key not in joint]
    return all(known.has("describing", one) or known.has("carriers", one) for one in said)


def _lift_instances(found: list[Mention], weights: dict[Mention, float]) -> None:
    """What answers a request is meant rather than what was asked for: the cafe, not "a cafe"."""
    for one in found:
        if one.speaker != "assistant" or not one.named:
            continue
        asked = [other for other in found if other.turn == one.turn - 1 and other.speaker == "user"]
        if asked:
            weights[one] = max(weights[one], max(weights[other] for other in asked) + PRESENTED / 3)


def _doubts(one: Mention, text: str, known: Language) -> float:
    adjunct = one.preposition and not known.pattern("about").search(one.lead)
    asked = one.speaker == "assistant" and text.rstrip().endswith(("?", "？", "؟"))
    doubt = ADJUNCT if adjunct and not _carried(one, known) else 0
    doubt += _others(one, known)
    doubt += MEASURED if one.measure or _acts(one, known) else 0
    start, end = sentences(text)[one.sentence]
    complains = known.rejections.get("complaint", NEVER).search(text[start:end])
    doubt += COMPLAINT if complains and one.speaker == "user" else 0
    prefers = known.pattern("preferring").search(text[start:end])
    doubt += PREFERRED if prefers and one.speaker == "user" else 0
    doubt += QUESTIONED if asked and not one.named else 0
    return doubt + (0 if one.article or one.named or " " in one.core else BARE)


def _categorised(
    one: Mention, found: list[Mention], refused: set[Mention], turns: list[Turn], known: Language
) -> Mention:
    """A name that answers a request is of the kind that was asked for: "the cafe Teavana"."""
    if one.category and _plain(one.category, known):
        return replace(one, category=_plain(one.category, known))
    plain = replace(one, category="") if one.category else one
    if one.speaker != "assistant" or not one.named:
        return plain
    asked = [
        other
        for other in found
        if other.turn == one.turn - 1 and other.speaker == "user" and other not in refused
    ]
    if not asked:
        return plain
    best = max(asked, key=lambda other: _weight(other, found, turns, known))
    if best.roots <= one.roots or best.named or best.measure:
        return replace(one, category="")
    return replace(one, category=_kind(best, known))


def _kind(asked: Mention, known: Language) -> str:
    """What was asked for, as a kind of thing, with "my" where it is the user's."""
    article = asked.article.casefold()
    mine = f"{article} " if article == known.glue.get("mine") else ""
    plain = _plain(asked.core, known)
    return f"{mine}{plain}" if plain else ""


def _plain(text: str, known: Language) -> str:
    """A kind of thing without what only places it: "nearest coffee shop" is "coffee shop"."""
    kept = [word for word in text.split() if not only_compares(word.casefold(), known)]
    while len(kept) > 1 and kept[-2].endswith("'s") and known.has("carriers", kept[-1].casefold()):
        kept.pop()
    alone = len(kept) == 1 and known.pattern("participle").search(kept[0])
    return "" if alone else " ".join(kept).removesuffix("'s")
