"""What every judge does: it scores candidates by the rubric, or compares two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from generation.calls.questions import Question
from generation.showing import NOTHING, Shown
from review.intake import JudgedCriterion, Provenance
from review.turns import Turn


@dataclass(frozen=True)
class JudgeTask:
    """Candidates of one dialogue, {id: text}, in the order in which the judge is to see them."""

    turns: Sequence[Turn]
    texts: Mapping[int, str]
    shown: Shown = NOTHING


@dataclass(frozen=True)
class Choice:
    """The better of two candidates by its id (None: neither), and why."""

    winner: int | None
    reason: str


class Judge(Protocol):
    @property
    def provenance(self) -> Provenance:
        """Who its judgements are by."""
        ...

    def scoring(self, task: JudgeTask) -> Question[Any] | None:
        """What is to be asked of its model for scores; None where it needs none."""
        ...

    def scores(self, task: JudgeTask, answer: Any) -> dict[int, list[JudgedCriterion]]:
        """A score with its reason on every criterion for every candidate id."""
        ...

    def comparing(self, task: JudgeTask) -> Question[Any] | None:
        """What is to be asked of its model about the two candidates of a task."""
        ...

    def choice(self, task: JudgeTask, answer: Any) -> Choice: ...
