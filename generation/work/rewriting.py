"""Rewrite runs: each item is one dialogue at one rewriter."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from generation.calls.questions import Answer, Question, Unanswered
from generation.errors import NoUsableReply
from generation.models import ItemState, Run, RunItem
from generation.rewriters import Rewriter, RewriteTask, rewriter_at
from generation.showing import Shown, shown_for
from generation.work.protocol import Outcome, Show
from review import intake
from review.models import Candidate


class Rewriting:
    def __init__(self, run: Run, show: Show = shown_for) -> None:
        self._run = run
        self._show = show
        self._rewriters: dict[int, Rewriter] = {}

    def prepare(self, items: Sequence[RunItem]) -> dict[int, RewriteTask]:
        done = _done_elsewhere(items)
        to_do = [item for item in items if (item.dialogue_id, item.recipe) not in done]
        earlier, shown = _earlier_texts(to_do), self._show(self._run, to_do)
        return {
            item.pk: self._task(item, earlier.get(item.dialogue_id, []), shown[item.pk])
            for item in to_do
        }

    def questions(self, item: RunItem, task: RewriteTask) -> list[Question[Any]]:
        question = self._rewriter(item).question(task)
        return [] if question is None else [question]

    async def conclude(
        self, item: RunItem, task: RewriteTask, answers: Sequence[Answer]
    ) -> Outcome:
        answer = answers[0] if answers else None
        if isinstance(answer, Unanswered):
            return Outcome(item, failure=answer.reason)
        rewriter = self._rewriter(item)
        try:
            texts = rewriter.rewrites(task, answer)
        except NoUsableReply as error:
            return Outcome(item, failure=str(error))
        by = replace(rewriter.provenance, saw_target=task.shown.saw_target)
        return Outcome(item, intake.Proposal(item.dialogue_id, texts, by, item.round))

    def record(self, outcomes: Sequence[Outcome]) -> None:
        intake.add_proposals([outcome.made for outcome in outcomes if outcome.made])

    def _rewriter(self, item: RunItem) -> Rewriter:
        endpoint = item.asked()
        if endpoint.pk not in self._rewriters:
            self._rewriters[endpoint.pk] = rewriter_at(endpoint, self._run)
        return self._rewriters[endpoint.pk]

    def _task(self, item: RunItem, earlier: list[str], shown: Shown) -> RewriteTask:
        return RewriteTask(
            turns=item.dialogue.turns,
            count=self._run.parameters["candidates"],
            note=item.dialogue.note_to_models if item.round else "",
            earlier=earlier,
            shown=shown,
        )


def _done_elsewhere(items: Sequence[RunItem]) -> set[tuple[int, str]]:
    """What another run has done since this one was planned: it is not paid for twice."""
    rows = RunItem.objects.filter(
        dialogue__in={item.dialogue_id for item in items},
        recipe__in={item.recipe for item in items},
        state=ItemState.DONE,
    )
    return set(rows.values_list("dialogue_id", "recipe"))


def _earlier_texts(items: Sequence[RunItem]) -> dict[int, list[str]]:
    """What a reviewer has seen who asked for more, by dialogue.

    Not what other rewriters write in the same round: a question is to stay the same while a batch
    is out, or its reply could not be told to be the answer.
    """
    rounds = {item.dialogue_id: item.round for item in items if item.round}
    texts: dict[int, list[str]] = {}
    rows = Candidate.objects.proposed().filter(dialogue__in=rounds)
    for dialogue_id, text, number in rows.values_list("dialogue_id", "text", "round"):
        if number < rounds[dialogue_id]:
            texts.setdefault(dialogue_id, []).append(text)
    return texts
