"""Judge runs: each item is one dialogue at one judge, with the candidates it has not scored."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from generation.calls.questions import Answer, Question, Unanswered
from generation.judges import Judge, JudgeTask
from generation.jury import Due, due, orders_of
from generation.models import Run, RunItem
from generation.showing import Shown, shown_for
from generation.work.panel import Panel
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
        self._panel: Panel[Due] = Panel(run, due)

    def prepare(self, items: Sequence[RunItem]) -> dict[int, Passes]:
        shown = self._show(self._run, items)
        return {
            item.pk: self._passes(item, waiting, shown[item.pk])
            for item, waiting in self._panel.waiting(items)
        }

    def questions(self, item: RunItem, task: Passes) -> list[Question[Any]]:
        judge = self._panel.judge(item)
        asked = [judge.scoring(one) for one in task.tasks.values()]
        return [question for question in asked if question is not None]

    async def conclude(self, item: RunItem, task: Passes, answers: Sequence[Answer]) -> Outcome:
        judge = self._panel.judge(item)
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
