"""The report on a dataset's judges: asked for at a door, reckoned by a worker, then kept."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from generation.judges_compared.reading import read
from generation.judges_compared.report import FORM, reckon
from generation.models import JudgeReport
from review import reports
from review.models import Comparison, Dataset, Decision, Judgement, User
from review.permissions import check_can_administer

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
    return JudgeReport._default_manager.filter(dataset=dataset).first()


def ask(*, dataset: Dataset, by: User) -> JudgeReport:
    """Wants the report anew; the caller sends the task. While it is awaited nothing changes."""
    check_can_administer(by, dataset)
    return reports.ask(JudgeReport, dataset=dataset)


def want_old_forms() -> None:
    """Wants those anew that are of an earlier form, unless that has failed before."""
    kept = JudgeReport._default_manager.filter(asked=None, failure="", computed__isnull=False)
    kept.exclude(data__form=FORM).update(asked=timezone.now())


def compute(dataset_id: int) -> None:
    """Reckons a report that is wanted, unless another worker is at it."""
    reports.compute(JudgeReport, dataset_id, _reckoned, _ROWS)


def _reckoned(dataset: Dataset) -> dict[str, Any]:
    return reckon(read(dataset)).as_json()


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
