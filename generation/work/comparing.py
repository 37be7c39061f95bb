"""Pairwise judge runs: each item is one dialogue at one judge, its best candidates two by two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from generation.calls.questions import Answer, Question, Unanswered
from generation.judges import Choice, Judge, JudgeTask
from generation.jury import DuePair, due_pairs
from generation.models import Run, RunItem
from generation.showing import Shown, shown_for
from generation.work.panel import Panel
from generation.work.protocol import Outcome, Show
from review import intake


@dataclass(frozen=True)
class BothOrders:
    """One pair, to be shown in one order and then in the other."""

    tasks: tuple[JudgeTask, JudgeTask]
    self_judged: bool


class Comparing:
    def __init__(self, run: Run, show: Show = shown_for) -> None:
        self._run = run
        self._show = show
        self._panel: Panel[DuePair] = Panel(run, due_pairs)

    def prepare(self, items: Sequence[RunItem]) -> dict[int, list[BothOrders]]:
        shown = self._show(self._run, items)
        return {
            item.pk: [_both_orders(item, pair, shown[item.pk]) for pair in pairs]
            for item, pairs in self._panel.waiting(items)
        }

    def questions(self, item: RunItem, task: list[BothOrders]) -> list[Question[Any]]:
        judge = self._panel.judge(item)
        asked = [judge.comparing(one) for pair in task for one in pair.tasks]
        return [question for question in asked if question is not None]

    async def conclude(
        self, item: RunItem, task: list[BothOrders], answers: Sequence[Answer]
    ) -> Outcome:
        judge = self._panel.judge(item)
        given: Sequence[Answer | None] = answers or [None] * (2 * len(task))
        twos = zip(given[::2], given[1::2], strict=True)
        compared = [_compared(judge, pair, two) for pair, two in zip(task, twos, strict=True)]
        failures = dict.fromkeys(one.unscored_reason for one in compared if one.unscored_reason)
        return Outcome(item, compared, " ".join(failures))

    def record(self, outcomes: Sequence[Outcome]) -> None:
        intake.add_comparisons([one for outcome in outcomes for one in outcome.made or []])


def _both_orders(item: RunItem, pair: DuePair, shown: Shown) -> BothOrders:
    turns, texts = item.dialogue.turns, pair.texts
    back = dict(reversed(list(texts.items())))
    return BothOrders(
        (JudgeTask(turns, texts, shown), JudgeTask(turns, back, shown)), pair.self_judged
    )


def _compared(judge: Judge, pair: BothOrders, answers: Sequence[Any]) -> intake.ComparedPair:
    """A winner is who wins in both orders; a judge that flips says nothing but a tie."""
    task = pair.tasks[0]
    by = replace(judge.provenance, saw_target=task.shown.saw_target)
    first, second = sorted(task.texts)
    unanswered = [answer for answer in answers if isinstance(answer, Unanswered)]
    if unanswered:
        return intake.ComparedPair(first, second, by, unscored_reason=unanswered[0].reason)
    choices = [judge.choice(one, answer) for one, answer in zip(pair.tasks, answers, strict=True)]
    winners = {choice.winner for choice in choices}
    return intake.ComparedPair(
        first,
        second,
        by,
        winner=winners.pop() if len(winners) == 1 else None,
        flipped=len(winners - {None}) > 1,
        reasons=[choice.reason for choice in choices],
        won_places=[_place(one, choice) for one, choice in zip(pair.tasks, choices, strict=True)],
        self_judged=pair.self_judged,
    )


def _place(task: JudgeTask, choice: Choice) -> int | None:
    """The place, from 0, at which the winner was shown."""
    return None if choice.winner is None else list(task.texts).index(choice.winner)
