"""The retrieval check: does the approved rewrite find the image that the user meant?

Each text of a dialogue is searched in the corpus of its dataset; ranks and their comparison enter
the record through intake.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from generation import retrievers
from generation.retrievers import Retriever
from generation.retrievers.corpora import index_of
from generation.searching import Found, Quest, Search, compared
from review import intake
from review.models import CheckOutcome, Dataset, Dialogue, QueryForm, RetrievalCheck
from review.turns import Turn

logger = logging.getLogger(__name__)

TOP_IMAGES = 6
# Dialogues locked together: few, since whoever wants to undo an approval waits for them.
BATCH = 8


@dataclass(frozen=True)
class QueryText:
    """One text to search with, and the form of the query that it is."""

    form: QueryForm
    text: str
    candidate_id: int | None = None


def check_dialogue(dialogue_id: int) -> CheckOutcome | None:
    """Ranks the targets of an approved dialogue for all its texts, and records the outcome.

    None, and nothing recorded, where there is nothing to check: no such dialogue, no approved
    rewrite, no target, or another rewrite was approved meanwhile. Safe to repeat.
    """
    dialogue = _checkable().filter(pk=dialogue_id).first()
    return None if dialogue is None else _checked(dialogue, retrievers.primary(dialogue.dataset))


def awaiting_or_outdated(dataset: Dataset) -> QuerySet[Dialogue]:
    """Approved dialogues with targets that lack a check by the present retriever and corpus."""
    current = RetrievalCheck.objects.filter(
        dialogue=OuterRef("pk"),
        candidate=OuterRef("approved_candidate"),
        form=QueryForm.REWRITE,
        retriever_hash=retrievers.primary(dataset).hash,
        corpus_version=OuterRef("dataset__corpus_version"),
    )
    return _checkable().filter(dataset=dataset).filter(Q(checked_at=None) | ~Exists(current))


def datasets_awaiting() -> QuerySet[Dataset]:
    """The datasets in which a check is awaited: for the sweep."""
    waiting = Dialogue.objects.awaiting_check().filter(dataset=OuterRef("pk"))
    return Dataset.objects.filter(Exists(waiting))


def drain(dataset_id: int) -> int:
    """Checks what awaits a check in a dataset until nothing is left; returns how many it did.

    Any number may run at once: each dialogue is locked by the one that checks it, and passed over
    by the others. One that fails is logged and left to the next sweep.
    """
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    checked = 0
    while dataset is not None and (now := sum(_pass_over(dataset))):
        checked += now
    return checked


def _pass_over(dataset: Dataset) -> Iterator[int]:
    """Checks each waiting dialogue once, in batches; gives the number checked in each."""
    after: int | None = 0
    while after is not None and _waiting(dataset, after).exists():
        # Built before any row is locked: it takes seconds for a large corpus.
        index_of(dataset, retrievers.primary(dataset))
        count, after = _check_batch(dataset, after)
        yield count


@transaction.atomic
def _check_batch(dataset: Dataset, after: int) -> tuple[int, int | None]:
    """How many dialogues of the next batch were checked, and the key of its last (None: none)."""
    batch = list(_waiting(dataset, after).select_for_update(skip_locked=True, of=("self",))[:BATCH])
    count = sum(_checked_or_logged(dialogue) for dialogue in batch)
    return count, batch[-1].pk if batch else None


def _checked_or_logged(dialogue: Dialogue) -> bool:
    try:
        with transaction.atomic():
            return _checked(dialogue, retrievers.primary(dialogue.dataset)) is not None
    except (OperationalError, InterfaceError):
        raise  # The database has gone: nothing else of this batch will do better.
    except Exception:
        logger.exception("The check of dialogue %s failed; the sweep tries again", dialogue.pk)
        return False


def others_wait(dataset_id: int, dialogue_id: int) -> bool:
    """Whether any other dialogue of a dataset awaits its check."""
    waiting = Dialogue.objects.awaiting_check().filter(dataset=dataset_id)
    return waiting.exclude(pk=dialogue_id).exists()


def _waiting(dataset: Dataset, after: int) -> QuerySet[Dialogue]:
    waiting = Dialogue.objects.awaiting_check().filter(dataset=dataset, pk__gt=after)
    return waiting.select_related("dataset", "approved_candidate").order_by("pk")


def _checkable() -> QuerySet[Dialogue]:
    with_target = Dialogue.objects.approved().exclude(target_images=[])
    return with_target.select_related("dataset", "approved_candidate")


def _checked(dialogue: Dialogue, retriever: Retriever) -> CheckOutcome | None:
    if dialogue.approved_candidate_id is None:
        return None
    version, index = index_of(dialogue.dataset, retriever)
    dataset = dialogue.dataset
    search = Search(Quest.of(dialogue), index, leaves_out=dataset.leave_out_shown)
    queries = texts_of(dialogue)
    found = search.found(retriever.queries([query.text for query in queries]), top=TOP_IMAGES)
    forms = _forms(queries, found)
    outcome = outcome_of(forms, dataset.check_margin)
    recorded = intake.record_check(
        dialogue_id=dialogue.pk,
        approved_candidate_id=dialogue.approved_candidate_id,
        by=intake.Checker(
            retriever=retriever.name,
            retriever_hash=retriever.hash,
            corpus_version=version,
            corpus_size=search.ranked_images,
            left_out=search.left_out,
            leaves_out=dataset.leave_out_shown,
            margin=dataset.check_margin,
        ),
        forms=forms,
        outcome=outcome,
    )
    return outcome if recorded else None


def _forms(queries: list[QueryText], found: list[Found]) -> list[intake.CheckedForm]:
    return [
        intake.CheckedForm(
            form=query.form,
            candidate_id=query.candidate_id,
            text=query.text,
            rank=one.rank,
            tied=one.tied,
            score=one.score,
            ranks=one.ranks,
            top=one.top,
            cut=one.cut,
            unranked_reason=one.unranked_reason,
        )
        for query, one in zip(queries, found, strict=True)
    ]


def outcome_of(forms: list[intake.CheckedForm], margin: float) -> CheckOutcome:
    """How the approved rewrite did against the final query."""
    by_form = {form.form: form for form in forms if form.form != QueryForm.CANDIDATE}
    return compared(by_form[QueryForm.FINAL_QUERY], by_form[QueryForm.REWRITE], margin)


def history_text(turns: list[Turn]) -> str:
    """The full history with the final query: every turn's text, a line each."""
    return "\n".join(turn["text"] for turn in turns)


def texts_of(dialogue: Dialogue) -> list[QueryText]:
    """What a check searches with: final query, history, approved rewrite, every candidate."""
    approved = dialogue.approved_candidate
    texts = [
        QueryText(QueryForm.FINAL_QUERY, dialogue.final_query),
        QueryText(QueryForm.HISTORY, history_text(dialogue.turns)),
    ]
    if approved is not None:
        texts.append(QueryText(QueryForm.REWRITE, approved.text, approved.pk))
    candidates = dialogue.candidates.order_by("pk")
    return texts + [QueryText(QueryForm.CANDIDATE, c.text, c.pk) for c in candidates]
