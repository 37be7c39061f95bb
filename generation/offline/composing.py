"""Compose a description out of what the user asked for, turn by turn, and what they ask for now."""

import regex

from generation.offline.mention import Mention
from generation.offline.phrasing import as_said, capital, tidy
from generation.offline.requests import without_opening
from generation.offline.salience import History
from review.wording.grounding import roots
from review.wording.language import NEVER, Language
from review.wording.references import references
from review.wording.tokens import words

CLAUSE_END = regex.compile(r"\s*(?:[.!?;:…。！？؟।]+|[,،、，](?!\d))\s*")
MOST_PARTS = 4
# Below this a phrase of an earlier turn is a remark rather than a wish.
LEAST = 0.85


def composed(history: History) -> str:
    """The likeliest topic, earlier wishes, and what the final query says; "" without a topic."""
    if not history.wanted:
        return ""
    own = set(roots(history.final, history.known))
    topic = history.wanted[0]
    said = residue(history)
    if topic.roots <= own:
        return capital(said)
    held = own | topic.roots
    parts = [as_said(topic, history.known), *_wishes(topic, held, history), said]
    return capital(listed([part for part in parts if part], history.known))


def listed(parts: list[str], known: Language) -> str:
    """Parts behind one another; what begins with a preposition needs no comma."""
    comma = {"ja": "、", "zh": "，", "ar": "، "}.get(known.code, ", ")
    text = parts[0] if parts else ""
    for part in parts[1:]:
        first = part.split(" ", 1)[0].casefold()
        places = known.has("prepositions", first) or known.has("loose", first)
        text += f" {part}" if places else f"{comma}{part}"
    return text


def _wishes(topic: Mention, held: set[str], history: History) -> list[str]:
    """Phrases of earlier user turns that say more of the topic, in their order."""
    wishes: list[Mention] = []
    for one in sorted(history.wanted, key=lambda one: (one.turn, one.start)):
        own = one.speaker == "user" and history.weights[one] >= LEAST and not one.measure
        if own and not topic.named and not one.roots & held:
            wishes.append(one)
            held |= one.roots
    return [
        f"{one.preposition} {as_said(one, history.known)}".strip() for one in wishes[-MOST_PARTS:]
    ]


def residue(history: History) -> str:
    """What the final query asks for, without its request, its references and its remarks."""
    known, parts = history.known, []
    for clause in CLAUSE_END.split(without_opening(history.final, known)):
        plain = _wish(clause, known)
        if any(sign.isalnum() for sign in plain):
            parts.append(plain)
    return listed(parts, known)


def _wish(clause: str, known: Language) -> str:
    """A clause as what is wanted alone; "" for a refusal or a remark."""
    plain = without_opening(clause, known).strip()
    if _refuses(plain, known):
        return ""
    frame = known.pattern("frames").match(plain) or known.pattern("requests").match(plain)
    if not frame and _remarks(plain, known):
        return ""
    plain = plain[frame.end() :] if frame else plain
    plain = known.pattern("closings").sub("", plain + " ").strip()
    for reference in reversed(references(plain, known)):
        plain = plain[: reference.start] + plain[reference.end :]
    return tidy(known.pattern("joints").sub("", plain.strip()), known)


def _refuses(clause: str, known: Language) -> bool:
    before = known.rejections.get("before", NEVER).match(clause)
    after = known.rejections.get("after", NEVER).search(clause)
    return bool(before or after)


def _remarks(clause: str, known: Language) -> bool:
    """Whether a clause tells of somebody: "we'd have nightmares", "mum says red"."""
    found = [word.key for word in words(clause)]
    while found and known.has("conjunctions", found[0]):
        found = found[1:]
    return bool(found) and known.has("tellers", found[0])
