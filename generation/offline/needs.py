"""What a rewrite of one final query has to hold: read once for all its candidates."""

from collections.abc import Collection, Iterable, Sequence, Set
from functools import cache, cached_property, lru_cache
from itertools import pairwise

from generation.offline.answers import fact, facts, is_answer
from generation.offline.clauses import clauses, refuses_thing, wishes, without_remarks
from generation.offline.mention import Mention
from generation.offline.requests import without_request
from generation.offline.resolving import picks
from generation.offline.salience import History
from generation.offline.substitution import resolved
from review.wording.grounding import roots
from review.wording.language import Language, is_content, root
from review.wording.references import references
from review.wording.tokens import unspaced, words

Roots = dict[str, str]
# Below this a phrase of an earlier turn is a remark rather than a wish.
LEAST = 0.85
MOST_WISHES = 3


class Needs:
    """Conditions, references and salient phrases of a dialogue, each worked out at first use.

    Sets of words are mappings from the root of a word to the word as it was written.
    """

    def __init__(self, history: History) -> None:
        self.history, self.known, self.final = history, history.known, history.final

    @cached_property
    def own(self) -> set[str]:
        """Roots of the content words of the final query."""
        return set(roots(self.final, self.known))

    @cached_property
    def open(self) -> bool:
        """Whether the final query points to something that it does not name."""
        return bool(references(self.final, self.known))

    @cached_property
    def answers(self) -> bool:
        return is_answer(self.history)

    @cached_property
    def facts(self) -> list[str]:
        return facts(self.history)

    @property
    def _answer(self) -> str:
        """What the final query says where it answers a question; "" where it says no."""
        return fact(self.history.turns[-2]["text"], self.final, self.known)

    @cached_property
    def told(self) -> list[str]:
        """What a dialogue of questions and answers says of the picture; empty for others."""
        if not self.answers:
            return []
        return [without_request(self.history.turns[0]["text"], self.known), *self.facts]

    @cached_property
    def told_roots(self) -> set[str]:
        return set(roots(" ".join(self.told), self.known))

    @cached_property
    def conditions(self) -> Roots:
        """What the final query says, without what only asks or points."""
        said = [self._answer] if self.answers else wishes(self.final, self.known, open_too=True)
        plain = ", ".join(said)
        pointing = " ".join(one.text for one in references(plain, self.known))
        idle = set(roots(pointing, self.known)) | self.history.refused_roots - set(self.refusals)
        left = _spelled(plain, self.known, without=idle)
        left = {
            one: word for one, word in left.items() if not unspaced(word) or word not in pointing
        }
        carriers = _carriers(self.known)
        return {one: word for one, word in left.items() if one not in carriers} or left

    @cached_property
    def refusals(self) -> Roots:
        """What the final query itself does not want: "not the storm"."""
        return refusals(self.final, self.known)

    @cached_property
    def turned_down(self) -> set[str]:
        """Roots of what the history refused, unless the final query names it."""
        refused = self.history.refused_roots - self.own
        return {one for one in refused if is_content(one, self.known)}

    @cached_property
    def topic(self) -> Mention | None:
        """What the final query most likely means and does not say."""
        _, taken = resolved(self.history)
        if taken:
            return taken[0]
        wanted = self.history.wanted
        named = [one for one in wanted if one.named and one.roots <= self.own]
        return next(iter(named), None) or next(
            (one for one in wanted if not one.roots <= self.own), None
        )

    @cached_property
    def topic_roots(self) -> set[str]:
        return set(self.topic.roots) - self.turned_down if self.topic else set()

    @cached_property
    def details(self) -> Roots:
        """What the history tells of the topic, and what the user wished of it earlier."""
        if self.topic is None:
            return {}
        told = f"{self.topic.full} {self.topic.category}"
        found = _spelled(told, self.known, without=self.topic_roots | self.turned_down)
        for one in self.wishes:
            found |= _spelled(one.core, self.known, without=self.turned_down | self.own)
        return {one: word for one, word in found.items() if one not in self.topic_roots}

    @cached_property
    def wishes(self) -> list[Mention]:
        """Phrases of earlier user turns that say more of the topic, the likeliest first."""
        topic = self.topic
        if topic is None or topic.named or not self.known.words.get("selves"):
            return []
        held, picked = self.own | topic.roots, picks(self.history)
        able = [
            one
            for one in self.history.wanted
            if one.speaker == "user"
            and not one.measure
            and not one.roots & held
            and one.preposition != self.known.glue.get("for")
            and (one.turn == topic.turn or not picked)
        ]
        return [one for one in able if self.history.weights[one] >= LEAST][:MOST_WISHES]

    @cached_property
    def unspaced(self) -> set[str]:
        """What is looked for letter by letter, as segments of it depend on what stands beside."""
        looked_for = {*self.conditions, *self.topic_roots, *self.details}
        return {one for one in looked_for if unspaced(one)}

    @cached_property
    def length(self) -> int:
        """How many words would hold the query, what it means, and what was told."""
        needed = len(words(without_remarks(self.final, self.known)))
        if self.told:
            return needed + sum(len(words(part)) for part in self.told)
        if self.topic:
            needed += len(words(f"{self.topic.full} {self.topic.category}"))
        return needed

    @cached_property
    def pairs(self) -> set[tuple[str, str]]:
        """Neighbouring words of the dialogue."""
        return {
            pair
            for turn in self.history.turns
            for pair in neighbours([word.key for word in words(turn["text"])])
        }

    def kept(self, text: str) -> float:
        """The share of the conditions that a text keeps, 1 where there is none."""
        return share(self.conditions, held_roots(text, self))


def refusals(text: str, known: Language) -> Roots:
    """What a text does not want: "not the storm"."""
    refused = (part for part in clauses(text, known) if refuses_thing(part, known))
    return _spelled(" ".join(refused), known)


def _spelled(text: str, known: Language, without: Collection[str] = ()) -> Roots:
    """Roots of the content words of a text with the words as written."""
    found = ((root(word.key, known), word) for word in words(text) if is_content(word.key, known))
    return {one: word.text for one, word in found if one not in without}


@cache
def _carriers(known: Language) -> frozenset[str]:
    """Roots of the nouns that add nothing where pictures are looked for."""
    nouns = known.words.get("depictions") or known.words.get("carriers", frozenset())
    return frozenset(root(word, known) for word in nouns)


def neighbours(found: Sequence[str]) -> Iterable[tuple[str, str]]:
    return pairwise(found)


def held_roots(text: str, needs: Needs) -> frozenset[str]:
    """Roots of all words of a text."""
    held = _roots_of(text, needs.known)
    return held if text.isascii() else held | {one for one in needs.unspaced if one in text}


@lru_cache(maxsize=256)
def _roots_of(text: str, known: Language) -> frozenset[str]:
    return frozenset(root(word.key, known) for word in words(text))


def share(wanted: Iterable[str], held: Set[str]) -> float:
    """Which part of the wanted roots is held, 1 where none is wanted."""
    wanted = set(wanted)
    return len(wanted & held) / len(wanted) if wanted else 1.0
