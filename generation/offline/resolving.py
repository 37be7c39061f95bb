"""Which phrase of the history a reference means."""

from dataclasses import replace

import regex

from generation.offline.mention import Mention
from generation.offline.salience import History
from review.wording.language import root
from review.wording.references import Reference, references
from review.wording.tokens import words

ORDINALS = {"first": 0, "second": 1, "third": 2}
# How far behind the likeliest mention one may be that a pronoun fits better.
MOST_BEHIND = 0.3
PERSONS = frozenset({"he", "she", "him", "her", "his", "hers"})
SEVERAL = frozenset({"they", "them", "their", "theirs"})
APART = regex.compile(r"\s+(?:and|or|und|oder|et|ou|y|o|e)\s+|[、和]")


def meant(reference: Reference, history: History) -> Mention | None:
    """The mention that the reference means, None where nothing in the history fits."""
    wanted = history.wanted
    if not wanted:
        return None
    if reference.kind in ("earliest", "latest", "other", *ORDINALS):
        return _in_order(reference.kind, history)
    if reference.kind in ("personal", "gendered", "possessive"):
        return _agreeing(reference.text.casefold(), history)
    if noun := reference.group("noun"):
        return _with_head(noun, history)
    return wanted[0]


def picks(history: History) -> bool:
    """Whether the final query picks one of several things: what was said of others is not meant."""
    kinds = {"earliest", "latest", "other", *ORDINALS}
    return any(one.kind in kinds for one in references(history.final, history.known))


def unknown(text: str, history: History) -> bool:
    """Whether a part of the final query points to something that nobody named."""
    found = references(text, history.known)
    return any(one.group("noun") and meant(one, history) is None for one in found)


def _with_head(noun: str, history: History) -> Mention | None:
    """What a demonstrated noun points to: "that lighthouse", or "that place" for anything."""
    one = words(noun)
    if not one:
        return None
    head = root(one[0].key, history.known)
    named = [mention for mention in history.wanted if head in mention.roots]
    if named:
        return named[0]
    return history.wanted[0] if _generic(one[0].key, history) else None


def _generic(noun: str, history: History) -> bool:
    kind = "generic" if history.known.words.get("generic") else "carriers"
    return history.known.has(kind, noun)


def _in_order(kind: str, history: History) -> Mention | None:
    topics = choices(history) or topics_of_user(history)
    if kind == "earliest":
        return (topics_of_user(history) or history.wanted)[0]
    if kind in ORDINALS:
        return _ordinal(ORDINALS[kind], history)
    if kind == "latest":
        return topics[-1] if topics else None
    return _other(topics, history)


def _ordinal(place: int, history: History) -> Mention | None:
    """The nth of what was offered; where pictures were offered, what all of them show."""
    offered = choices(history)
    if offered:
        return offered[place] if len(offered) > place else None
    last = [one for one in history.wanted if one.turn == len(history.turns) - 2]
    options = [*topics_of_user(history), *last[:1]]
    if last and len(options) > place:
        return options[place]
    shown = any(turn.get("images") for turn in history.turns[:-1])
    topics = topics_of_user(history)
    if shown or len(topics) <= place:
        return history.wanted[0] if shown else None
    return topics[place]


def _agreeing(pronoun: str, history: History) -> Mention | None:
    """A mention that a pronoun may stand for; outside English any may."""
    likely = history.weights[history.wanted[0]] - MOST_BEHIND
    able = [one for one in history.wanted if _agrees(pronoun, one, history)]
    if not able and pronoun == "it":
        able = [one for one in history.wanted if one.article.casefold() in ("a", "an")]
    return able[0] if able and history.weights[able[0]] >= likely else None


def _agrees(pronoun: str, one: Mention, history: History) -> bool:
    known = history.known
    if known.code != "en":
        return True
    person = any(known.has("people", word.key) for word in words(one.core))
    if pronoun in PERSONS:
        return person
    if pronoun in SEVERAL:
        return person or _several(one)
    return not person and not _several(one)


def _several(one: Mention) -> bool:
    """Whether an English mention is of more than one thing."""
    found = words(one.core)
    if one.article.casefold() in ("a", "an") or not found:
        return False
    head = found[-1].key
    return any(word.key == "and" for word in found) or (
        head.endswith("s") and not head.endswith("ss")
    )


def choices(history: History) -> list[Mention]:
    """What the last assistant turn offered, in its order, where that was more than one thing."""
    last = len(history.turns) - 2
    offered = [
        one
        for one in history.found
        if one.turn == last and one.speaker == "assistant" and one in history.wanted
    ]
    if len(offered) == 1:
        offered = _parts(offered[0])
    return offered if len(offered) > 1 else []


def _parts(one: Mention) -> list[Mention]:
    """The things that one mention lists: "Alpha and Beta"."""
    names = [name for name in APART.split(one.core) if name]
    return [replace(one, core=name, text=name, said="") for name in names]


def topics_of_user(history: History) -> list[Mention]:
    """The weightiest mention of each user turn, in the order of the dialogue."""
    best: dict[int, Mention] = {}
    for one in history.wanted:
        if one.speaker == "user":
            best.setdefault(one.turn, one)
    return [best[turn] for turn in sorted(best)]


def _other(topics: list[Mention], history: History) -> Mention | None:
    """Of two, the one that was not taken last; a refused one leaves the other."""
    if history.refused and topics:
        return topics[0]
    return topics[-2] if len(topics) > 1 else None
