"""One retriever at many dialogues: where it finds their targets, and what that says."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import pstdev

from generation.checks.texts import QueryText, texts_of
from generation.models import ConfiguredRetriever
from generation.retrievers import Index, Retriever, made
from generation.retrievers.corpora import index_of
from generation.searching import Found, Quest, Search, compared
from review.checking import Checked, CheckedForm, Checker
from review.models import (
    Candidate,
    CandidateKind,
    CheckOutcome,
    Dataset,
    Dialogue,
    QueryForm,
)

TOP_IMAGES = 6


def checker_of(dataset: Dataset, configured: ConfiguredRetriever) -> Checker:
    """How a retriever checks now: by the present corpus, under the present rule. Raises `NotReady`
    where its version is not known before its model has been loaded."""
    return _checker(dataset, configured, made(configured), dataset.corpus_version)


def _checker(
    dataset: Dataset, configured: ConfiguredRetriever, retriever: Retriever, version: int
) -> Checker:
    return Checker(
        retriever=retriever.name,
        retriever_hash=retriever.hash,
        corpus_version=version,
        leaves_out=dataset.leave_out_shown,
        margin=dataset.check_margin,
        decides=configured.primary,
    )


@dataclass(frozen=True)
class Checking:
    """A retriever with the index of the present corpus before it."""

    checker: Checker
    retriever: Retriever
    index: Index

    @classmethod
    def begun(cls, dataset: Dataset, configured: ConfiguredRetriever) -> "Checking":
        """Builds the index where there is none. Raises `NotReady`."""
        retriever = made(configured)
        version, index = index_of(dataset, retriever)
        return cls(_checker(dataset, configured, retriever, version), retriever, index)

    def check(self, dialogues: Sequence[Dialogue]) -> list[Checked]:
        """What is found of each dialogue, all texts at once. Raises `NotReady`."""
        tasks = [_Task(dialogue, self) for dialogue in dialogues]
        asked = [(task, text) for task in tasks for text in task.distinct()]
        queries = self.retriever.queries([text for _, text in asked])
        sought = [task.search.sought for task, _ in asked]
        hits = self.index.search(queries, sought, TOP_IMAGES)
        for place, ((task, text), one) in enumerate(zip(asked, hits, strict=True)):
            task.found[text] = task.search.told(queries, place, one)
        return [task.checked(self.checker.margin) for task in tasks]


class _Task:
    """One dialogue while it is being checked."""

    def __init__(self, dialogue: Dialogue, checking: Checking) -> None:
        self.dialogue = dialogue
        self.candidates = list(candidates_of(dialogue))
        self.queries = texts_of(dialogue, self.candidates)
        leaves_out = checking.checker.leaves_out
        self.search = Search(Quest.of(dialogue), checking.index, leaves_out=leaves_out)
        self.found: dict[str, Found] = {}

    def distinct(self) -> list[str]:
        """An approved candidate is two forms and one text."""
        return list(dict.fromkeys(query.text for query in self.queries))

    def checked(self, margin: float) -> Checked:
        forms = [_form(query, self.found[query.text]) for query in self.queries]
        is_approved = self.dialogue.approved_candidate_id is not None
        return Checked(
            dialogue=self.dialogue,
            corpus_size=self.search.ranked_images,
            left_out=self.search.left_out,
            forms=forms,
            outcome=outcome_of(forms, margin) if is_approved else None,
            spread=rank_spread(self._proposed(forms)),
        )

    def _proposed(self, forms: Sequence[CheckedForm]) -> Iterator[CheckedForm]:
        """What people wrote came after the choice that a spread is there for."""
        people = {one.pk for one in self.candidates if one.kind == CandidateKind.PERSON}
        for form in forms:
            if form.form == QueryForm.CANDIDATE and form.candidate_id not in people:
                yield form


def candidates_of(dialogue: Dialogue) -> Iterator[Candidate]:
    """The candidates that are ranked: all of an approved dialogue, and of an open one what
    reviewers are offered. From rows that are at hand."""
    is_approved = dialogue.approved_candidate_id is not None
    for candidate in sorted(dialogue.candidates.all(), key=lambda one: one.pk):
        if is_approved or candidate.kind != CandidateKind.PERSON:
            yield candidate


def outcome_of(forms: Sequence[CheckedForm], margin: float) -> CheckOutcome:
    """How the approved rewrite did against the final query."""
    by_form = {form.form: form for form in forms if form.form != QueryForm.CANDIDATE}
    return compared(by_form[QueryForm.FINAL_QUERY], by_form[QueryForm.REWRITE], margin)


def rank_spread(forms: Iterator[CheckedForm]) -> float | None:
    """The standard deviation of the natural logarithms of expected ranks: 0 where all find the
    target equally well. None for fewer than two that are ranked."""
    logs = [math.log(form.rank + (form.tied - 1) / 2) for form in forms if form.rank and form.tied]
    return pstdev(logs) if len(logs) > 1 else None


def _form(query: QueryText, found: Found) -> CheckedForm:
    return CheckedForm(
        form=query.form,
        candidate_id=query.candidate_id,
        text=query.text,
        **found.facts(),
    )
