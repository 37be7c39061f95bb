"""Cut a sentence into phrases.

There is no tagger here: a phrase is a run of content words, with its article, joined to further
runs by prepositions ("a lighthouse on a rocky cliff"), and ends at verbs, pronouns and signs.
"""

from collections.abc import Iterator
from functools import lru_cache

import regex

from generation.offline.mention import NUMBERED, Mention
from review.wording.language import Language, is_content, only_compares, root
from review.wording.tokens import Word, words

# Japanese nouns are mostly written in other letters; these are endings and verbs.
HIRAGANA = regex.compile(r"\p{Hiragana}+")
# After these no plain verb can follow, as it would end in "s".
SINGLE = frozenset({"a", "an"})
# Within a sentence a point only shortens: "St. Ives", "P. F. Chang".
GAP = regex.compile(r"[\s.\-‐]*")


@lru_cache(maxsize=16384)
def _alone(word: str, known: Language) -> str:
    """What a word does wherever it stands, "" where that depends on its neighbours."""
    linking = "links" if known.words.get("links") else "prepositions"
    if known.has("loose", word):
        return "loose"
    if known.has(linking, word):
        return "link"
    if known.has("indefinite", word) or known.has("definite", word):
        return "article"
    if known.has("conjunctions", word) and word in (known.glue.get("and"), known.glue.get("or")):
        return "and"
    if known.has("time", word):
        return "break"
    return "content" if is_content(word, known) else ""


class Chunker:
    """Cuts one sentence into phrases."""

    def __init__(self, text: str, start: int, end: int, known: Language) -> None:
        self.text, self.start, self.known = text, start, known
        self.timed = [match.span() for match in known.pattern("idle").finditer(text)]
        self.words = [word for word in words(text) if start <= word.start and word.end <= end]
        self.kinds = [self._kind(index) for index in range(len(self.words))]

    def mentions(self, turn: int, speaker: str, sentence: int) -> Iterator[Mention]:
        at = 0
        while at < len(self.words):
            runs = self._runs(at)
            if not runs:
                at += 1
                continue
            at = runs[-1][2]
            kept = self._without_carriers(runs)
            if kept:
                yield self._mention(kept, turn, speaker, sentence)

    def _kind(self, index: int) -> str:
        """What a word does in a phrase: content, article, link, and, loose, or break."""
        word, known = self.words[index], self.known
        if self._idle(word) or self._governs(index):
            return "break"
        if word.text[0].isupper() and self._inside_name(index):
            return "content"
        kind = _alone(word.key, known)
        if kind in ("", "content"):
            return "content" if kind or self._noun(index) else "break"
        return kind

    def _governs(self, index: int) -> bool:
        """Whether a word opens the sentence as a verb: "remind me", "sending you"."""
        if index or not self._close(0):
            return False
        return self.known.has("objects", self.words[1].key)

    def _idle(self, word: Word) -> bool:
        """Whether a word only fills: in "last night", or a Japanese ending."""
        if self.timed and any(start <= word.start < end for start, end in self.timed):
            return True
        ending = self.known.code == "ja" and HIRAGANA.fullmatch(word.text)
        return bool(ending) and not self.known.has("links", word.key)

    def _noun(self, index: int) -> bool:
        """Whether a verb or an exclamation must be a noun or an adjective: "a digital watch"."""
        word = self.words[index].key
        if not (self.known.has("verbs", word) or self.known.has("interjections", word)):
            return False
        at = index
        while at > 0 and self._close(at - 1) and is_content(self.words[at - 1].key, self.known):
            at -= 1
        single = at > 0 and self._close(at - 1) and self.words[at - 1].key in SINGLE
        return single and (at == index or not word.endswith(("s", "ed", "ing")))

    def _inside_name(self, index: int) -> bool:
        """Whether a capital word belongs to a name: "Pizza My Heart", "P. F. Chang"."""
        if self.known.has("pronouns", self.words[index].key):
            return False
        if len(self.words[index].text) == 1 and self.words[index].key not in self.known.function:
            return True
        return index > 1 and self.words[index - 1].text[0].isupper() and self._close(index - 1)

    def _close(self, index: int) -> bool:
        """Whether only white space stands between this word and the next."""
        if index + 1 >= len(self.words):
            return False
        gap = self.text[self.words[index].end : self.words[index + 1].start]
        return gap == " " or bool(GAP.fullmatch(gap))

    def _runs(self, at: int) -> list[tuple[int, int, int]]:
        """Runs (article, first content word, end) from there on, each joined to the one before."""
        runs: list[tuple[int, int, int]] = []
        while (run := self._run(at)) is not None:
            runs.append(run)
            at = self._continued(run)
            if not at:
                break
        return runs

    def _continued(self, run: tuple[int, int, int]) -> int:
        """Where a run that belongs to this one may begin; 0 where none may."""
        end = run[2]
        if end + 1 >= len(self.words) or not self._close(end - 1):
            return 0
        if self.kinds[end] == "article" and self._acts(end - 1):
            return end
        if not self._close(end) or self.kinds[end] not in ("link", "and"):
            return 0
        if self.kinds[end] == "and" and self._lists(run, end + 1):
            return 0
        return 0 if self._verbal(run, end) else self._behind_links(end)

    def _behind_links(self, at: int) -> int:
        """The word behind one or two prepositions: "next to", "out of"."""
        paired = at + 2 < len(self.words) and self.kinds[at : at + 2] == ["link", "link"]
        return at + 2 if paired and self._close(at + 1) else at + 1

    def _verbal(self, run: tuple[int, int, int], link: int) -> bool:
        """Whether "to" begins a verb: "a place to eat", but "the road to Rome"."""
        if self.words[link].key != self.known.glue.get("to") or self.kinds[link + 1] == "article":
            return False
        leads = self.known.has("leading", self.words[run[2] - 1].key)
        return not leads and self.words[link + 1].text[0].islower()

    def _acts(self, index: int) -> bool:
        """Whether a word takes an object: "a woman holding" goes on with "an umbrella"."""
        return bool(self.known.pattern("participle").search(self.words[index].key))

    def _lists(self, run: tuple[int, int, int], after: int) -> bool:
        """Whether "and" separates things, each measured or with an article of its own."""
        counted = any(NUMBERED.match(word.text) for word in self.words[run[1] : run[2]])
        apart = self.words[after - 1].key == self.known.glue.get("or")
        owned = self.kinds[after] == "article"
        return counted or (owned and (apart or self.words[after].text[0].isupper()))

    def _run(self, at: int) -> tuple[int, int, int] | None:
        first = at
        while first < len(self.words) and self.kinds[first] == "article" and self._close(first):
            first += 1
        end = first
        while end < len(self.words) and self.kinds[end] == "content":
            end += 1
            if not self._close(end - 1):
                break
        return (at, first, end) if end > first else None

    def _without_carriers(self, runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """Without "a picture of" or "drawing" before and "in the photo" behind what is shown."""
        if len(runs) > 1 and runs[0][2] - runs[0][1] == 1 and self._acts(runs[0][1]):
            runs = runs[1:]
        while runs and self._leads(runs):
            runs = runs[1:]
        while runs and self._carries(runs[-1]):
            runs = runs[:-1]
        return [*runs[:-1], self._without_depiction(runs[-1])] if runs else []

    def _without_depiction(self, run: tuple[int, int, int]) -> tuple[int, int, int]:
        """ "lighthouse pictures" without its last word."""
        article, first, end = run
        while end - first > 1 and self.known.has("depictions", self.words[end - 1].key):
            end -= 1
        return article, first, end

    def _leads(self, runs: list[tuple[int, int, int]]) -> bool:
        """Whether the first run only carries the others: "a good picture of", "a route to"."""
        if len(runs) == 1:
            return self._carries(runs[0])
        joint, head = self.kinds[runs[0][2]], self.words[runs[0][2] - 1].key
        if joint == "link":
            carrying = self.known.words.get("carrying")
            after = self.words[runs[0][2]].key
            return self.known.has("carriers", head) and (not carrying or after in carrying)
        return joint == "and" and self._carries(runs[0])

    def _carries(self, run: tuple[int, int, int]) -> bool:
        """Whether no word of the run says what is shown."""
        *rest, head = [word.key for word in self.words[run[1] : run[2]]]
        return self.known.has("carriers", head) and all(
            self.known.has("carriers", one) or only_compares(one, self.known) for one in rest
        )

    def _core(self, runs: list[tuple[int, int, int]]) -> list[Word]:
        """The words that name the thing: up to the first preposition or number."""
        last = 0
        while last + 1 < len(runs) and self.kinds[runs[last][2]] == "and":
            last += 1
        core = self.words[runs[0][1] : runs[last][2]]
        numbers = [i for i, word in enumerate(core) if i and NUMBERED.match(word.text)]
        return core[: numbers[0]] if numbers else core

    def _mention(
        self, runs: list[tuple[int, int, int]], turn: int, speaker: str, sentence: int
    ) -> Mention:
        first, last = self.words[runs[0][1]], self.words[runs[-1][2] - 1]
        core = self._core(runs)
        before = self.words[runs[0][0] - 1] if runs[0][0] else None
        opens = self.words[runs[0][0]].start
        linked = before is not None and self.kinds[runs[0][0] - 1] in ("link", "loose")
        return Mention(
            turn=turn,
            speaker=speaker,
            sentence=sentence,
            start=first.start,
            end=last.end,
            text=self.text[first.start : last.end],
            article=self.text[opens : first.start].strip(),
            preposition=before.key if linked and before else "",
            lead=self.text[self.start : opens],
            core=self.text[first.start : core[-1].end],
            roots=frozenset(root(word.key, self.known) for word in core),
            named=self.known.code != "de" and _named(core, self.words[0].start),
        )


def _named(core: list[Word], start: int) -> bool:
    """Whether a phrase is a name: a capital inside the sentence, or more than one."""
    capitals = [word for word in core if word.text[0].isupper()]
    return len(capitals) > 1 or any(word.start > start for word in capitals)
