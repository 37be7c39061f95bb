"""Write candidates for a final query out of the words of its dialogue, without a model."""

from collections.abc import Iterable, Iterator, Sequence

from generation.offline.answers import facts, is_answer
from generation.offline.clauses import in_remark, without_remarks
from generation.offline.composing import composed, listed
from generation.offline.mention import Mention
from generation.offline.phrasing import capital, tidy
from generation.offline.requests import without_request
from generation.offline.salience import LONGEST_TURN, History, read
from generation.offline.slots import filled
from generation.offline.substitution import elaborated, resolved
from review.turns import Turn
from review.wording.grounding import roots
from review.wording.references import references
from review.wording.tokens import words

MOST_FACTS = 6


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
    history = _with_note(read(list(turns)), note)
    made = (tidy(text, history.known) for text in _texts(history))
    able = (text for text in made if text and not _takes_refused(text, history))
    return _different(able, history)[:count] or [turns[-1]["text"].strip()]


def _with_note(history: History, note: str) -> History:
    """Phrases that the note names weigh more than all others."""
    named = set(roots(note, history.known))
    for one in history.found:
        if named & one.roots:
            history.weights[one] += 2
    return history


def _texts(history: History) -> Iterator[str]:
    if is_answer(history):
        yield from _summed(history)
        return
    full, taken = _completed(history)
    topic = next(iter(taken or history.wanted), None)
    brief, _ = _completed(history, brief=True)
    yield full
    yield without_request(full, history.known, carried=False)
    yield without_request(without_remarks(full, history.known), history.known)
    yield composed(history, topic)
    yield composed(history, topic, earlier=False)
    yield brief
    yield without_request(brief, history.known)


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


def _summed(history: History) -> Iterator[str]:
    """A description out of the first turn and the facts that were asked for."""
    known = history.known
    first = without_request(history.turns[0]["text"], known).rstrip(" .!?。！？؟")
    told = facts(history)
    for number in (MOST_FACTS, 3, 1):
        yield capital(listed([first, *told[-number:]], known))
    yield composed(history, next(iter(history.wanted), None))
    yield first


def _takes_refused(text: str, history: History) -> bool:
    """Whether a refused thing is in the text that the final query does not name itself."""
    refused = history.refused_roots - set(roots(history.final, history.known))
    return bool(refused & set(roots(text, history.known)))


def _different(texts: Iterable[str], history: History) -> list[str]:
    """Those that differ in more than case and signs; the untouched query only if nothing else."""
    kept: dict[tuple[str, ...], str] = {}
    for text in texts:
        kept.setdefault(tuple(word.key for word in words(text)), text)
    own = tuple(word.key for word in words(history.final))
    if len(kept) > 1 and references(history.final, history.known):
        kept.pop(own, None)
    return list(kept.values())
