"""How far each retriever of a benchmark is, by itself: one that cannot search holds up no other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Min

from generation.models import ItemState, Run


@dataclass(frozen=True)
class Failure:
    """Why a retriever could not search for some dialogues, and one of them."""

    reason: str
    dialogues: int
    example: str


@dataclass(frozen=True)
class Searched:
    """A retriever with how many dialogues it is `done` with, and what failed."""

    retriever: str
    done: int
    failures: list[Failure]

    @property
    def failed(self) -> int:
        return sum(one.dialogues for one in self.failures)

    def as_json(self) -> dict[str, object]:
        return {
            "done": self.done,
            "failed": self.failed,
            "reasons": [one.reason for one in self.failures],
        }


def by_retriever(run: Run) -> list[Searched]:
    """All retrievers of a run, in its order; the most frequent failures first."""
    ended = run.items.exclude(state=ItemState.PENDING).order_by()
    groups = ended.values_list("failure").annotate(Count("pk"), Min("dialogue__external_id"))
    names = [entry["name"] for entry in run.parameters["retrievers"]]
    found = [(reasons_of(failure, names), *facts) for failure, *facts in groups]
    return [
        Searched(
            name,
            done=sum(dialogues for reasons, dialogues, _ in found if name not in reasons),
            failures=_together(
                [Failure(reasons[name], *facts) for reasons, *facts in found if name in reasons]
            ),
        )
        for name in names
    ]


def reasons_of(failure: str, retrievers: Sequence[str]) -> dict[str, str]:
    """What the failure of an item says by retriever, as `NAME: reason NAME: reason`; what names
    none is about all."""
    names = "|".join(map(re.escape, retrievers))
    before, *parts = re.split(rf"(?:^| )({names}): ", failure)
    named = dict(zip(parts[::2], parts[1::2], strict=True))
    return named if named or not before else dict.fromkeys(retrievers, before)


def _together(failures: Sequence[Failure]) -> list[Failure]:
    """Beside other retrievers' failures the same one stands in several groups."""
    found: dict[str, Failure] = {}
    for one in failures:
        there = found.get(one.reason, Failure(one.reason, 0, one.example))
        found[one.reason] = Failure(
            one.reason, there.dialogues + one.dialogues, min(there.example, one.example)
        )
    return sorted(found.values(), key=lambda one: (-one.dialogues, one.reason))
