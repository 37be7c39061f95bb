"""Benchmark runs: each item is one dialogue, looked for by all retrievers in all its forms."""

from collections.abc import Sequence

from generation.benchmark.scoring import Scored, Scorer
from generation.calls.accounts import charged_to
from generation.calls.questions import Answer, Question
from generation.models import Run, RunItem
from generation.runs import leasing
from generation.work.protocol import Outcome, Show
from review import bulk


class Benchmarking:
    def __init__(self, run: Run, show: Show | None = None) -> None:
        self._run = run
        # Leased, and not recorded yet.
        self._in_hand: set[int] = set()
        self._scorer = Scorer(run, self._show_life)

    def prepare(self, items: Sequence[RunItem]) -> dict[int, Scored]:
        """Does the work: texts are searched with many at a time."""
        self._in_hand |= {item.pk for item in items}
        with charged_to(self._run):
            scored = self._scorer.scored([item.dialogue_id for item in items])
        return {item.pk: scored[item.dialogue_id] for item in items if item.dialogue_id in scored}

    def questions(self, item: RunItem, task: Scored) -> list[Question]:
        return []

    async def conclude(self, item: RunItem, task: Scored, answers: Sequence[Answer]) -> Outcome:
        """What some retrievers found stays where others failed."""
        if task.stopped is not None:
            raise task.stopped
        return Outcome(item, task.rows, " ".join(task.failures))

    def record(self, outcomes: Sequence[Outcome]) -> None:
        bulk.insert([row for outcome in outcomes for row in outcome.made or []])
        self._in_hand -= {outcome.item.pk for outcome in outcomes}

    def _show_life(self) -> None:
        """A batch may take longer than a lease lasts, and nothing else is done meanwhile."""
        leasing.renew(list(self._in_hand))
        if self._run.drained_by is not None:
            leasing.keep_run(self._run.pk, self._run.drained_by)
