"""How far a dataset's reviewers agree, as it is known now.

Up to `MOST_LIVE` decisions it is reckoned as it is asked for. Beyond, a worker reckons it: the
first time when a member asks for it, then again by itself while decisions come in, so that it is
never much older than `FRESH`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from review import reports
from review.agreement.reading import said
from review.agreement.report import FORM, reckon
from review.models import AgreementReport, Dataset, Decision, User
from review.permissions import check_can_see_agreement

# Reading takes about 65 microseconds a decision on a busy machine with two cores.
MOST_LIVE = 2_000
FRESH = timedelta(minutes=10)
# Of newer decisions no more than this are looked through: the page must not wait for a count.
MOST_NEWER = 10_000
_ROWS = {"decisions": Decision}


@dataclass(frozen=True)
class Known:
    """`data` as `Report.as_json` has it, None where it was not reckoned yet, and when that was;
    `newer` counts decisions that came in since, up to `MOST_NEWER`."""

    data: dict[str, Any] | None
    computed: datetime | None
    live: bool
    awaited: bool = False
    failure: str = ""
    newer: int = 0


def known(dataset: Dataset) -> Known:
    if is_small(dataset):
        return Known(reckon(dataset).as_json(), timezone.now(), live=True)
    report = AgreementReport.objects.filter(dataset=dataset).first()
    if report is None:
        return Known(None, None, live=False)
    current = report.data.get("form") == FORM
    return Known(
        data=report.data if current else None,
        computed=report.computed if current else None,
        live=False,
        awaited=report.is_awaited(),
        failure=report.failure,
        newer=_newer(report) if current else 0,
    )


def is_small(dataset: Dataset) -> bool:
    """Whether all its decisions can be looked at while somebody waits."""
    return said(dataset).order_by()[: MOST_LIVE + 1].count() <= MOST_LIVE


def _newer(report: AgreementReport) -> int:
    last = report.last_rows.get("decisions") or 0
    keys = Decision.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
    ours = Decision.objects.filter(dialogue__dataset=report.dataset_id)
    return ours.filter(pk__in=list(keys[:MOST_NEWER])).count()


def ask(*, dataset: Dataset, by: User) -> AgreementReport:
    """Wants the report anew; the caller sends the task. While it is awaited nothing changes."""
    check_can_see_agreement(by, dataset)
    return reports.ask(AgreementReport, dataset=dataset)


def compute(dataset_id: int) -> None:
    """Reckons a report that is wanted, unless another worker is at it."""
    reports.compute(AgreementReport, dataset_id, _reckoned, _ROWS)


def _reckoned(dataset: Dataset) -> dict[str, Any]:
    return reckon(dataset).as_json()


def want_again() -> None:
    """Wants those anew that have aged while decisions came in."""
    _aged().update(asked=timezone.now(), failure="")


def _aged() -> QuerySet[AgreementReport]:
    last = Decision.objects.filter(
        dialogue__dataset=OuterRef("dataset"), created__gt=OuterRef("computed")
    )
    old = AgreementReport.objects.filter(asked=None, computed__lt=timezone.now() - FRESH)
    return old.filter(Exists(last))
