"""The report on a dataset's judges: asked for at a door, reckoned by a worker, then kept."""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from generation.judges_compared.reading import read
from generation.judges_compared.report import FORM, reckon
from generation.models import JudgeReport
from review.models import Comparison, Dataset, Decision, Judgement, User
from review.permissions import check_can_administer

# Far more than it takes. A worker that died is not waited for any longer.
LEASE = timedelta(minutes=15)
# Of newer rows no more than this are looked through: the page must not wait for a count.
MOST_NEWER = 10_000
_ROWS: dict[str, type[Decision] | type[Judgement] | type[Comparison]] = {
    "decisions": Decision,
    "scores": Judgement,
    "comparisons": Comparison,
}
_DATASET = {
    "decisions": "dialogue__dataset",
    "scores": "candidate__dialogue__dataset",
    "comparisons": "first__dialogue__dataset",
}


@dataclass(frozen=True)
class Newer:
    """What came in since a report; `more` where not all could be looked through."""

    decisions: int
    scores: int
    comparisons: int
    more: bool

    def any(self) -> bool:
        return bool(self.decisions or self.scores or self.comparisons or self.more)


def of(dataset: Dataset) -> JudgeReport | None:
    return JudgeReport.objects.filter(dataset=dataset).first()


def ask(*, dataset: Dataset, by: User) -> JudgeReport:
    """Wants the report anew; the caller sends the task. While it is awaited nothing changes."""
    check_can_administer(by, dataset)
    report, _ = JudgeReport.objects.get_or_create(dataset=dataset)
    wanted = JudgeReport.objects.filter(pk=report.pk, asked=None)
    wanted.update(asked=timezone.now(), failure="")
    report.refresh_from_db()
    return report


def awaiting() -> QuerySet[JudgeReport]:
    """Reports that are wanted and that no worker is at."""
    return _free(JudgeReport.objects.filter(asked__isnull=False))


def compute(dataset_id: int) -> None:
    """Reckons a report that is wanted, unless another worker is at it."""
    found = awaiting().filter(dataset_id=dataset_id)
    if not found.update(leased_until=timezone.now() + LEASE):
        return
    report = JudgeReport.objects.select_related("dataset").get(dataset_id=dataset_id)
    try:
        _compute(report)
    except Exception:
        # Whoever waits must learn of it; what went wrong stands in the worker's log.
        words = "It could not be computed. What went wrong stands in the worker's log."
        _end(report, failure=words)
        raise


def newer(report: JudgeReport) -> Newer:
    counts: dict[str, int] = {}
    more = False
    for kind, model in _ROWS.items():
        rows = model._default_manager.filter(pk__gt=report.last_rows.get(kind) or 0)
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_NEWER])
        more |= len(keys) == MOST_NEWER
        ours = Q(**{_DATASET[kind]: report.dataset_id})
        counts[kind] = model._default_manager.filter(ours, pk__in=keys).count() if keys else 0
    return Newer(**counts, more=more)


def is_current_form(report: JudgeReport) -> bool:
    return bool(report.data.get("form") == FORM)


def _compute(report: JudgeReport) -> None:
    started = monotonic()
    last_rows = {kind: _last(model) for kind, model in _ROWS.items()}
    data = reckon(read(report.dataset)).as_json()
    _end(
        report,
        data=data,
        last_rows=last_rows,
        computed=timezone.now(),
        seconds=monotonic() - started,
    )


def _last(model: type[Any]) -> int:
    return int(model._default_manager.aggregate(last=Max("pk"))["last"] or 0)


def _end(report: JudgeReport, **changes: Any) -> None:
    JudgeReport.objects.filter(pk=report.pk).update(asked=None, leased_until=None, **changes)


def _free(rows: QuerySet[JudgeReport]) -> QuerySet[JudgeReport]:
    return rows.filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))
