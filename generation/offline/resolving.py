"""Which phrase of the history a reference means."""

import regex

from generation.offline.mention import Mention
from generation.offline.salience import History
from review.wording.language import root
from review.wording.references import Reference
from review.wording.tokens import words

ORDINALS = {"second": 1, "third": 2}
APART = regex.compile(r"\s*(?:,|\band\b|\bor\b|\bund\b|\bet\b|\by\b|、|和)\s*")


def meant(reference: Reference, history: History) -> Mention | None:
    """The mention that the reference means, None where nothing in the history fits."""
    wanted = history.wanted
    if not wanted:
        return None
    if reference.kind in ("earliest", "latest", "other", *ORDINALS):
        return _in_order(reference.kind, history)
    if noun := reference.group("noun"):
        return _with_head(noun, history)
    return wanted[0]


def _with_head(noun: str, history: History) -> Mention | None:
    """What a demonstrated noun points to: "that lighthouse", or "that place" for anything."""
    one = words(noun)
    if not one:
        return None
    head = root(one[0].key, history.known)
    named = [mention for mention in history.wanted if head in mention.roots]
    if named:
        return named[0]
    return history.wanted[0] if history.known.has("carriers", one[0].key) else None


def _in_order(kind: str, history: History) -> Mention | None:
    topics = choices(history) or topics_of_user(history)
    if kind == "earliest":
        return (
            (topics_of_user(history) or topics or [None])[0] if not choices(history) else topics[0]
        )
    if kind in ORDINALS:
        return topics[ORDINALS[kind]] if len(topics) > ORDINALS[kind] else None
    if kind == "latest":
        return topics[-1] if topics else None
    return _other(topics, history)


def choices(history: History) -> list[Mention]:
    """What the last assistant turn offered, in its order, where that was more than one thing."""
    last = len(history.turns) - 2
    offered = [
        one
        for one in history.found
        if one.turn == last and one.speaker == "assistant" and one in history.wanted
    ]
    return offered if len(offered) > 1 else []


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
