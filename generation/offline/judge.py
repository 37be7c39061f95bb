"""Score a candidate on what can be counted: no model, and nothing that a reviewer cannot check."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex

from generation.offline.answers import facts, is_answer
from generation.offline.clauses import CLAUSE_END, idles, without_remarks
from generation.offline.mention import Mention
from generation.offline.requests import asks, without_request
from generation.offline.salience import LONGEST_TURN, History, read
from generation.offline.substitution import resolved
from review.turns import Turn
from review.wording.grounding import roots, unsupported_words
from review.wording.language import root
from review.wording.references import references, unresolved_references
from review.wording.tokens import words

Score = tuple[int, str]
CRITERIA = ("correctness", "completeness", "clarity", "conciseness", "groundedness")
# A list of more parts than this reads as a heap of words.
MOST_CLAUSES = 5
# So many words may stand for one word that is needed before a text counts as long.
ROOM = 1.35
# How far past that room conciseness is 4, 3, 2 and 1.
TOO_LONG = (1.0, 1.3, 1.7, 2.3)
QUOTED = 4
# Shares of what was told from which completeness is 2, 3, 4 and 5.
TOLD_LEAST = (0.2, 0.4, 0.6, 0.75)


def judge(turns: Sequence[Turn], text: str) -> dict[str, Score]:
    """For each criterion a score from 1 (bad) to 5 (good) and the reason in one sentence."""
    case = _Case(_history(_frozen(turns)), text[: 2 * LONGEST_TURN])
    if not words(text):
        return dict.fromkeys(CRITERIA, (1, "The text has no words."))
    return {
        "correctness": _correctness(case),
        "completeness": _completeness(case),
        "clarity": _clarity(case),
        "conciseness": _conciseness(case),
        "groundedness": _groundedness(turns, text),
    }


Frozen = tuple[tuple[str, str, bool], ...]


def _frozen(turns: Sequence[Turn]) -> Frozen:
    return tuple((turn["role"], turn["text"], bool(turn.get("images"))) for turn in turns)


@lru_cache(maxsize=64)
def _history(frozen: Frozen) -> History:
    """Read once for all candidates of a dialogue; of images only counts whether there are any."""
    return read(
        [
            {
                "role": "user" if role == "user" else "assistant",
                "text": text,
                "images": ["-"] * shown,
            }
            for role, text, shown in frozen
        ]
    )


@dataclass(frozen=True)
class _Case:
    history: History
    text: str

    @property
    def held(self) -> set[str]:
        """Roots of all words of the text."""
        return {root(word.key, self.history.known) for word in words(self.text)}

    @property
    def told(self) -> list[str]:
        """What a dialogue of questions and answers says of the picture; empty for others."""
        if not is_answer(self.history):
            return []
        first = without_request(self.history.turns[0]["text"], self.history.known)
        return [first, *facts(self.history)]

    @property
    def topic(self) -> Mention | None:
        """What the final query most likely means and does not say."""
        _, taken = resolved(self.history)
        if taken:
            return taken[0]
        own = set(roots(self.history.final, self.history.known))
        named = [one for one in self.history.wanted if one.named and one.roots <= own]
        return (
            next((one for one in self.history.wanted if not one.roots <= own), None)
            if (not named)
            else named[0]
        )


def _correctness(case: _Case) -> Score:
    history, known = case.history, case.history.known
    refused = history.refused_roots - set(roots(history.final, known))
    taken = _named(case.text, refused & case.held, history)
    if taken:
        return 1, f"Takes up what was turned down: {taken}."
    wanted = _constraints(history)
    if not wanted:
        return 5, "The final query sets no condition of its own that could be lost."
    kept = wanted & case.held
    if kept == wanted:
        return 5, f"Keeps all {len(wanted)} conditions of the final query."
    lost = _named(history.final, wanted - kept, history)
    score = 1 + int(3.5 * len(kept) / len(wanted))
    return score, f"Keeps {len(kept)} of {len(wanted)} conditions of the final query; lost: {lost}."


def _constraints(history: History) -> set[str]:
    """Roots of what the final query says, without what only asks and what was refused."""
    known = history.known
    plain = without_request(without_remarks(history.final, known), known)
    if is_answer(history):
        plain = " ".join(facts(history)[-1:])
    open_words = " ".join(one.text for one in references(plain, known))
    carriers = {root(word, known) for word in known.words.get("carriers", ())}
    return (
        set(roots(plain, known)) - set(roots(open_words, known)) - carriers - history.refused_roots
    )


def _named(text: str, wanted: set[str], history: History) -> str:
    """The words of a text that have these roots, as written, quoted."""
    known = history.known
    found = [word.text for word in words(text) if root(word.key, known) in wanted]
    return ", ".join(f"“{word}”" for word in list(dict.fromkeys(found))[:QUOTED])


def _completeness(case: _Case) -> Score:
    left = unresolved_references(case.text)
    topic = case.topic
    if left:
        said = ", ".join(f"“{one}”" for one in left[:QUOTED])
        return (1 if len(left) > 1 or not _carried(topic, case) else 2), f"Leaves open: {said}."
    if case.told:
        return _told(case)
    if topic is None:
        return 5, "Nothing of the history is missing."
    if not _carried(topic, case):
        other = next((one for one in case.history.wanted if _carried(one, case)), None)
        if other:
            return 3, f"Takes up “{other.core}”, not “{topic.core}”, which is likelier meant."
        needed = bool(references(case.history.final, case.history.known))
        return (2 if needed else 3), f"Says nothing of “{topic.core}” from the history."
    missing = _details(topic, case.history) - case.held
    if missing:
        lost = _named(topic.full + " " + topic.category, missing, case.history)
        return 4, f"Says “{topic.core}”, but not {lost}."
    return 5, f"Says all that the history tells of “{topic.core}”."


def _told(case: _Case) -> Score:
    """How much of what was told of the picture the text holds."""
    needed = set(roots(" ".join(case.told), case.history.known))
    share = len(needed & case.held) / max(len(needed), 1)
    score = 1 + sum(share >= least for least in TOLD_LEAST)
    return score, f"Holds {share:.0%} of what the user told of the picture."


def _carried(topic: Mention | None, case: _Case) -> bool:
    return topic is not None and len(topic.roots & case.held) * 2 > len(topic.roots)


def _details(topic: Mention, history: History) -> set[str]:
    return set(roots(f"{topic.full} {topic.category}", history.known))


def _clarity(case: _Case) -> Score:
    faults = list(_faults(case))
    if not faults:
        return 5, "Reads as one plain wish."
    return max(1, 5 - len(faults)), f"{'; '.join(faults)[:1].upper()}{'; '.join(faults)[1:]}."


def _faults(case: _Case) -> list[str]:
    known, found = case.history.known, [word.key for word in words(case.text)]
    clauses = [part for part in CLAUSE_END.split(case.text) if part]
    counts = Counter(root(one, known) for one in found if one not in known.function)
    often = [one for one, count in counts.items() if count > 2]
    cut = [part for part in clauses if known.has("prepositions", _last(part))]
    left = unresolved_references(case.text)
    idle = [part for part in clauses if idles(part, known)]
    faults = [
        (bool(idle) and len(clauses) > len(idle), f"holds a remark, “{', '.join(idle)[:40]}”"),
        (bool(left), f"has {len(left)} words that point elsewhere"),
        (len(left) > 1, "points elsewhere more than once"),
        (bool(often), f"says “{_spelled(often, case)}” more than twice"),
        (bool(_doubled(case)), "says a word twice in a row"),
        (bool(cut) and case.text != case.history.final, "breaks off behind a preposition"),
        (len(clauses) > max(MOST_CLAUSES, len(case.told)), f"is a list of {len(clauses)} parts"),
        (
            bool(regex.search(r"\b(?:an?|the|some|any)\s+(?:an?|the|my|your)\b", case.text)),
            "has two articles in a row",
        ),
        (len(found) < 2 and len(case.history.final.split()) > 3, "is a single word"),
    ]
    return [fault for holds, fault in faults if holds]


def _doubled(case: _Case) -> set[tuple[str, str]]:
    """Words said twice in a row that the dialogue does not say so itself ("Jing Jing")."""
    pairs = {pair for turn in case.history.turns for pair in _pairs(turn["text"])}
    return {pair for pair in _pairs(case.text) if pair[0] == pair[1]} - pairs


def _pairs(text: str) -> set[tuple[str, str]]:
    return set(pairwise(word.key for word in words(text)))


def _last(clause: str) -> str:
    found = words(clause)
    return found[-1].key if found else ""


def _spelled(wanted: list[str], case: _Case) -> str:
    known = case.history.known
    return next((w.text for w in words(case.text) if root(w.key, known) in wanted), "")


def _conciseness(case: _Case) -> Score:
    known, length = case.history.known, len(words(case.text))
    needed = len(words(without_remarks(case.history.final, known)))
    if case.told:
        needed += sum(len(words(part)) for part in case.told)
    elif case.topic:
        needed += len(words(f"{case.topic.full} {case.topic.category}"))
    over = length / max(needed * ROOM, 1)
    score = 5 - sum(over > most for most in TOO_LONG)
    size = f"{length} words where {needed} would hold the query and what it means"
    if asks(case.text, known):
        return max(score - 1, 1), f"Still asks rather than says; {size}."
    return score, f"{size[:1].upper()}{size[1:]}."


def _groundedness(turns: Sequence[Turn], text: str) -> Score:
    loose = unsupported_words(turns, text)
    if not loose:
        return 5, "Every word is found in the dialogue."
    said = ", ".join(f"“{one}”" for one in loose[:QUOTED])
    return max(1, 5 - len(loose)), f"Not found in the dialogue: {said}."
