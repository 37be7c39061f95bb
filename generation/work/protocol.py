"""What a drain needs to know of a kind of work: what is asked, and what is made of the answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from generation.calls.questions import Answer, Question
from generation.models import Run, RunItem
from generation.showing import Shown

# Which pictures go with items, by item id.
Show = Callable[[Run, Sequence[RunItem]], dict[int, Shown]]


@dataclass(frozen=True)
class Outcome:
    """What became of an item: what is to enter the record, or why it failed, or both."""

    item: RunItem
    made: Any = None
    failure: str = ""


class Work(Protocol):
    """One item's way: prepared, its questions asked (live or in a batch), concluded, recorded."""

    def prepare(self, items: Sequence[RunItem]) -> dict[int, Any]:
        """What the items need from the database, by item id, in a fixed number of questions.

        An item that is left out needs nothing done any more.
        """
        ...

    def questions(self, item: RunItem, task: Any) -> list[Question[Any]]:
        """What is to be asked at the item's endpoint; the same task always asks the same."""
        ...

    async def conclude(self, item: RunItem, task: Any, answers: Sequence[Answer]) -> Outcome:
        """Makes an outcome of the answers, one for each question, in order."""
        ...

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Enters what was made into the record, all or nothing, inside a transaction."""
        ...


MakeWork = Callable[[Run, Show], Work]
