"""What every rewriter does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from review.intake import Provenance
from review.turns import Turn


@dataclass(frozen=True)
class RewriteTask:
    """One dialogue to be rewritten for one item of a run.

    `note` and `earlier` (texts) come from a reviewer who asked for more candidates.
    """

    item_id: int
    turns: Sequence[Turn]
    count: int
    note: str = ""
    earlier: Sequence[str] = ()


class Rewriter(Protocol):
    @property
    def provenance(self) -> Provenance:
        """Who its candidates are by."""
        ...

    async def rewrite(self, task: RewriteTask) -> list[str]:
        """At most `task.count` rewrites, the best first.

        Raises `NoUsableReply` with the reason when there are none.
        """
        ...
