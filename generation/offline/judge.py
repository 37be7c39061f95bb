"""Score a candidate on what can be counted: no model, and nothing that a reviewer cannot check."""

from collections.abc import Iterable, Sequence, Set
from functools import cached_property

from generation.offline.needs import Needs, held_roots, refusals, share
from generation.offline.requests import asks
from generation.offline.salience import LONGEST_TURN, read
from generation.offline.shapes import faults, greeting, quoted, remarks
from review.turns import Turn
from review.wording.grounding import Support
from review.wording.language import root
from review.wording.references import references
from review.wording.tokens import words

Score = tuple[int, str]
CRITERIA = ("correctness", "completeness", "clarity", "conciseness", "groundedness")
# So many words may stand for one word that is needed before a text counts as long.
ROOM = 1.25
# How far past that room conciseness is 4, 3, 2 and 1.
TOO_LONG = (1.0, 1.3, 1.7, 2.3)
# Shares of the conditions kept from which correctness is 2, 3, 4 and 5.
KEPT = (0.35, 0.6, 0.8, 1.0)
# Shares of the needed history from which completeness is 2, 3, 4 and 5.
COVERED = (0.2, 0.4, 0.65, 0.9)
# The same of what was told in a dialogue of questions and answers.
TOLD = (0.2, 0.4, 0.6, 0.8)
# A detail of what is meant weighs less than the thing itself.
DETAIL = 0.3


class Judge:
    """Judges the candidates of one dialogue, which it reads once."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.needs = Needs(read(list(turns)))
        self._turns = turns

    @cached_property
    def _support(self) -> Support:
        return Support(self._turns)

    def judge(self, text: str) -> dict[str, Score]:
        """For each criterion a score from 1 (bad) to 5 (good) and the reason in one sentence."""
        if not words(text):
            return dict.fromkeys(CRITERIA, (1, "The text has no words."))
        read_part = text[: 2 * LONGEST_TURN]
        return {
            "correctness": _correctness(read_part, self.needs),
            "completeness": _completeness(read_part, self.needs),
            "clarity": _clarity(read_part, self.needs),
            "conciseness": _conciseness(read_part, self.needs),
            "groundedness": self._groundedness(text),
        }

    def _groundedness(self, text: str) -> Score:
        loose = self._support.unsupported(text)
        if not loose:
            return 5, "Every word is found in the dialogue."
        said = f"Not found in the dialogue: {quoted(loose)}."
        return max(1, 5 - len(loose) - (_count(loose) > 2)), said


def judge(turns: Sequence[Turn], text: str) -> dict[str, Score]:
    """One candidate judged. Where a dialogue has several, one `Judge` for all is quicker."""
    return Judge(turns).judge(text)


def _count(phrases: Iterable[str]) -> int:
    return sum(len(phrase.split()) for phrase in phrases)


def _level(value: float, least: Sequence[float]) -> int:
    return 1 + sum(value >= one for one in least)


def _correctness(text: str, needs: Needs) -> Score:
    held = held_roots(text, needs)
    taken = _named(text, needs.turned_down & held, needs)
    if taken:
        return 1, f"Takes up what was turned down: {taken}."
    turned = _turned(text, needs)
    if turned:
        return 2, f"Asks for what the final query does not want: {turned}."
    return _conditions(held, needs)


def _conditions(held: Set[str], needs: Needs) -> Score:
    wanted = needs.conditions
    if not wanted:
        return 5, "The final query sets no condition of its own that could be lost."
    lost = [word for one, word in wanted.items() if one not in held]
    if not lost:
        return 5, f"Keeps what the final query says: {quoted(wanted.values())}."
    kept = f"Keeps {len(wanted) - len(lost)} of {len(wanted)} conditions of the final query"
    return _level(share(wanted, held), KEPT), f"{kept}; lost: {quoted(lost)}."


def _turned(text: str, needs: Needs) -> str:
    """Things that the final query refuses and the text names without refusing them."""
    own = refusals(text, needs.known)
    held = held_roots(text, needs)
    return quoted(word for one, word in needs.refusals.items() if one in held and one not in own)


def _named(text: str, wanted: Set[str], needs: Needs) -> str:
    """The words of a text that have these roots, as written, quoted."""
    return quoted(word.text for word in words(text) if root(word.key, needs.known) in wanted)


def _completeness(text: str, needs: Needs) -> Score:
    held = held_roots(text, needs)
    left = references(text, needs.known)
    score, reason = _told(held, needs) if needs.told else _covered(held, needs)
    if left:
        score = max(1, min(score - 1, 3) - (len(left) > 1))
        reason = f"Leaves open {quoted(one.text for one in left)}; {reason[:1].lower()}{reason[1:]}"
    return score, reason


def _told(held: Set[str], needs: Needs) -> Score:
    """How much of what was told of the picture the text holds."""
    held_part = share(needs.told_roots, held)
    return _level(held_part, TOLD), f"Holds {held_part:.0%} of what the user told of the picture."


def _covered(held: Set[str], needs: Needs) -> Score:
    """How much of the history that the final query leaves open the text says."""
    if needs.topic is None:
        return 5, "Nothing in the history is missing."
    topic = needs.topic.core
    if share(needs.topic_roots, held) < 0.5:
        return _without_topic(held, needs)
    missing = [word for one, word in needs.details.items() if one not in held]
    weighed = len(needs.topic_roots) + DETAIL * len(needs.details)
    got = len(needs.topic_roots & held) + DETAIL * (len(needs.details) - len(missing))
    if not missing:
        return 5, f"Says all that the history tells of “{topic}”."
    return min(_level(got / weighed, COVERED), 4), f"Says “{topic}”, but not {quoted(missing)}."


def _without_topic(held: Set[str], needs: Needs) -> Score:
    topic = needs.topic.core if needs.topic else ""
    other = next((one for one in needs.history.wanted if share(one.roots, held) >= 0.5), None)
    if other and not other.roots <= needs.own:
        return 3, f"Takes up “{other.core}”, not “{topic}”, which is likelier meant."
    return (2 if needs.open else 3), f"Says nothing of “{topic}” from the history."


def _clarity(text: str, needs: Needs) -> Score:
    found = list(faults(text, needs))
    if not found:
        return 5, "Reads as one plain wish."
    said = "; ".join(fault.what for fault in found)
    return max(1, 5 - sum(fault.cost for fault in found)), f"{said[:1].upper()}{said[1:]}."


def _conciseness(text: str, needs: Needs) -> Score:
    length = len(words(text))
    over = length / max(needs.length * ROOM, 1)
    extra = list(_extra(text, needs))
    score = max(1, 5 - sum(over > most for most in TOO_LONG) - len(extra))
    size = f"{length} words where {needs.length} would hold the query and what it means"
    return score, "; ".join([f"{size[:1].upper()}{size[1:]}", *extra]) + "."


def _extra(text: str, needs: Needs) -> Iterable[str]:
    """What a text says beside the wish."""
    if opening := greeting(text, needs):
        yield f"begins with {quoted([opening])}"
    if asks(text, needs.known):
        yield "still asks rather than says"
    if idle := remarks(text, needs.known):
        yield f"keeps the remark {quoted(idle)}"
