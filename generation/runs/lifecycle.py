"""Starting, pausing, stopping and resuming runs. `draining` does the work."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from generation.benchmark.freezing import freeze
from generation.benchmark.planning import BenchmarkOptions
from generation.benchmark.reckoning import want
from generation.errors import RunEnded
from generation.models import ItemState, Run, RunItem, RunKind, RunStatus
from generation.runs.drafting import Draft, RunOptions, check_amount, draft
from generation.seeing import ImageSettings
from review import bulk
from review.errors import Missing
from review.models import Dataset, User
from review.permissions import check_can_administer
from review.selecting import Selection

PLANNED_AT_ONCE = 5000


class Wishes(TypedDict, total=False):
    """What may be said of a run when it starts; `RunOptions` has the meanings."""

    endpoints: Sequence[str]
    candidates: int | None
    limit: int | None
    budget: Decimal | None
    selection: Selection
    images: ImageSettings | None
    target: Sequence[str]
    both_orders: bool
    pairwise: bool
    best: int
    batch: bool
    benchmark: BenchmarkOptions


def start(*, dataset: Dataset, kind: str, by: User | None = None, **wishes: Unpack[Wishes]) -> Run:
    """Freezes a plan of work over a dataset; the caller sees to it that somebody drains it.

    `by` is None where the command line starts it. Raises `Invalid`, and `EndpointUnreachable` where
    the server of `default` is to be asked for its models and does not answer.
    """
    if by is not None:
        check_can_administer(by, dataset)
    drafted = draft(dataset=dataset, kind=kind, options=RunOptions(**wishes))
    drafted.run.by = by
    return _frozen(drafted)


@transaction.atomic
def stop(*, run: Run, by: User | None = None) -> None:
    """Ends a run for now: what is in flight comes in, nothing more is begun."""
    _check_by(run, by)
    going = [RunStatus.RUNNING, RunStatus.PAUSED]
    changes = {"status": RunStatus.STOPPED, "note": "Stopped by a person.", "finished": Now()}
    if not Run.objects.filter(pk=run.pk, status__in=going).update(**changes):
        raise RunEnded(f"Run {run.pk} has ended already: there is nothing to stop.")


@transaction.atomic
def resume(*, run: Run, by: User | None = None, budget: Decimal | None = None) -> None:
    """Lets a paused or stopped run go on, with another `budget` in dollars where one is given; the
    caller sees to it that somebody drains it."""
    _check_by(run, by)
    resting = [RunStatus.PAUSED, RunStatus.STOPPED]
    changes: dict[str, Any] = {"status": RunStatus.RUNNING, "note": "", "finished": None}
    if budget is not None:
        check_amount(budget)
        changes["budget_usd"] = budget
    if not _with_work_left().filter(pk=run.pk, status__in=resting).update(**changes):
        raise RunEnded(f"Run {run.pk} is going, or has nothing left to do.")


@transaction.atomic
def pause(*, run: Run, by: User | None = None) -> None:
    """Rests a run: what is in flight comes in, and it may be resumed."""
    _check_by(run, by)
    if not rest(run_id=run.pk, note="Paused by a person."):
        raise RunEnded(f"Run {run.pk} is not going: there is nothing to pause.")


@transaction.atomic
def retry_failed(*, run: Run, by: User | None = None) -> int:
    """Lets a run try its failed items again; how many there are."""
    _check_by(run, by)
    Run.objects.select_for_update().get(pk=run.pk)
    failed = RunItem.objects.filter(run=run, state=ItemState.FAILED)
    count = failed.update(state=ItemState.PENDING, failure="", finished=None)
    if not count:
        raise RunEnded(f"No item of run {run.pk} has failed: there is nothing to try again.")
    changes = {"status": RunStatus.RUNNING, "note": "", "finished": None}
    Run.objects.filter(pk=run.pk).update(**changes)
    return count


def run_of(dataset: Dataset, pk: int) -> Run:
    """A run of a dataset, with what pages tell of it. Raises `Missing`."""
    rows = Run.objects.filter(dataset=dataset, pk=pk)
    found = rows.select_related("dataset", "by", "prompt", "rubric").first()
    if found is None:
        raise Missing(f"There is no run {pk} of {dataset.slug}. See the list of runs.")
    return found


def rest(*, run_id: int, note: str) -> bool:
    """Rests a run until somebody resumes it; `note` says why. Whether it was going."""
    going = Run.objects.filter(pk=run_id, status=RunStatus.RUNNING)
    return bool(going.update(status=RunStatus.PAUSED, note=note))


def conclude(run_id: int) -> bool:
    """Ends a run that has nothing left to do; whether it did."""
    left = _with_work_left().filter(pk=run_id)
    # What was in flight when it was paused may have been the last of it.
    going = [RunStatus.RUNNING, RunStatus.PAUSED]
    ended = Run.objects.filter(pk=run_id, status__in=going).exclude(Exists(left))
    if not ended.update(status=RunStatus.DONE, note="", finished=Now()):
        return False
    if Run.objects.filter(pk=run_id, kind=RunKind.BENCHMARK).exists():
        want(run_id)
    return True


def _with_work_left() -> QuerySet[Run]:
    pending = RunItem.objects.pending().filter(run=OuterRef("pk"))
    return Run.objects.filter(Exists(pending))


@transaction.atomic
def _frozen(drafted: Draft) -> Run:
    run = drafted.run
    run.save()
    items = drafted.items()
    for begin in range(0, len(items), PLANNED_AT_ONCE):
        bulk.insert(items[begin : begin + PLANNED_AT_ONCE])
    if run.kind == RunKind.BENCHMARK:
        freeze(run, [item.dialogue_id for item in items], drafted.rewrites)
    conclude(run.pk)
    run.refresh_from_db()
    return run


def _check_by(run: Run, by: User | None) -> None:
    if by is not None:
        check_can_administer(by, run.dataset)
