"""What the runs pages show: progress, pace, spend and errors, in a fixed number of questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from generation.models import Batch, Call, CallOutcome, ItemState, Run, RunItem, RunStatus
from generation.spending import Spend, spends_of

FAILED_SHOWN = 25
KINDS_OF_ERROR_SHOWN = 12
BATCHES_SHOWN = 50
# The rate of a run is measured over this long.
# A run that just began is taken at once where a worker is free.
TURN_SHOWN_AFTER = 3
RATE_SECONDS = 20

ENDED = {RunStatus.DONE, RunStatus.STOPPED}


@dataclass(frozen=True)
class Items:
    """A run's plan: how many items, what became of them, and how many ended just now."""

    planned: int = 0
    done: int = 0
    failed: int = 0
    recent: int = 0


@dataclass(frozen=True)
class RunView:
    """A run with its counts; `recent_calls` are those of the last seconds."""

    run: Run
    items: Items
    spend: Spend
    recent_calls: int = 0

    @property
    def planned(self) -> int:
        return self.items.planned

    @property
    def done(self) -> int:
        return self.items.done

    @property
    def failed(self) -> int:
        return self.items.failed

    @property
    def pending(self) -> int:
        return self.planned - self.done - self.failed

    @property
    def seconds(self) -> float:
        return ((self.run.finished or timezone.now()) - self.run.created).total_seconds()

    def is_live(self) -> bool:
        """Whether its numbers may still move by themselves."""
        return self.run.status == RunStatus.RUNNING

    def waits_for_its_turn(self) -> bool:
        """Whether no worker is at it just now; what is with a server in a batch needs none."""
        until = self.run.drained_until
        free = until is None or until < timezone.now()
        young = self.run.created > timezone.now() - timedelta(seconds=TURN_SHOWN_AFTER)
        return self.is_live() and free and not young and not self.run.goes_in_batches()

    @property
    def budget_typed(self) -> str:
        """The budget as a person would type it."""
        return "" if self.run.budget_usd is None else f"{self.run.budget_usd.normalize():f}"

    @property
    def budget_left(self) -> Decimal | None:
        """Dollars; None where the run has no budget."""
        budget = self.run.budget_usd
        return None if budget is None else max(Decimal(0), budget - self.spend.known_usd)

    def may_pause(self) -> bool:
        return self.is_live()

    def may_stop(self) -> bool:
        return self.run.status not in ENDED

    def may_resume(self) -> bool:
        return self.run.status in {RunStatus.PAUSED, RunStatus.STOPPED} and self.pending > 0

    def may_retry(self) -> bool:
        return self.failed > 0

    @property
    def items_a_second(self) -> float | None:
        """By the last seconds; None where nothing moves, or too little is known.

        What counted as done when the run was planned was never worked on: it must have left the
        window before there is a rate.
        """
        if not (self.is_live() and self.items.recent and self.seconds > RATE_SECONDS + 5):
            return None
        return self.items.recent / RATE_SECONDS

    @property
    def calls_a_minute(self) -> int | None:
        window = min(RATE_SECONDS, self.seconds)
        if not (self.is_live() and self.recent_calls and window >= 5):
            return None
        return round(60 * self.recent_calls / window)

    @property
    def seconds_left(self) -> float | None:
        rate = self.items_a_second
        return self.pending / rate if rate else None


def overview(runs: Sequence[Run]) -> list[RunView]:
    """The given runs with their counts, in the same order."""
    items, spends = _items_of(runs), spends_of(runs)
    return [RunView(run, items.get(run.pk, Items()), spends.get(run.pk, Spend())) for run in runs]


def view_of(run: Run) -> RunView:
    """One run with its counts and its pace."""
    items, spends = _items_of([run]), spends_of([run])
    recent = Call.objects.filter(run=run, created__gte=_just_now())
    return RunView(
        run, items.get(run.pk, Items()), spends.get(run.pk, Spend()), recent_calls=recent.count()
    )


def _items_of(runs: Sequence[Run]) -> dict[int, Items]:
    rows = (
        RunItem.objects.filter(run__in=runs)
        .order_by()
        .values_list("run")
        .annotate(
            Count("pk"),
            done=Count("pk", filter=Q(state=ItemState.DONE)),
            failed=Count("pk", filter=Q(state=ItemState.FAILED)),
            recent=Count("pk", filter=Q(finished__gte=_just_now())),
        )
    )
    return {run: Items(*counts) for run, *counts in rows}


def _just_now() -> datetime:
    return timezone.now() - timedelta(seconds=RATE_SECONDS)


@dataclass(frozen=True)
class ErrorKind:
    """Calls of a run that went wrong alike, with one of their messages."""

    outcome: str
    status_code: int | None
    calls: int
    example: str
    last: datetime


def errors_by_kind(run: Run) -> list[ErrorKind]:
    """The most frequent first."""
    wrong = [CallOutcome.FAILED, CallOutcome.UNUSABLE, CallOutcome.LOST]
    rows = (
        Call.objects.filter(run=run, outcome__in=wrong)
        .order_by()
        .values("outcome", "status_code")
        .annotate(calls=Count("pk"), example=Max("error"), last=Max("created"))
        .order_by("-calls", "outcome", "status_code")
    )
    return [ErrorKind(**row) for row in rows[:KINDS_OF_ERROR_SHOWN]]


def failed_items(run: Run, *, after: int = 0) -> tuple[list[RunItem], int | None]:
    """A page of failed items with their reasons, and the key where the next page begins."""
    rows = RunItem.objects.filter(run=run, state=ItemState.FAILED, pk__gt=after)
    found = list(
        rows.select_related("dialogue", "endpoint")
        .defer("dialogue__turns", "dialogue__metadata")
        .order_by("pk")[: FAILED_SHOWN + 1]
    )
    shown = found[:FAILED_SHOWN]
    return shown, shown[-1].pk if len(found) > FAILED_SHOWN else None


def batches_of(run: Run) -> list[Batch]:
    """The latest batches of a run, the open ones first."""
    rows = Batch.objects.filter(run=run).select_related("endpoint")
    return list(rows.order_by(F("ended").desc(nulls_first=True), "-pk")[:BATCHES_SHOWN])


def last_calls(run: Run, most: int) -> list[Call]:
    return list(listed_calls(Call.objects.filter(run=run))[:most])


def listed_calls(rows: QuerySet[Call]) -> QuerySet[Call]:
    """Calls as a table shows them, the latest first: without their requests and replies."""
    return (
        rows.select_related("endpoint", "item__dialogue")
        .defer("request", "reply", "item__dialogue__turns", "item__dialogue__metadata")
        .order_by("-pk")
    )
