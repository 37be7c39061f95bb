"""What a run is to do: chosen when it starts, and frozen as its items.

A plan holds what the same run planned before as well: what is done for the same endpoint, model,
prompt and parameters is in it as *done*, and is not called again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from generation.benchmark import planning as benchmarks
from generation.checks import checkers, outdated, rankable, unranked
from generation.judges import judge_at
from generation.jury import dialogues_due, dialogues_to_compare
from generation.models import Endpoint, ItemState, Run, RunItem, RunKind
from review.intake import Provenance
from review.models import Comparison, Judgement, Stage
from review.models.dialogues import UNRESOLVED
from review.selecting import Selection

# What a run keeps but what does not change the work on an item.
NOT_IN_RECIPE = {"models", "limit", "seed", "filter", "panel", "batch"}


class Subject(NamedTuple):
    """As much of a dialogue as planning needs. At 100,000 of them a tuple saves half a second."""

    id: int
    round: int
    content_hash: str
    stage: str

    def is_open(self) -> bool:
        return self.stage in UNRESOLVED


class Piece(NamedTuple):
    """One item to be: a dialogue at an endpoint (None: it is to be looked for)."""

    dialogue_id: int
    endpoint: Endpoint | None
    round: int
    recipe: str
    is_done: bool

    def item(self, run: Run, now: datetime) -> RunItem:
        return RunItem(
            run=run,
            dialogue_id=self.dialogue_id,
            endpoint=self.endpoint,
            round=self.round,
            recipe=self.recipe,
            state=ItemState.DONE if self.is_done else ItemState.PENDING,
            finished=now if self.is_done else None,
        )


def items_of(run: Run, planned: Sequence[Piece]) -> list[RunItem]:
    """The rows of a plan."""
    now = timezone.now()
    return [piece.item(run, now) for piece in planned]


def pieces(run: Run, endpoints: Iterable[Endpoint], *, limit: int | None) -> list[Piece]:
    """The plan of a run, in the order of its dialogues; `limit` counts dialogues.

    Before rows are made of it, which is where most of the time goes.
    """
    found: list[Piece] = []
    if run.kind == RunKind.CHECK:
        found = list(_to_check(run))
    elif run.kind == RunKind.BENCHMARK:
        found = list(_to_benchmark(run))
    else:
        find = _to_rewrite if run.kind == RunKind.REWRITE else _to_judge
        found = [piece for endpoint in endpoints for piece in find(run, endpoint)]
    found.sort(key=lambda piece: piece.dialogue_id)
    return list(_first_dialogues(found, limit))


class Recipes:
    """Recipes of one run at one endpoint: what all its items share is put together once."""

    def __init__(self, run: Run, endpoint: Endpoint) -> None:
        parameters = {k: v for k, v in run.parameters.items() if k not in NOT_IN_RECIPE}
        shared = [
            run.kind,
            endpoint.pk,
            run.parameters["models"].get(endpoint.name, ""),
            prompt_hash(run, endpoint),
            sorted(parameters.items()),
            *([sorted(endpoint.extra_parameters.items())] if endpoint.extra_parameters else []),
        ]
        self._begun = repr(shared)[:-1]

    def of(self, subject: Subject) -> str:
        """SHA-256 of everything that makes two items the same work."""
        whole = f"{self._begun}, {subject.content_hash!r}, {subject.round!r}]"
        return hashlib.sha256(whole.encode()).hexdigest()


def prompt_hash(run: Run, endpoint: Endpoint) -> str:
    return "" if endpoint.is_offline() or run.prompt is None else run.prompt.hash


def _to_rewrite(run: Run, endpoint: Endpoint) -> Iterator[Piece]:
    """Dialogues that nobody has settled, and those that this very recipe was used on."""
    before = RunItem.objects.filter(
        run__kind=run.kind, dialogue__dataset=run.dataset, endpoint=endpoint, state=ItemState.DONE
    )
    done = set(before.values_list("dialogue_id", "recipe"))
    recipes = Recipes(run, endpoint)
    for subject in _subjects(run):
        digest = recipes.of(subject)
        is_done = (subject.id, digest) in done
        if subject.is_open() or is_done:
            yield Piece(subject.id, endpoint, subject.round, digest, is_done)


def _to_judge(run: Run, endpoint: Endpoint) -> Iterator[Piece]:
    """Dialogues with candidates: those to be judged, and those that this judge is done with."""
    by = judge_at(endpoint, run).provenance
    to_do = (
        dialogues_to_compare(run, endpoint, by)
        if run.compares()
        else dialogues_due(run, endpoint, by)
    )
    judged = to_do | _judged_by(run, by)
    recipes = Recipes(run, endpoint)
    for subject in _subjects(run):
        is_done = subject.id not in to_do
        if subject.id in judged and (subject.is_open() or is_done):
            yield Piece(subject.id, endpoint, subject.round, recipes.of(subject), is_done)


def _judged_by(run: Run, by: Provenance) -> set[int]:
    """Dialogues of which a judge has said something, in this run's way of asking."""
    word = {"judge": by.author, "prompt_hash": by.prompt_hash}
    if run.compares():
        rows = Comparison.objects.filter(first__dialogue__dataset=run.dataset, **word)
        return set(rows.values_list("first__dialogue_id", flat=True))
    scores = Judgement.objects.filter(candidate__dialogue__dataset=run.dataset, **word)
    return set(scores.values_list("candidate__dialogue_id", flat=True).distinct())


def _to_check(run: Run) -> Iterator[Piece]:
    """Approved dialogues with targets, and open ones with candidates, which are ranked before
    anybody chooses; those that the present retrievers have looked at are done."""
    by = checkers(run.dataset)
    to_do = set(outdated(run.dataset, by).values_list("pk", flat=True))
    if by and by[0].decides:
        to_do |= set(unranked(run.dataset, by[0]).values_list("pk", flat=True))
    rows = _selection(run).of(run.dataset).exclude(target_images=[])
    wanted = Q(stage=Stage.APPROVED) | Q(pk__in=rankable(run.dataset).values("pk"))
    for key, number in rows.filter(wanted).order_by("pk").values_list("pk", "round"):
        yield Piece(key, None, number, "", is_done=key not in to_do)


def _to_benchmark(run: Run) -> Iterator[Piece]:
    """All of them: what an earlier run found is read when their turn comes."""
    rows = benchmarks.subjects(run.dataset, _selection(run)).order_by("pk")
    for key, number in rows.values_list("pk", "round"):
        yield Piece(key, None, number, "", is_done=False)


def _selection(run: Run) -> Selection:
    return Selection.from_json(run.parameters.get("filter", {}))


def _subjects(run: Run) -> Iterator[Subject]:
    rows = _selection(run).of(run.dataset).order_by("pk")
    values = rows.values_list("pk", "round", "content_hash", "stage")
    return map(Subject._make, values.iterator(chunk_size=5000))


def _first_dialogues(planned: Iterable[Piece], limit: int | None) -> Iterator[Piece]:
    seen: set[int] = set()
    for piece in planned:
        seen.add(piece.dialogue_id)
        if limit is not None and len(seen) > limit:
            return
        yield piece
