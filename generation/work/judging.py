"""Judge runs: each item is one dialogue at one judge, with the candidates it has not scored."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generation.judges import Judge, JudgeTask, judge_at
from generation.jury import Due, due, orders_of
from generation.models import Endpoint, Run, RunItem
from generation.questions import Answer, Question, Unanswered
from generation.showing import Shown, shown_for
from generation.work.protocol import Outcome, Show
from review import intake
from review.models import Criterion


@dataclass(frozen=True)
class Passes:
    """What a judge is to see of one dialogue: once, or a second time in the reverse order."""

    tasks: dict[bool, JudgeTask]
    self_judged: frozenset[int]


class Judging:
    def __init__(self, run: Run, show: Show = shown_for) -> None:
        self._run = run
        self._show = show
        self._judges: dict[int, Judge] = {}

    def prepare(self, items: Sequence[RunItem]) -> dict[int, Passes]:
        shown = self._show(self._run, items)
        return {
            item.pk: self._passes(item, waiting, shown[item.pk])
            for group in by_endpoint(items)
            for item, waiting in self._waiting(group)
        }

    def questions(self, item: RunItem, task: Passes) -> list[Question[Any]]:
        judge = self._judge(item.asked())
        asked = [judge.scoring(one) for one in task.tasks.values()]
        return [question for question in asked if question is not None]

    async def conclude(self, item: RunItem, task: Passes, answers: Sequence[Answer]) -> Outcome:
        judge = self._judge(item.asked())
        given: Sequence[Answer | None] = answers or [None] * len(task.tasks)
        opinions, failures = [], []
        for (reversed, one), answer in zip(task.tasks.items(), given, strict=True):
            if isinstance(answer, Unanswered):
                failures.append(answer.reason)
                judged = {key: _unscored(answer.reason) for key in one.texts}
            else:
                judged = judge.scores(one, answer)
            opinions.append(_opinion(item, judge, task, one, judged, reversed))
        return Outcome(item, opinions, " ".join(dict.fromkeys(failures)))

    def record(self, outcomes: Sequence[Outcome]) -> None:
        intake.add_opinions([one for outcome in outcomes for one in outcome.made or []])

    def _judge(self, endpoint: Endpoint) -> Judge:
        if endpoint.pk not in self._judges:
            self._judges[endpoint.pk] = judge_at(endpoint, self._run)
        return self._judges[endpoint.pk]

    def _waiting(self, items: Sequence[RunItem]) -> Iterator[tuple[RunItem, list[Due]]]:
        """The items of one endpoint that have something to be scored."""
        endpoint = items[0].asked()
        waiting: dict[int, list[Due]] = {}
        dialogues = [item.dialogue_id for item in items]
        for one in due(self._run, endpoint, self._judge(endpoint).provenance, dialogues):
            waiting.setdefault(one.dialogue_id, []).append(one)
        for item in items:
            if item.dialogue_id in waiting:
                yield item, waiting[item.dialogue_id]

    def _passes(self, item: RunItem, waiting: list[Due], shown: Shown) -> Passes:
        order = shuffled(self._run, item, waiting)
        tasks = {}
        for is_reversed in orders_of(self._run):
            placed = order[::-1] if is_reversed else order
            texts = {one.candidate_id: one.text for one in placed if is_reversed in one.orders}
            if texts:
                tasks[is_reversed] = JudgeTask(item.dialogue.turns, texts, shown)
        own = frozenset(one.candidate_id for one in waiting if one.self_judged)
        return Passes(tasks, own)


def by_endpoint(items: Sequence[RunItem]) -> list[list[RunItem]]:
    groups: dict[int, list[RunItem]] = {}
    for item in items:
        groups.setdefault(item.asked().pk, []).append(item)
    return list(groups.values())


def shuffled(run: Run, item: RunItem, placed: Sequence[Due]) -> list[Due]:
    """An order that gives no candidate an advantage, drawn by the run's seed."""
    draw = random.Random(f"{run.parameters['seed']}/{item.pk}")  # noqa: S311
    order = list(placed)
    draw.shuffle(order)
    return order


def _opinion(
    item: RunItem,
    judge: Judge,
    passes: Passes,
    task: JudgeTask,
    judged: dict[int, list[intake.JudgedCriterion]],
    reversed: bool,
) -> intake.Opinion:
    return intake.Opinion(
        dialogue_id=item.dialogue_id,
        by=replace(judge.provenance, saw_target=task.shown.saw_target),
        judged=judged,
        positions={key: place for place, key in enumerate(task.texts)},
        self_judged=passes.self_judged,
        reversed=reversed,
    )


def _unscored(reason: str) -> list[intake.JudgedCriterion]:
    return [
        intake.JudgedCriterion(criterion, score=None, unscored_reason=reason)
        for criterion in Criterion.values
    ]
