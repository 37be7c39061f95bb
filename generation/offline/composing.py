"""Compose a description out of what the user asked for, turn by turn, and what they ask for now."""

from generation.offline.clauses import wishes, without_remarks
from generation.offline.mention import Mention
from generation.offline.phrasing import as_said, capital, comma, heading
from generation.offline.requests import without_opening
from generation.offline.resolving import picks, unknown
from generation.offline.salience import History
from review.wording.grounding import roots
from review.wording.language import Language
from review.wording.tokens import words

MOST_PARTS = 4
# Below this a phrase of an earlier turn is a remark rather than a wish.
LEAST = 0.85


def composed(history: History, topic: Mention | None, *, earlier: bool = True) -> str:
    """The topic, earlier wishes, and what the final query says; "" without a topic."""
    if topic is None:
        return ""
    own = set(roots(history.final, history.known))
    wished = wishes(history.final, history.known)
    if topic.roots <= own:
        return capital(listed(wished, history.known))
    first, wished = _counted(topic, wished, history.known)
    said = listed(wished, history.known)
    if not said and _lost(history):
        return ""
    held = own | topic.roots
    more = _earlier(topic, held, history) if earlier and history.known.words.get("selves") else []
    parts = [first, *more, said]
    return capital(listed([part for part in parts if part], history.known))


def _lost(history: History) -> bool:
    """Whether a wish points to what nobody named, so that leaving it out would lose it."""
    wished = wishes(history.final, history.known, open_too=True)
    return any(unknown(one, history) for one in wished)


def _counted(topic: Mention, wished: list[str], known: Language) -> tuple[str, list[str]]:
    """The topic with the number that is wished of it, "three" of "balloons", and the rest."""
    if wished and known.has("indefinite", wished[0].casefold()) and not topic.article:
        return f"{wished[0]} {heading(topic, known)}", wished[1:]
    return heading(topic, known), wished


def stated(text: str, known: Language) -> str:
    """A text that has its references resolved, as what is wanted alone."""
    return capital(listed(wishes(text, known, open_too=True), known))


def joined(history: History, topics: list[Mention]) -> str:
    """Topics set before what the final query says: clean where nothing else is."""
    if not topics:
        return ""
    known = history.known
    named = comma(known).join(heading(topic, known) for topic in topics)
    said = without_remarks(without_opening(history.final, known), known)
    colon = {"ja": "：", "zh": "：", "fr": " : "}.get(known.code, ": ")
    first = said if said[1:2].isupper() else said[:1].lower() + said[1:]
    return f"{capital(named)}{colon}{first.strip()}"


def listed(parts: list[str], known: Language) -> str:
    """Parts behind one another; what begins with a preposition needs no comma."""
    text = parts[0] if parts else ""
    for part in parts[1:]:
        first = words(part)[0].key if words(part) else ""
        places = known.has("prepositions", first) or known.has("loose", first)
        text += f" {part}" if places else f"{comma(known)}{part}"
    return text


def _earlier(topic: Mention, held: set[str], history: History) -> list[str]:
    """Phrases of earlier user turns that say more of the topic, in their order."""
    wishes: list[Mention] = []
    picked = picks(history)
    for one in sorted(history.wanted, key=lambda one: (one.turn, one.start)):
        own = one.speaker == "user" and history.weights[one] >= LEAST and not one.measure
        own = own and one.preposition != history.known.glue.get("for")
        own = own and (one.turn == topic.turn or not picked)
        if own and not topic.named and not one.roots & held:
            wishes.append(one)
            held |= one.roots
    return [
        f"{one.preposition} {as_said(one, history.known)}".strip() for one in wishes[-MOST_PARTS:]
    ]
