"""Judge runs: each item is one dialogue at one judge, with the candidates it has not scored."""

import random
from collections.abc import Mapping, Sequence

from generation.asking import Askers
from generation.errors import NoUsableReply
from generation.judges import Judge, JudgeTask, judge_at
from generation.models import Endpoint, Run, RunItem
from generation.work.protocol import Outcome
from review import intake
from review.models import Candidate, Criterion


class Judging:
    def __init__(self, run: Run, askers: Askers) -> None:
        self._run = run
        self._askers = askers

    def prepare(self, items: Sequence[RunItem]) -> dict[int, JudgeTask]:
        by_endpoint: dict[Endpoint, list[RunItem]] = {}
        for item in items:
            by_endpoint.setdefault(item.asked(), []).append(item)
        return {
            task.item_id: task
            for endpoint, group in by_endpoint.items()
            for task in self._tasks(self._judge(endpoint), group)
        }

    async def perform(self, item: RunItem, task: JudgeTask) -> Outcome:
        judge = self._judge(item.asked())
        positions = {key: place for place, key in enumerate(task.texts)}
        failure = ""
        try:
            judged: Mapping[int, Sequence[intake.JudgedCriterion]] = await judge.judge(task)
        except NoUsableReply as error:
            failure = str(error)
            judged = {key: _unscored(failure) for key in task.texts}
        made = intake.Opinion(item.dialogue_id, judge.provenance, judged, positions)
        return Outcome(item, made, failure)

    def record(self, outcomes: Sequence[Outcome]) -> None:
        intake.add_opinions([outcome.made for outcome in outcomes if outcome.made])

    def _judge(self, endpoint: Endpoint) -> Judge:
        return judge_at(endpoint, self._run.prompt, self._askers)

    def _tasks(self, judge: Judge, items: Sequence[RunItem]) -> list[JudgeTask]:
        by, texts = judge.provenance, dict[int, dict[int, str]]()
        rows = (
            Candidate.objects.proposed()
            .filter(dialogue__in=[item.dialogue_id for item in items])
            .unjudged_by(by.author, by.prompt_hash)
            .order_by("pk")
        )
        for dialogue_id, key, text in rows.values_list("dialogue_id", "pk", "text"):
            texts.setdefault(dialogue_id, {})[key] = text
        return [
            JudgeTask(item.pk, item.dialogue.turns, self._shuffled(item, texts[item.dialogue_id]))
            for item in items
            if item.dialogue_id in texts
        ]

    def _shuffled(self, item: RunItem, texts: dict[int, str]) -> dict[int, str]:
        """An order that gives no candidate an advantage, drawn by the run's seed."""
        draw = random.Random(f"{self._run.parameters['seed']}/{item.pk}")  # noqa: S311
        order = list(texts)
        draw.shuffle(order)
        return {key: texts[key] for key in order}


def _unscored(reason: str) -> list[intake.JudgedCriterion]:
    return [
        intake.JudgedCriterion(criterion, score=None, unscored_reason=reason)
        for criterion in Criterion.values
    ]
