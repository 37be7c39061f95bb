"""What a text would find, while a reviewer writes it at their place.

The same search as the check of an approved rewrite, so that both always say the same: the
dataset's primary retriever over the same corpus, less the images that the dialogue itself shows.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from generation import retrievers, workers
from generation.index_tasks import ask_for_index
from generation.models import ConfiguredRetriever
from generation.retrievers.corpora import at_hand, edition_of, nearest
from generation.retrievers.stored import Edition
from generation.searching import Found, Quest, Search, compared
from review import visibility
from review.errors import Invalid, NotAllowed
from review.liveness import worker_alive
from review.models import Assignment, Candidate, CheckOutcome
from review.places.trying import Trial, record_tried
from review.rulings import LONGEST_REWRITE

TOP_IMAGES = 12


class Answer(StrEnum):
    FOUND = "found"
    BUILDING = "building"  # the index is on its way
    BUSY = "busy"  # workers are there, and none answered in time
    NO_WORKER = "no-worker"


@dataclass(frozen=True)
class Tried:
    """What was found for the final query, the chosen candidate (None: none chosen), and the text.

    All three are None unless the answer is *found*. `outdated`: the corpus has changed since the
    index was built, and a new one is on its way.
    """

    answer: Answer
    edition: Edition
    retriever: str
    margin: float
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
    """By an index of this machine if there is one, else by a worker."""
    dataset = place.dialogue.dataset
    row = retrievers.configured(dataset)[0]
    retriever, present = retrievers.made(row), edition_of(dataset)
    tried = Tried(Answer.FOUND, present, retriever.name, dataset.check_margin)
    near = nearest(dataset, retriever) if retriever.is_light else None
    if near is not None:
        edition, index = near
        if edition != present:
            ask_for_index(dataset)
        search = Search(quest, index, leaves_out=dataset.leave_out_shown)
        found = search.found(retriever.queries(texts), top=TOP_IMAGES)
        return replace(tried, edition=edition, outdated=edition != present), found
    if not worker_alive(workers.QUEUE):
        return replace(tried, answer=Answer.NO_WORKER), []
    try:
        answer = workers.ask(
            {
                "retriever": {"name": row.name, "kind": row.kind},
                "edition": present,
                "quest": quest,
                "leaves_out": dataset.leave_out_shown,
                "texts": texts,
                "top": TOP_IMAGES,
            }
        )
    except workers.NoAnswer:
        return replace(tried, answer=Answer.BUSY), []
    if not answer["found"]:
        ask_for_index(dataset)
        return replace(tried, answer=Answer.BUILDING), []
    return tried, [Found(**one) for one in answer["found"]]


def answer(question: workers.Parts) -> workers.Parts:
    """A worker's answer to a page elsewhere; nothing found where its machine has no such index."""
    retriever = retrievers.made(ConfiguredRetriever(**question["retriever"]))
    index = at_hand(Edition(**question["edition"]), retriever)
    if index is None:
        return {"found": []}
    search = Search(Quest(**question["quest"]), index, leaves_out=question["leaves_out"])
    return {"found": search.found(retriever.queries(question["texts"]), top=question["top"])}


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
