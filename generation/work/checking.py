"""Check runs: each item is one dialogue whose texts are to be looked for."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from generation import deceiving
from generation.calls.questions import Answer, Question
from generation.checks.findings import Findings, findings
from generation.models import Run, RunItem
from generation.work.protocol import Outcome, Show
from review import checking
from review.checking import Checked, Checker


class Checking:
    def __init__(self, run: Run, show: Show | None = None) -> None:
        self._dataset = run.dataset

    def prepare(self, items: Sequence[RunItem]) -> dict[int, Findings]:
        """Searches for all of them together: that is the work."""
        self._dataset.refresh_from_db()
        found = findings(self._dataset, {item.dialogue_id for item in items})
        return {item.pk: found[item.dialogue_id] for item in items}

    def questions(self, item: RunItem, task: Findings) -> list[Question]:
        return []

    async def conclude(self, item: RunItem, task: Findings, answers: Sequence[Answer]) -> Outcome:
        """What one retriever could not do fails the item, once the others' work is recorded."""
        return Outcome(item, task.made, failure=" ".join(task.reasons))

    def record(self, outcomes: Sequence[Outcome]) -> None:
        made: dict[Checker, list[Checked]] = {}
        for checker, checked in (one for outcome in outcomes for one in outcome.made or []):
            made.setdefault(checker, []).append(checked)
        for checker, found in made.items():
            checking.record_checks(found, by=checker)
        keys = {outcome.item.dialogue_id for outcome in outcomes}
        # It searches, and so not within the transaction that ends the items.
        look = partial(deceiving.look_at, self._dataset, keys)
        transaction.on_commit(look, robust=True)
