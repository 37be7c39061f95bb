"""What every rewriter does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from generation.calls.questions import Question
from generation.showing import NOTHING, Shown
from review.intake import Provenance
from review.turns import Turn


@dataclass(frozen=True)
class RewriteTask:
    """One dialogue to be rewritten.

    `note` and `earlier` (texts) come from a reviewer who asked for more candidates.
    """

    turns: Sequence[Turn]
    count: int
    note: str = ""
    earlier: Sequence[str] = ()
    shown: Shown = NOTHING


class Rewriter(Protocol):
    @property
    def provenance(self) -> Provenance:
        """Who its candidates are by."""
        ...

    def question(self, task: RewriteTask) -> Question[Any] | None:
        """What is to be asked of its model; None where it needs none."""
        ...

    def rewrites(self, task: RewriteTask, answer: Any) -> list[str]:
        """At most `task.count` rewrites, the best first, from the model's answer (or None).

        Raises `NoUsableReply` with the reason when there are none.
        """
        ...
