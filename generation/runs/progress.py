"""How far a run has come, and what it has cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from generation.models import ItemState, Run, RunItem
from generation.spending import spend_of


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
        return {**vars(self), "cost_usd": number(self.cost_usd), "seconds": round(self.seconds, 3)}


def number(amount: Decimal | None) -> float | None:
    """An exact amount as a JSON number, whose shortest digits are the same.

    A double holds 15 digits: dollars below ten millions with all of a cost's eight decimals.
    """
    return None if amount is None else float(str(amount))


def progress_of(run: Run) -> Progress:
    run.refresh_from_db(fields=["status", "finished"])
    ended = run.finished or timezone.now()
    spend = spend_of(run)
    return Progress(
        run=run.pk,
        kind=run.kind,
        status=run.status,
        seconds=(ended - run.created).total_seconds(),
        calls=spend.calls,
        cost_usd=spend.cost_usd,
        **_items(run),
    )


def _items(run: Run) -> dict[str, Any]:
    return RunItem.objects.filter(run=run).aggregate(
        planned=Count("pk"),
        done=Count("pk", filter=Q(state=ItemState.DONE)),
        failed=Count("pk", filter=Q(state=ItemState.FAILED)),
    )
