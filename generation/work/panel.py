"""The judges of a run, and what each of them still has to say of some items' dialogues."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from generation.judges import Judge, judge_at
from generation.models import Endpoint, Run, RunItem
from review.intake import Provenance


class OfDialogue(Protocol):
    @property
    def dialogue_id(self) -> int: ...


Waiting = TypeVar("Waiting", bound=OfDialogue)
# What is still to be judged at an endpoint, by its judge, within some dialogues.
Find = Callable[[Run, Endpoint, Provenance, Sequence[int]], Iterable[Waiting]]


class Panel(Generic[Waiting]):
    def __init__(self, run: Run, find: Find[Waiting]) -> None:
        self._run = run
        self._find = find
        self._judges: dict[int, Judge] = {}

    def judge(self, item: RunItem) -> Judge:
        endpoint = item.asked()
        if endpoint.pk not in self._judges:
            self._judges[endpoint.pk] = judge_at(endpoint, self._run)
        return self._judges[endpoint.pk]

    def waiting(self, items: Sequence[RunItem]) -> Iterator[tuple[RunItem, list[Waiting]]]:
        """The items that have something to be judged, with what it is."""
        for group in _by_endpoint(items):
            found: dict[int, list[Waiting]] = {}
            dialogues = [item.dialogue_id for item in group]
            by = self.judge(group[0]).provenance
            for one in self._find(self._run, group[0].asked(), by, dialogues):
                found.setdefault(one.dialogue_id, []).append(one)
            yield from ((i, found[i.dialogue_id]) for i in group if i.dialogue_id in found)


def _by_endpoint(items: Sequence[RunItem]) -> list[list[RunItem]]:
    groups: dict[int, list[RunItem]] = {}
    for item in items:
        groups.setdefault(item.asked().pk, []).append(item)
    return list(groups.values())
