"""What deceives in one dialogue, in words, for who may see it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from generation import retrievers
from generation.checks import words as check_words
from generation.deceiving.effects import Effect, effect
from review import findings
from review.models import Dialogue, QueryForm, RetrievalCheck, Trait, WordFinding, WordSupport
from review.retrieval import standing
from review.wording.tokens import key

STRATA = {
    Trait.SHORTCUT: "A retriever finds the target in its top 10 by the final query alone.",
    Trait.HISTORY_REQUIRED: "The final query alone finds the target in no retriever's top 10, "
    "but the rewrite or the history does.",
    Trait.UNRESOLVED: "No retriever has the target in its top 10.",
}
OTHERS = {
    Trait.UNCHANGED: "It says the same in the same words.",
    Trait.UNSTABLE: "The best of them finds the target about ten times as high as others.",
    Trait.TOO_BROAD: "People found them beside the target.",
}
NAMES = {
    Trait.LEAK: "a leak",
    Trait.HALLUCINATION: "a hallucination",
    Trait.PADDING: "padding",
}


@dataclass(frozen=True)
class Piece:
    """A piece of the rewrite, and what deceives in it (empty: nothing)."""

    text: str
    trait: str = ""


@dataclass(frozen=True)
class Line:
    """What is said of a word, once for all its places, and who pointed it to which turn."""

    word: str
    trait: str
    sentence: str
    may_be_supported: bool
    supports: list[WordSupport] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """A whole statement on the dialogue: its title and what it means here."""

    trait: Trait
    label: str
    sentence: str


@dataclass(frozen=True)
class Told:
    """`lines` are of words that nobody said, or that somebody pointed to; `padding` names words
    without effect."""

    retriever: str
    pieces: list[Piece]
    lines: list[Line]
    padding: list[str]
    said: list[Said]
    looked: bool


@dataclass(frozen=True)
class _Place:
    rank: int | None
    tied: int | None
    corpus_size: int


def told(dialogue: Dialogue) -> Told:
    """What the primary retriever shows of an approved dialogue."""
    name = retrievers.configured(dialogue.dataset)[0].name
    checks = standing(dialogue, dialogue.retrieval_checks.all())
    found = findings.standing(dialogue.word_findings.all(), checks)
    words = [word for word in found if word.retriever == name]
    rewrites = (c for c in checks if c.form == QueryForm.REWRITE and c.retriever == name)
    check = next(rewrites, None)
    supports = _supports(dialogue)
    return Told(
        retriever=name,
        pieces=list(_pieces(dialogue, words)),
        lines=list(_lines(dialogue, words, check, supports)) if check else [],
        padding=list(dict.fromkeys(word.word for word in words if word.trait == Trait.PADDING)),
        said=list(_said(dialogue.traits)),
        looked=bool(words) or not dialogue.traits_due,
    )


def _supports(dialogue: Dialogue) -> list[WordSupport]:
    rows = dialogue.word_supports.filter(withdrawn=None, candidate=dialogue.approved_candidate_id)
    return list(rows.select_related("by"))


def _said(codes: Iterable[str]) -> Iterator[Said]:
    for trait, sentence in (STRATA | OTHERS).items():
        if trait in codes:
            yield Said(trait, trait.label, sentence)


def _pieces(dialogue: Dialogue, words: Sequence[WordFinding]) -> Iterator[Piece]:
    """The rewrite in order, cut at the words that deceive."""
    text = dialogue.approved_candidate.text if dialogue.approved_candidate else ""
    at = 0
    for word in (word for word in words if word.trait):
        yield Piece(text[at : word.start])
        yield Piece(text[word.start : word.end], word.trait)
        at = word.end
    yield Piece(text[at:])


def _lines(
    dialogue: Dialogue,
    words: Iterable[WordFinding],
    check: RetrievalCheck,
    supports: Sequence[WordSupport],
) -> Iterator[Line]:
    known: set[str] = set()
    for word in words:
        own = [row for row in supports if row.word_key == key(word.word)]
        if key(word.word) in known or (word.supported and not own):
            continue
        known.add(key(word.word))
        sentence = _sentence(word, check, dialogue.dataset.check_margin)
        yield Line(word.word, word.trait, sentence, not word.supported, own)


def _sentence(word: WordFinding, check: RetrievalCheck, margin: float) -> str:
    """“striped” is said nowhere and lifts the target from 12th to 1st: a leak."""
    before = check_words.place(_Place(word.rank_without, word.tied_without, check.corpus_size))
    after = check_words.place(_Place(word.rank, word.tied, check.corpus_size))
    did = effect((word.rank, word.tied), (word.rank_without, word.tied_without), margin)
    said = "has its turn" if word.supported else "is said nowhere"
    verdict = f": {NAMES[Trait(word.trait)]}" if word.trait else ""
    if did == Effect.NONE:
        return f"“{word.word}” {said} and changes nothing for the target ({after}){verdict}."
    verb = "lifts" if did == Effect.HELPS else "lowers"
    return f"“{word.word}” {said} and {verb} the target from {before} to {after}{verdict}."
