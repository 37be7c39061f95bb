"""What takes a while to reckon: asked for at a door, reckoned by a worker, then kept."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any, TypeVar, cast

from django.db.models import Max, QuerySet
from django.utils import timezone

from review.models import Dataset, Reckoned
from review.models.reports import StoredReport

# Far more than it takes. A worker that died is not waited for any longer.
LEASE = timedelta(minutes=15)
FAILED = "It could not be computed. What went wrong stands in the worker's log."
# Models by the names under which a report keeps their last row.
Sources = dict[str, type[Any]]
Kept = TypeVar("Kept", bound=Reckoned)


def ask(kind: type[Kept], **of: Any) -> Kept:
    """Wants the one row of a kind for what it is `of` anew; the caller sends the task. While it is
    awaited nothing changes."""
    manager = kind._default_manager
    manager.get_or_create(**of)
    manager.filter(asked=None, **of).update(asked=timezone.now(), failure="")
    return cast("Kept", manager.get(**of))


def compute(
    kind: type[StoredReport],
    dataset_id: int,
    reckon: Callable[[Dataset], dict[str, Any]],
    sources: Sources,
) -> None:
    """Reckons a report that is wanted, unless another worker is at it."""

    def reckoned(row: StoredReport) -> dict[str, Any]:
        last_rows = {name: _last(model) for name, model in sources.items()}
        return {"data": reckon(row.dataset), "last_rows": last_rows}

    compute_where_wanted(kind._default_manager.filter(dataset_id=dataset_id), reckoned)


def compute_where_wanted(rows: QuerySet[Any], reckon: Callable[[Any], dict[str, Any]]) -> None:
    """Reckons the one row of a kind of `Reckoned` where it is wanted and no other worker is at it;
    `reckon` gives the fields that it changes."""
    if not rows.awaiting().update(leased_until=timezone.now() + LEASE):  # type: ignore[attr-defined]  # of Reckoned
        return
    started = monotonic()
    try:
        changes = reckon(rows.get())
    except Exception:
        # Whoever waits must learn of it; what went wrong stands in the worker's log.
        rows.update(asked=None, leased_until=None, failure=FAILED)
        raise
    took = monotonic() - started
    rows.update(asked=None, leased_until=None, computed=timezone.now(), seconds=took, **changes)


def _last(model: type[Any]) -> int:
    return int(model._default_manager.aggregate(last=Max("pk"))["last"] or 0)
