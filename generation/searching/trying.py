"""What a text would find, while a reviewer writes it at their place.

The same search as the check of an approved rewrite, so that both always say the same: the
dataset's primary retriever over the same corpus, less the images that the dialogue itself shows.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from generation import retrievers
from generation.checks.waiting import what_lacks
from generation.errors import NotReady
from generation.models import ConfiguredRetriever
from generation.retrievers import Index, Retriever
from generation.retrievers.corpora import edition_of, nearest, nearest_to, too_new
from generation.retrievers.stored import Edition
from generation.retrievers.vector_index import VectorIndex
from generation.retrievers.vectors import VectorRetriever
from generation.searching import workers
from generation.searching.quests import Found, Quest, Search, compared
from generation.searching.tasks import ask_for_index
from generation.vectors import spaces
from generation.vectors.nearest import quick_hits
from review import visibility
from review.errors import Invalid, NotAllowed
from review.liveness import worker_alive
from review.models import Assignment, Candidate, CheckOutcome, Dataset
from review.places.trying import Trial, record_tried
from review.rulings import LONGEST_REWRITE

TOP_IMAGES = 12
# Of a retriever's row: what it is made from where it searches.
OF_ROW = ("id", "dataset_id", "name", "kind", "settings", "fingerprint", "endpoint_id")


class Answer(StrEnum):
    FOUND = "found"
    PREPARING = "preparing"  # the model or the vectors are not there yet
    BUILDING = "building"  # the index is on its way
    BUSY = "busy"  # workers are there, and none answered in time
    NO_WORKER = "no-worker"


@dataclass(frozen=True)
class Question:
    """What a search needs to know. `retriever` are the columns `OF_ROW` of its row."""

    retriever: dict[str, Any]
    edition: Edition
    quest: Quest
    leaves_out: bool
    texts: list[str]

    @classmethod
    def read(cls, sent: workers.Parts) -> Self:
        """As it came from the page that asks."""
        edition, quest = Edition(**sent["edition"]), Quest(**sent["quest"])
        return cls(**{**sent, "edition": edition, "quest": quest})


@dataclass(frozen=True)
class Tried:
    """What was found for the final query, the chosen candidate (None: none chosen), and the text.

    All three are None unless the answer is *found*; `lacks` says what is waited for where it is
    *preparing*. `outdated`: the corpus has changed since the
    index was built, and a new one is on its way.
    """

    answer: Answer
    edition: Edition
    retriever: str
    margin: float
    lacks: str = ""
    outdated: bool = False
    final_query: Found | None = None
    candidate: Found | None = None
    text: Found | None = None

    @property
    def outcome(self) -> CheckOutcome:
        """How the text does against the final query."""
        if self.final_query is None or self.text is None:
            return CheckOutcome.UNRANKED
        return compared(self.final_query, self.text, self.margin)


def try_text(*, place: Assignment, text: str, candidate_id: int | None) -> Tried:
    """Searches with a text at a place, open or not; what was found is kept while it is held.

    Raises `NotAllowed` where this is hidden from the reviewer, and `Invalid` for a text that is
    too long or a candidate that they were not shown.
    """
    sight = visibility.sight_at(place)
    if not (sight.trying and sight.target):
        raise NotAllowed("What a text would find is not shown at this place.")
    if len(text) > LONGEST_REWRITE:
        raise Invalid(
            f"The text has {len(text):,} characters, the most is {LONGEST_REWRITE:,}.",
            field="text",
        )
    tried = _answered(place, text.replace("\x00", ""), _candidate(place, candidate_id))
    if tried.text is not None and tried.text.text.strip():
        record_tried(assignment=place, trial=_trial(tried.text, tried))
    return tried


def _candidate(place: Assignment, candidate_id: int | None) -> Candidate | None:
    if candidate_id is None:
        return None
    shown = {entry["id"] for entry in place.shown.get("candidates", [])}
    found = place.dialogue.candidates.filter(pk=candidate_id).first()
    if found is None or candidate_id not in shown:
        raise Invalid("This candidate is not among those you were shown.", field="candidate")
    return found


def _answered(place: Assignment, text: str, candidate: Candidate | None) -> Tried:
    dialogue = place.dialogue
    offered = [candidate.text] if candidate else []
    texts = list(dict.fromkeys([dialogue.final_query, text, *offered]))
    searched, found = _searched(place, Quest.of(dialogue), texts)
    by_text = dict(zip(texts, found, strict=False))
    return replace(
        searched,
        final_query=by_text.get(dialogue.final_query),
        candidate=by_text.get(candidate.text) if candidate else None,
        text=by_text.get(text),
    )


def _searched(place: Assignment, quest: Quest, texts: list[str]) -> tuple[Tried, list[Found]]:
    """By an index of this machine where no model is needed and there is one, else by a worker."""
    dataset = place.dialogue.dataset
    row = retrievers.configured(dataset)[0]
    present = edition_of(dataset)
    tried = Tried(Answer.FOUND, present, row.name, dataset.check_margin)
    serving = spaces.serving(row)
    asked = Question(
        retriever={name: getattr(serving, name) for name in OF_ROW},
        edition=present,
        quest=quest,
        leaves_out=dataset.leave_out_shown,
        texts=texts,
    )
    try:
        retriever = retrievers.made(serving)
        near = nearest(dataset, retriever) if retriever.is_light else None
        if near is not None:
            return _told(tried, dataset, near[0], _found(asked, retriever, *near))
        _ = retriever.hash  # No worker knows more of a version that is not there yet.
    except NotReady as reason:
        return replace(tried, answer=Answer.PREPARING, lacks=str(reason)), []
    return _of_worker(tried, dataset, row, asked)


def _told(
    tried: Tried, dataset: Dataset, edition: Edition, found: list[Found]
) -> tuple[Tried, list[Found]]:
    outdated = edition != tried.edition
    if outdated:
        ask_for_index(dataset)
    return replace(tried, edition=edition, outdated=outdated), found


def _of_worker(
    tried: Tried, dataset: Dataset, row: ConfiguredRetriever, asked: Question
) -> tuple[Tried, list[Found]]:
    if not worker_alive(workers.QUEUE):
        return replace(tried, answer=Answer.NO_WORKER), []
    try:
        answer = workers.ask(vars(asked))
    except workers.NoAnswer:
        return replace(tried, answer=Answer.BUSY), []
    if answer["lacks"]:
        return replace(tried, answer=Answer.PREPARING, lacks=answer["lacks"]), []
    if answer["found"]:
        edition = Edition(**answer["edition"])
        return _told(tried, dataset, edition, [Found(**one) for one in answer["found"]])
    ask_for_index(dataset)
    lacks = what_lacks(dataset, row)
    return replace(tried, answer=Answer.PREPARING if lacks else Answer.BUILDING, lacks=lacks), []


def answer(question: workers.Parts) -> workers.Parts:
    """A worker's answer to a page elsewhere; nothing found where its machine has no such index."""
    asked = Question.read(question)
    retriever = retrievers.made(ConfiguredRetriever(**asked.retriever))
    try:
        near = nearest_to(asked.edition, retriever)
        found = [] if near is None else _found(asked, retriever, *near)
    except NotReady as reason:
        return {"found": [], "lacks": str(reason)}
    return {"found": found, "edition": near[0] if near else None, "lacks": ""}


def _found(asked: Question, retriever: Retriever, edition: Edition, index: Index) -> list[Found]:
    newer = too_new(edition, asked.edition, asked.quest.targets)
    search = Search(asked.quest, index, leaves_out=asked.leaves_out, too_new=newer)
    queries = retriever.queries(asked.texts)
    if isinstance(retriever, VectorRetriever) and isinstance(index, VectorIndex):
        hits = quick_hits(retriever.space(), index, queries, search.sought, TOP_IMAGES)
        return [search.told(queries, place, one) for place, one in enumerate(hits)]
    return search.found(queries, top=TOP_IMAGES)


def _trial(found: Found, tried: Tried) -> Trial:
    return Trial(
        text=found.text,
        rank=found.rank,
        tied=found.tied,
        of=found.corpus_size,
        retriever=tried.retriever,
        corpus_version=tried.edition.version,
        top=[image_id for image_id, _ in found.top],
    )
