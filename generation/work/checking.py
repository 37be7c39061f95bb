"""Check runs: each item is one approved dialogue whose rewrite is to be looked for."""

from collections.abc import Sequence

from asgiref.sync import sync_to_async

from generation.calls.questions import Answer, Question
from generation.checks import check_dialogue
from generation.models import Run, RunItem
from generation.work.protocol import Outcome, Show


class Checking:
    def __init__(self, run: Run, show: Show | None = None) -> None:
        self._check = sync_to_async(check_dialogue)

    def prepare(self, items: Sequence[RunItem]) -> dict[int, int]:
        return {item.pk: item.dialogue_id for item in items}

    def questions(self, item: RunItem, task: int) -> list[Question]:
        return []

    async def conclude(self, item: RunItem, task: int, answers: Sequence[Answer]) -> Outcome:
        """Checks and records at once; one that is no longer approved has nothing to check."""
        await self._check(task)
        return Outcome(item)

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing is left to enter: a check enters the record by itself."""
