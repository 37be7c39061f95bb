"""What every judge does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from review.intake import JudgedCriterion, Provenance
from review.turns import Turn


@dataclass(frozen=True)
class JudgeTask:
    """Candidates of one dialogue, {id: text}, in the order in which the judge is to see them."""

    item_id: int
    turns: Sequence[Turn]
    texts: Mapping[int, str]


class Judge(Protocol):
    @property
    def provenance(self) -> Provenance:
        """Who its judgements are by."""
        ...

    async def judge(self, task: JudgeTask) -> dict[int, list[JudgedCriterion]]:
        """A score with its reason on every criterion for every candidate id.

        Raises `NoUsableReply` with the reason when there are none.
        """
        ...
