"""What the runs pages show: progress, spend, errors and calls, in a fixed number of questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.utils import timezone

from generation.models import Call, CallOutcome, ItemState, Run, RunItem, RunStatus
from generation.progress import PAID

CALLS_SHOWN = 25
FAILED_SHOWN = 25
KINDS_OF_ERROR_SHOWN = 12
# The rate of a run is measured over this long.
RATE_SECONDS = 20

Row = TypeVar("Row", RunItem, Call)
ENDED = {RunStatus.DONE, RunStatus.STOPPED}


@dataclass(frozen=True)
class RunView:
    """A run with its counts. A cost is unknown (None) where one of its calls has no price."""

    run: Run
    planned: int
    done: int
    failed: int
    recent: int
    calls: int
    cost_usd: Decimal | None

    @property
    def pending(self) -> int:
        return self.planned - self.done - self.failed

    @property
    def seconds(self) -> float:
        return ((self.run.finished or timezone.now()) - self.run.created).total_seconds()

    def is_live(self) -> bool:
        """Whether its numbers may still move by themselves."""
        return self.run.status == RunStatus.RUNNING

    def may_stop(self) -> bool:
        return self.run.status not in ENDED

    def may_resume(self) -> bool:
        return self.run.status in {RunStatus.PAUSED, RunStatus.STOPPED} and self.pending > 0

    @property
    def seconds_left(self) -> float | None:
        """By the rate of the last seconds; None where nothing moves, or too little is known.

        What counted as done when the run was planned was never worked on: it must have left the
        window before there is a rate.
        """
        if not (self.is_live() and self.recent and self.seconds > RATE_SECONDS + 5):
            return None
        return RATE_SECONDS * self.pending / self.recent


@dataclass(frozen=True)
class Items:
    """A run's plan: how many items, what became of them, and how many ended just now."""

    planned: int = 0
    done: int = 0
    failed: int = 0
    recent: int = 0


@dataclass(frozen=True)
class Spend:
    """A run's calls and what they cost in dollars; None where a price is unknown."""

    calls: int = 0
    cost_usd: Decimal | None = Decimal(0)


def overview(runs: Sequence[Run]) -> list[RunView]:
    """The given runs with their counts, in the same order."""
    items, spends = _items_of(runs), _spends_of(runs)
    return [_view(run, items.get(run.pk, Items()), spends.get(run.pk, Spend())) for run in runs]


def _view(run: Run, items: Items, spend: Spend) -> RunView:
    return RunView(
        run=run,
        planned=items.planned,
        done=items.done,
        failed=items.failed,
        recent=items.recent,
        calls=spend.calls,
        cost_usd=spend.cost_usd,
    )


def _items_of(runs: Sequence[Run]) -> dict[int, Items]:
    just_now = timezone.now() - timedelta(seconds=RATE_SECONDS)
    rows = (
        RunItem.objects.filter(run__in=runs)
        .order_by()
        .values_list("run")
        .annotate(
            Count("pk"),
            done=Count("pk", filter=Q(state=ItemState.DONE)),
            failed=Count("pk", filter=Q(state=ItemState.FAILED)),
            recent=Count("pk", filter=Q(finished__gte=just_now)),
        )
    )
    return {run: Items(*counts) for run, *counts in rows}


def _spends_of(runs: Sequence[Run]) -> dict[int, Spend]:
    rows = (
        Call.objects.filter(run__in=runs)
        .order_by()
        .values_list("run")
        .annotate(
            Count("pk"),
            cost=Sum("cost_usd"),
            unpriced=Count("pk", filter=Q(cost_usd=None, outcome__in=PAID)),
        )
    )
    return {
        run: Spend(calls, None if unpriced else cost or Decimal(0))
        for run, calls, cost, unpriced in rows
    }


@dataclass(frozen=True)
class ErrorKind:
    """Calls of a run that went wrong alike, with the latest message."""

    outcome: str
    status_code: int | None
    calls: int
    example: str
    last: datetime


def errors_by_kind(run: Run) -> list[ErrorKind]:
    """The most frequent first."""
    rows = (
        Call.objects.filter(run=run, outcome__in=[CallOutcome.FAILED, CallOutcome.UNUSABLE])
        .values("outcome", "status_code")
        .annotate(calls=Count("pk"), example=Max("error"), last=Max("created"))
        .order_by("-calls")
    )
    return [ErrorKind(**row) for row in rows[:KINDS_OF_ERROR_SHOWN]]


def failed_items(run: Run, *, after: int = 0) -> tuple[list[RunItem], int | None]:
    """A page of failed items with their reasons, and the key where the next page begins."""
    rows = (
        RunItem.objects.filter(run=run, state=ItemState.FAILED, pk__gt=after)
        .select_related("dialogue", "endpoint")
        .order_by("pk")
    )
    return _page(rows, FAILED_SHOWN)


def calls_of(run: Run, *, before: int | None = None) -> tuple[list[Call], int | None]:
    """A page of calls, the latest first, and the key where the next page begins."""
    rows = (
        Call.objects.filter(run=run)
        .select_related("endpoint", "item__dialogue")
        .defer("request", "reply")
        .order_by("-pk")
    )
    return _page(rows if before is None else rows.filter(pk__lt=before), CALLS_SHOWN)


def _page(rows: QuerySet[Row], size: int) -> tuple[list[Row], int | None]:
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None


def endpoints_of(run: Run) -> list[str]:
    """The endpoints that a run's plan names."""
    names = RunItem.objects.filter(run=run).exclude(endpoint=None).order_by("endpoint__name")
    return list(names.values_list(F("endpoint__name"), flat=True).distinct())
