"""How far a run has come, and what it has cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from generation.models import Call, CallOutcome, ItemState, Run, RunItem

PAID = [CallOutcome.OK, CallOutcome.UNUSABLE]


@dataclass(frozen=True)
class Progress:
    """Counts of a run's items and calls. A cost is None where one of its calls has no price."""

    run: int
    kind: str
    status: str
    planned: int
    done: int
    failed: int
    calls: int
    cost_usd: Decimal | None
    seconds: float

    @property
    def pending(self) -> int:
        return self.planned - self.done - self.failed

    def as_json(self) -> dict[str, Any]:
        """The line that `start_run --json` prints."""
        cost = None if self.cost_usd is None else float(self.cost_usd)
        return {**vars(self), "cost_usd": cost, "seconds": round(self.seconds, 3)}


def progress(run: Run) -> Progress:
    run.refresh_from_db(fields=["status", "finished"])
    ended = run.finished or timezone.now()
    return Progress(
        run=run.pk,
        kind=run.kind,
        status=run.status,
        seconds=(ended - run.created).total_seconds(),
        **_items(run),
        **_calls(run),
    )


def _items(run: Run) -> dict[str, Any]:
    return RunItem.objects.filter(run=run).aggregate(
        planned=Count("pk"),
        done=Count("pk", filter=Q(state=ItemState.DONE)),
        failed=Count("pk", filter=Q(state=ItemState.FAILED)),
    )


def _calls(run: Run) -> dict[str, Any]:
    counts = Call.objects.filter(run=run).aggregate(
        calls=Count("pk"),
        spent=Sum("cost_usd"),
        unpriced=Count("pk", filter=Q(cost_usd=None, outcome__in=PAID)),
    )
    known = counts["spent"] or Decimal(0)
    return {"calls": counts["calls"], "cost_usd": None if counts["unpriced"] else known}
