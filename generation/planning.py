"""What a run is to do: chosen when it starts, and frozen as its items.

A plan holds what the same run planned before as well: what is done for the same endpoint, model,
prompt and parameters is in it as *done*, and is not called again.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from generation.checks import awaiting_or_outdated
from generation.judges import judge_at
from generation.jury import due, due_pairs
from generation.models import Endpoint, ItemState, Run, RunItem, RunKind
from review.intake import Provenance
from review.models import Comparison, Judgement, Stage
from review.selecting import Selection

OPEN_TO_MACHINES = {Stage.IMPORTED, Stage.PROPOSED, Stage.JUDGED}
# What a run keeps but what does not change the work on an item.
NOT_IN_RECIPE = {"models", "limit", "seed", "filter", "panel", "batch"}


@dataclass(frozen=True)
class Subject:
    """As much of a dialogue as planning needs."""

    id: int
    round: int
    content_hash: str
    stage: str

    def is_open(self) -> bool:
        return self.stage in OPEN_TO_MACHINES


def plan(run: Run, endpoints: Iterable[Endpoint], *, limit: int | None) -> list[RunItem]:
    """The items of a run, in the order of their dialogues; `limit` counts dialogues."""
    items: list[RunItem] = []
    if run.kind == RunKind.CHECK:
        items = list(_check_items(run))
    else:
        find = _rewrite_items if run.kind == RunKind.REWRITE else _judge_items
        items = [item for endpoint in endpoints for item in find(run, endpoint)]
    items.sort(key=lambda item: item.dialogue_id)
    return list(_first_dialogues(items, limit))


def recipe(run: Run, endpoint: Endpoint, subject: Subject) -> str:
    """SHA-256 of everything that makes two items the same work."""
    parameters = {k: v for k, v in run.parameters.items() if k not in NOT_IN_RECIPE}
    parts = [
        run.kind,
        endpoint.pk,
        run.parameters["models"].get(endpoint.name, ""),
        prompt_hash(run, endpoint),
        sorted(parameters.items()),
        *([sorted(endpoint.extra_parameters.items())] if endpoint.extra_parameters else []),
        subject.content_hash,
        subject.round,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def prompt_hash(run: Run, endpoint: Endpoint) -> str:
    return "" if endpoint.is_offline() or run.prompt is None else run.prompt.hash


def _rewrite_items(run: Run, endpoint: Endpoint) -> Iterator[RunItem]:
    """Dialogues that nobody has settled, and those that this very recipe was used on."""
    before = RunItem.objects.filter(
        run__kind=run.kind, dialogue__dataset=run.dataset, endpoint=endpoint, state=ItemState.DONE
    )
    done = set(before.values_list("dialogue_id", "recipe"))
    for subject in _subjects(run):
        item = _item(run, subject, endpoint)
        is_done = (subject.id, item.recipe) in done
        if subject.is_open() or is_done:
            yield _marked(item, is_done=is_done)


def _judge_items(run: Run, endpoint: Endpoint) -> Iterator[RunItem]:
    """Dialogues with candidates: those to be judged, and those that this judge is done with."""
    by = judge_at(endpoint, run).provenance
    waiting = due_pairs(run, endpoint, by) if run.compares() else due(run, endpoint, by)
    to_do = {one.dialogue_id for one in waiting}
    judged = to_do | _judged_by(run, by)
    for subject in _subjects(run):
        is_done = subject.id not in to_do
        if subject.id in judged and (subject.is_open() or is_done):
            yield _marked(_item(run, subject, endpoint), is_done=is_done)


def _judged_by(run: Run, by: Provenance) -> set[int]:
    """Dialogues of which a judge has said something, in this run's way of asking."""
    word = {"judge": by.author, "prompt_hash": by.prompt_hash}
    if run.compares():
        rows = Comparison.objects.filter(first__dialogue__dataset=run.dataset, **word)
        return set(rows.values_list("first__dialogue_id", flat=True))
    scores = Judgement.objects.filter(candidate__dialogue__dataset=run.dataset, **word)
    return set(scores.values_list("candidate__dialogue_id", flat=True).distinct())


def _check_items(run: Run) -> Iterator[RunItem]:
    """Approved dialogues with targets; those that the present retriever has checked are done."""
    to_do = set(awaiting_or_outdated(run.dataset).values_list("pk", flat=True))
    approved = _selection(run).of(run.dataset).approved().exclude(target_images=[])
    for key, number in approved.order_by("pk").values_list("pk", "round"):
        item = RunItem(run=run, dialogue_id=key, round=number)
        yield _marked(item, is_done=key not in to_do)


def _selection(run: Run) -> Selection:
    return Selection.from_json(run.parameters.get("filter", {}))


def _subjects(run: Run) -> Iterator[Subject]:
    rows = _selection(run).of(run.dataset).order_by("pk")
    for values in rows.values_list("pk", "round", "content_hash", "stage").iterator():
        yield Subject(*values)


def _item(run: Run, subject: Subject, endpoint: Endpoint) -> RunItem:
    return RunItem(
        run=run,
        dialogue_id=subject.id,
        endpoint=endpoint,
        round=subject.round,
        recipe=recipe(run, endpoint, subject),
    )


def _marked(item: RunItem, *, is_done: bool) -> RunItem:
    if is_done:
        item.state, item.finished = ItemState.DONE, timezone.now()
    return item


def _first_dialogues(items: Iterable[RunItem], limit: int | None) -> Iterator[RunItem]:
    seen: set[int] = set()
    for item in items:
        seen.add(item.dialogue_id)
        if limit is not None and len(seen) > limit:
            return
        yield item
