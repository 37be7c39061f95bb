"""Write candidates for a final query out of the words of its dialogue, without a model."""

from collections.abc import Iterable, Iterator, Sequence

from generation.offline.clauses import in_remark, without_remarks
from generation.offline.composing import composed, joined, listed, stated
from generation.offline.mention import Mention
from generation.offline.needs import Needs, held_roots, share
from generation.offline.phrasing import capital, tidy
from generation.offline.requests import without_request
from generation.offline.salience import LONGEST_TURN, History, read
from generation.offline.shapes import faults, greeting
from generation.offline.slots import filled
from generation.offline.substitution import elaborated, resolved
from review.turns import Turn
from review.wording.grounding import roots
from review.wording.references import references
from review.wording.tokens import words

MOST_FACTS = 6
# Losing all conditions weighs as much as this many points of faults.
LOST = 6
# Saying nothing of what is likeliest meant, or not all that was told of it.
TOPIC = 3
DETAILS = 0.4
GREETS = 0.5
# A text that costs more is not offered where others are there.
MOST_COST = 2.5
ENOUGH = 2


def rewrite(turns: Sequence[Turn], *, count: int = 4, note: str = "") -> list[str]:
    """Up to `count` different candidates for the last turn, the most careful first.

    The same turns and note give the same candidates. `note` is what a reviewer asked for when
    they wanted other candidates: a phrase of the history that it names is taken up first.
    No history gives the final query without its request phrases, if that differs; a final query
    longer than LONGEST_TURN characters stays as it is.
    """
    if not turns or count < 1:
        return []
    if len(turns[-1]["text"]) > LONGEST_TURN:
        return [turns[-1]["text"].strip()]
    needs = Needs(_with_note(read(list(turns)), note))
    texts = _different(filter(None, (tidy(one, needs.known) for one in _texts(needs))), needs)
    if len(texts) < ENOUGH:
        texts.append(joined(needs.history, _apart(needs.history.wanted)) or needs.final.strip())
    return _sensible(list(dict.fromkeys(texts)), needs)[:count] or [turns[-1]["text"].strip()]


def _apart(found: list[Mention]) -> list[Mention]:
    """The likeliest mention and the next that shares no word with it."""
    return found[:1] + [one for one in found[1:] if not one.roots & found[0].roots][:1]


def _sensible(texts: list[str], needs: Needs) -> list[str]:
    """The texts that keep the final query's conditions in a whole shape, the clean ones first.

    Where there are few, others stand behind them; what was turned down is never taken up.
    """
    able = [text for text in texts if not _takes_refused(text, needs)]
    costs = {text: _cost(text, needs) for text in able}
    able.sort(key=lambda text: costs[text])
    good = [text for text in able if costs[text] <= MOST_COST]
    return good if len(good) >= ENOUGH else able[:ENOUGH]


def _cost(text: str, needs: Needs) -> float:
    """What is wrong with a text: its faults, and what it loses."""
    lost = LOST * (1 - needs.kept(text))
    if needs.answers:  # Facts one behind another have no shape that could break.
        return lost
    held = held_roots(text, needs)
    missing = share(needs.topic_roots, held) < 0.5
    lost += DETAILS * (1 - share(needs.details, held))
    shape: float = sum(fault.cost for fault in faults(text, needs))
    shape += GREETS * bool(greeting(text, needs))
    return shape + lost + TOPIC * missing


def _with_note(history: History, note: str) -> History:
    """Phrases that the note names weigh more than all others."""
    named = set(roots(note, history.known))
    for one in history.found:
        if named & one.roots:
            history.weights[one] += 2
    return history


def _texts(needs: Needs) -> Iterator[str]:
    if needs.answers:
        yield from _summed(needs)
        return
    history = needs.history
    full, taken = _completed(history)
    topic = next(iter(taken or history.wanted), None)
    brief, _ = _completed(history, brief=True)
    yield full
    yield without_request(full, history.known, carried=False)
    yield without_request(without_remarks(full, history.known), history.known)
    yield stated(full, history.known)
    yield composed(history, topic)
    yield composed(history, topic, earlier=False)
    yield brief
    yield without_request(brief, history.known)
    yield joined(history, [topic] if topic else [])


def _completed(history: History, *, brief: bool = False) -> tuple[str, list[Mention]]:
    """The final query understood without the history, and what it took up."""
    for complete in (resolved, elaborated, filled):
        text, taken = complete(history, brief=brief)
        if taken:
            return text, taken
        if complete is resolved and _points(history):
            break
    return history.final, []


def _points(history: History) -> bool:
    """Whether the query points to something nobody named: then nothing else is put in."""
    found = references(history.final, history.known)
    return any(not in_remark(one, history) for one in found)


def _summed(needs: Needs) -> Iterator[str]:
    """A description out of the first turn and the facts that were asked for."""
    history, known = needs.history, needs.known
    first = without_request(history.turns[0]["text"], known).rstrip(" .!?。！？؟")
    for number in (MOST_FACTS, 3, 1):
        yield capital(listed([first, *needs.facts[-number:]], known))
    yield composed(history, next(iter(history.wanted), None))
    yield first


def _takes_refused(text: str, needs: Needs) -> bool:
    """Whether a refused thing is in the text that the final query does not name itself."""
    return bool(needs.turned_down & set(roots(text, needs.known)))


def _different(texts: Iterable[str], needs: Needs) -> list[str]:
    """Those that differ in more than case and signs; the untouched query only if nothing else."""
    kept: dict[tuple[str, ...], str] = {}
    for text in texts:
        kept.setdefault(tuple(word.key for word in words(text)), text)
    own = tuple(word.key for word in words(needs.final))
    if len(kept) > 1 and needs.open:
        kept.pop(own, None)
    return list(kept.values())
