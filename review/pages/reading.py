"""What a page says of a dialogue: turns with what a candidate took up, and what each changed.

Only what `review.visibility` lets a person see comes in here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from review.models import Criterion, Image, Judgement
from review.turns import Turn
from review.validators import blocked
from review.visibility import CandidateView, DialogueView
from review.wording.differences import Piece, differences
from review.wording.grounding import Span, taken_phrases, unsupported_words

SHORT = {
    Criterion.CORRECTNESS: "Correct",
    Criterion.COMPLETENESS: "Complete",
    Criterion.CLARITY: "Clear",
    Criterion.CONCISENESS: "Concise",
    Criterion.GROUNDEDNESS: "Grounded",
}
# Judges whose means lie closer than this are said to agree.
AGREEMENT = 1.0
# Judges whose scores on one criterion lie so far apart are said to differ on it.
DISAGREEMENT = 2.0


@dataclass(frozen=True)
class Stretch:
    """Part of a turn's text, with the numbers of the candidates that took it up."""

    text: str
    taken_by: list[int]

    @property
    def numbers(self) -> str:
        return " ".join(map(str, self.taken_by))


@dataclass(frozen=True)
class Picture:
    """An image as a turn or a target names it; `image` is None where the corpus has it no more."""

    external_id: str
    image: Image | None

    @property
    def words(self) -> str:
        return self.image.description() if self.image else f"image {self.external_id}"


@dataclass(frozen=True)
class Mark:
    """A piece of what changed, its trailing white space apart, so that no colour runs over it."""

    kind: str
    text: str
    space: str


@dataclass(frozen=True)
class ChatTurn:
    role: str
    stretches: list[Stretch]
    pictures: list[Picture]
    is_final: bool


@dataclass(frozen=True)
class CriterionScore:
    """One criterion of a candidate: the judges' mean, how far two of them are apart at most, and
    each one's word."""

    name: str
    mean: float | None
    apart: float
    judgements: list[Judgement]

    @property
    def differ(self) -> bool:
        return self.apart >= DISAGREEMENT


@dataclass(frozen=True)
class Card:
    """A candidate as a page shows it; `number` is its key.

    The marks join to its text; `left_out` has the words of the final query that it dropped.
    """

    number: int
    view: CandidateView
    marks: list[Mark]
    left_out: list[str]
    unsupported: list[str]
    criteria: list[CriterionScore]
    judges: str
    differ: bool
    # Why it is not approved without a reason of the reviewer's.
    blocked: str
    # Who wants it approved, where others' decisions show.
    chosen_by: list[str]


@dataclass(frozen=True)
class Reading:
    """A dialogue ready for a page."""

    turns: list[ChatTurn]
    cards: list[Card]
    targets: list[Picture]

    @property
    def pictures(self) -> int:
        return sum(len(turn.pictures) for turn in self.turns)

    @property
    def marked(self) -> int:
        """The number of the candidate whose phrases show first: the approved one, or the best."""
        return next((card.number for card in self.cards if card.view.chosen), 1)


def read(view: DialogueView) -> Reading:
    turns = view.dialogue.turns
    cards = [_card(view, number, c) for number, c in enumerate(view.candidates, start=1)]
    taken = [taken_phrases(turns, candidate.text) for candidate in view.candidates]
    chat = [
        _chat_turn(view, turn, [spans[index] for spans in taken], index == len(turns) - 1)
        for index, turn in enumerate(turns)
    ]
    targets = [_picture(view, name) for name in view.target_ids()]
    return Reading(chat, cards, targets)


def _picture(view: DialogueView, external_id: str) -> Picture:
    return Picture(external_id, view.images.get(external_id))


def _chat_turn(view: DialogueView, turn: Turn, taken: list[list[Span]], is_final: bool) -> ChatTurn:
    pictures = [_picture(view, name) for name in turn.get("images", [])]
    return ChatTurn(turn["role"], stretches(turn["text"], taken), pictures, is_final)


def stretches(text: str, taken: list[list[Span]]) -> list[Stretch]:
    """The text cut wherever a candidate's phrase begins or ends; candidates count from 1."""
    cuts = sorted({0, len(text), *(edge for spans in taken for span in spans for edge in span)})
    return [Stretch(text[start:end], _takers(taken, start)) for start, end in pairwise(cuts)]


def _takers(taken: list[list[Span]], at: int) -> list[int]:
    return [
        number
        for number, spans in enumerate(taken, start=1)
        if any(span.start <= at < span.end for span in spans)
    ]


def _card(view: DialogueView, number: int, candidate: CandidateView) -> Card:
    dialogue = view.dialogue
    judges = {judgement.judge for judgement in candidate.judgements}
    pieces = differences(dialogue.final_query, candidate.text)
    return Card(
        number=number,
        view=candidate,
        marks=marks(pieces),
        left_out=left_out(pieces),
        unsupported=unsupported_words(dialogue.turns, candidate.text),
        criteria=_criteria(candidate.judgements),
        judges=_judges(candidate, len(judges)),
        differ=(candidate.disagreement or 0) >= AGREEMENT,
        blocked=blocked(dialogue, candidate.text),
        chosen_by=[d.reviewer.username for d in view.decisions if d.candidate_id == candidate.id],
    )


def marks(pieces: list[Piece]) -> list[Mark]:
    """What stands in the text, of the pieces that lead to it from the final query."""
    return [_mark(piece) for piece in pieces if piece.kind != "removed"]


def _mark(piece: Piece) -> Mark:
    text = piece.text.rstrip()
    return Mark(piece.kind, text, piece.text[len(text) :])


def left_out(pieces: list[Piece]) -> list[str]:
    """The removed stretches that hold a word; dropped punctuation alone tells nobody anything."""
    removed = [piece.text.strip(" ,;:\n\t") for piece in pieces if piece.kind == "removed"]
    return [text for text in removed if any(map(str.isalnum, text))]


def _judges(candidate: CandidateView, count: int) -> str:
    """The panel in words: who judged, and whether they agree."""
    if candidate.score is None:
        return "unscored" if count else ""
    if count == 1:
        judged = candidate.judgements[0]
        return f"{judged.judge}, on its own family" if judged.self_judged else judged.judge
    apart = candidate.disagreement or 0
    if apart >= AGREEMENT:
        return f"judges differ by {apart:.1f}".removesuffix(".0")
    return f"{count} judges agree"


def _criteria(judgements: Iterable[Judgement]) -> list[CriterionScore]:
    by_name: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        by_name[judgement.criterion].append(judgement)
    return [
        CriterionScore(_short(name), _mean(rows), _apart(rows), rows)
        for name, rows in by_name.items()
    ]


def _short(criterion: str) -> str:
    return SHORT[Criterion(criterion)] if criterion in Criterion.values else criterion


def _apart(judgements: list[Judgement]) -> float:
    means = _by_judge(judgements)
    return max(means) - min(means) if means else 0.0


def _by_judge(judgements: list[Judgement]) -> list[float]:
    """Each judge's score; one that was asked in both orders has one voice all the same."""
    scores: dict[str, list[int]] = defaultdict(list)
    for judgement in judgements:
        if judgement.score is not None:
            scores[judgement.judge].append(judgement.score)
    return [fmean(said) for said in scores.values()]


def _mean(judgements: list[Judgement]) -> float | None:
    means = _by_judge(judgements)
    return fmean(means) if means else None
