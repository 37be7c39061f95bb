"""What calls cost: one way to add up, for a run, a list of runs, and a dataset's bill.

Known dollars are exact decimals. What is not known is counted beside them, never taken for 0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from generation.models import Call, CallOutcome, Endpoint, Run
from review.models import Dataset

# A failed call has no price to be known; a lost one may have been paid for.
MAY_HAVE_COST = [CallOutcome.OK, CallOutcome.UNUSABLE, CallOutcome.LOST]
RUNS_SHOWN = 50


@dataclass(frozen=True)
class Spend:
    """Calls, their tokens, the dollars that are known, and how many calls cost nobody knows what.

    Of the latter `lost` are those whose worker ended before the reply.
    """

    calls: int = 0
    tokens_input: int = 0
    tokens_output: int = 0
    known_usd: Decimal = Decimal(0)
    unknown: int = 0
    lost: int = 0

    def __add__(self, other: "Spend") -> "Spend":
        names = [field.name for field in fields(Spend)]
        return Spend(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def cost_usd(self) -> Decimal | None:
        """The dollars where all of them are known, else None. Lost calls are told of apart."""
        return self.known_usd if self.unknown == self.lost else None


# What a query adds up to make a `Spend`.
SUMS: dict[str, Any] = {
    "calls": Count("pk"),
    "tokens_input": Sum("tokens_input"),
    "tokens_output": Sum("tokens_output"),
    "known_usd": Sum("cost_usd"),
    "unknown": Count("pk", filter=Q(cost_usd=None, outcome__in=MAY_HAVE_COST)),
    "lost": Count("pk", filter=Q(cost_usd=None, outcome=CallOutcome.LOST)),
}


def spend_from(row: dict[str, Any]) -> Spend:
    """A row of a query with `SUMS`: a sum over nothing is nothing."""
    return Spend(
        **{name: row[name] or 0 for name in SUMS if name != "known_usd"},
        known_usd=(row["known_usd"] or Decimal(0)),
    )


def spend_of(run: Run) -> Spend:
    return spend_from(Call.objects.filter(run=run).aggregate(**SUMS))


def spends_of(runs: Iterable[Run]) -> dict[int, Spend]:
    """By run, in one question; a run without calls is not in it."""
    rows: Iterable[Any] = (
        Call.objects.filter(run__in=runs).order_by().values("run").annotate(**SUMS)
    )
    return {row["run"]: spend_from(row) for row in rows}


@dataclass(frozen=True)
class Line:
    """One line of a bill. `subject` is what it is for: an endpoint, a month, a run, or words."""

    subject: Any
    spend: Spend


@dataclass(frozen=True)
class Bill:
    """All that a dataset has spent, divided in three ways; each adds up to the total."""

    total: Spend
    by_endpoint: list[Line]
    by_month: list[Line]
    by_run: list[Line]
    # What stands in no line of `by_run`: tries of endpoints and prompts, and earlier runs.
    tries: Spend
    earlier_runs: int
    earlier: Spend


def bill_of(dataset: Dataset) -> Bill:
    """Adds up every call of a dataset in one pass over them, whatever their number."""
    rows: list[Any] = list(
        Call.objects.filter(dataset=dataset)
        .order_by()
        .annotate(month=TruncMonth("created"))
        .values("run", "endpoint", "month")
        .annotate(**SUMS)
    )
    by_run = _added(rows, lambda row: row["run"])
    tries = by_run.pop(None, Spend())
    shown = dict(sorted(by_run.items(), reverse=True)[:RUNS_SHOWN])
    earlier = [spend for run, spend in by_run.items() if run not in shown]
    months: dict[date, Spend] = _added(rows, lambda row: row["month"])
    return Bill(
        total=sum((spend_from(row) for row in rows), Spend()),
        by_endpoint=_endpoint_lines(_added(rows, lambda row: row["endpoint"])),
        by_month=[Line(month, months[month]) for month in sorted(months, reverse=True)],
        by_run=_run_lines(shown),
        tries=tries,
        earlier_runs=len(earlier),
        earlier=sum(earlier, Spend()),
    )


def _added(
    rows: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], Any]
) -> dict[Any, Spend]:
    sums: dict[Any, Spend] = {}
    for row in rows:
        sums[key(row)] = sums.get(key(row), Spend()) + spend_from(row)
    return sums


def _endpoint_lines(sums: dict[int, Spend]) -> list[Line]:
    """The dearest first."""
    endpoints = Endpoint.objects.in_bulk(list(sums))
    dearest = sorted(sums, key=lambda key: (-sums[key].known_usd, -sums[key].calls))
    return [Line(endpoints[key], sums[key]) for key in dearest]


def _run_lines(sums: dict[int, Spend]) -> list[Line]:
    runs = Run.objects.in_bulk(list(sums))
    return [Line(runs[key], sums[key]) for key in sorted(sums, reverse=True)]
