"""What a drain needs to know of a kind of work: how one item is done, and how many are recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from generation.models import RunItem


@dataclass(frozen=True)
class Outcome:
    """What became of an item: what is to enter the record, or why it failed, or both."""

    item: RunItem
    made: Any = None
    failure: str = ""


class Work(Protocol):
    def prepare(self, items: Sequence[RunItem]) -> dict[int, Any]:
        """What the items need from the database, by item id, in a fixed number of questions.

        An item that is left out needs nothing done any more.
        """
        ...

    async def perform(self, item: RunItem, task: Any) -> Outcome:
        """Does one item; touches no database. May raise `BudgetSpent`."""
        ...

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Enters what was made into the record, all or nothing, inside a transaction."""
        ...
