"""What takes a while to reckon: asked for at a door, reckoned by a worker, then kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar, cast

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from review.models import Dataset, Decision, Reckoned, User
from review.models.reports import StoredReport

# Far more than it takes. A worker that died is not waited for any longer.
LEASE = timedelta(minutes=15)
FRESH = timedelta(minutes=10)
# Of newer decisions no more than this are looked through: a page must not wait for a count.
MOST_NEWER = 10_000
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


@dataclass(frozen=True)
class Known:
    """`data` as the report's `as_json` has it, None where it was not reckoned yet, and when that
    was; `newer` counts decisions that came in since, up to `MOST_NEWER`."""

    data: dict[str, Any] | None
    computed: datetime | None
    live: bool
    awaited: bool = False
    failure: str = ""
    newer: int = 0


@dataclass(frozen=True)
class OnDecisions:
    """A kind of report on what people decided in a dataset.

    Where the dataset `is_small` it is reckoned as it is asked for. Beyond, a worker reckons it: the
    first time when a member asks for it, then again by itself while decisions come in, so that it
    is never much older than `FRESH`. `form` is that of its stored data; `check` says who may see
    it; `other_news` finds, in a queryset of reports, what else than a decision calls for it anew.
    """

    kind: type[StoredReport]
    form: int
    reckon: Callable[[Dataset], dict[str, Any]]
    is_small: Callable[[Dataset], bool]
    check: Callable[[User, Dataset], None]
    other_news: Callable[[], Q] = Q

    def known(self, dataset: Dataset) -> Known:
        """The report as it is known now."""
        if self.is_small(dataset):
            return Known(self.reckon(dataset), timezone.now(), live=True)
        report = self.kind._default_manager.filter(dataset=dataset).first()
        if report is None:
            return Known(None, None, live=False)
        current = report.data.get("form") == self.form
        return Known(
            data=report.data if current else None,
            computed=report.computed if current else None,
            live=False,
            awaited=report.is_awaited(),
            failure=report.failure,
            newer=_newer(report) if current else 0,
        )

    def ask(self, *, dataset: Dataset, by: User) -> StoredReport:
        """Wants the report anew; the caller sends the task. While it is awaited nothing changes."""
        self.check(by, dataset)
        return ask(self.kind, dataset=dataset)

    def compute(self, dataset_id: int) -> None:
        """Reckons a report that is wanted, unless another worker is at it."""
        compute(self.kind, dataset_id, self.reckon, {"decisions": Decision})

    def awaiting(self) -> list[int]:
        """The datasets whose report is wanted and no worker is at."""
        wanted = self.kind.objects.awaiting().values_list("dataset_id", flat=True)
        return list(wanted)

    def want_again(self) -> None:
        """Wants those anew that have aged while decisions came in."""
        last = Decision.objects.filter(
            dialogue__dataset=OuterRef("dataset"), created__gt=OuterRef("computed")
        )
        old = self.kind._default_manager.filter(asked=None, computed__lt=timezone.now() - FRESH)
        aged = old.filter(Exists(last) | self.other_news())
        aged.update(asked=timezone.now(), failure="")


def _newer(report: StoredReport) -> int:
    last = report.last_rows.get("decisions") or 0
    newer = Decision.objects.filter(pk__gt=last)
    beyond = newer.order_by("pk").values_list("pk", flat=True)[MOST_NEWER : MOST_NEWER + 1].first()
    if beyond is not None:
        newer = newer.filter(pk__lt=beyond)
    return newer.filter(dialogue__dataset=report.dataset_id).count()
