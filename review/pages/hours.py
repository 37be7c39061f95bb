"""Hours and counts per person and day, for pay: of everybody for admins, of oneself for all."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from review.errors import Invalid
from review.models import Dataset, Membership, User
from review.pages.people import SignedIn, administered
from review.people.worklog import VERDICTS, Period, PersonDay, Work, by_person, worklog
from review.permissions import dataset_for

COLUMNS = [
    *("person", "day"),
    *VERDICTS,
    *("quiz", "adjudications", "places", "seconds", "hours"),
]
# What a spreadsheet takes for a formula, where a name begins with it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
# By which Excel knows that a file is UTF-8; others pass over it.
BYTE_ORDER_MARK = "\ufeff"


@require_safe
@never_cache
def hours(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    context: dict[str, Any] = {"dataset": dataset, "membership": membership}
    status = 200
    try:
        period = _period(request)
    except Invalid as error:
        period, status = Period.of("", ""), 400
        context["error"] = error
    log = worklog(dataset=dataset, period=period)
    context |= {
        "period": period,
        "people": by_person(log),
        "in_all": sum((entry.work for entry in log), Work()),
        "time_zone": timezone.get_current_timezone_name(),
        "today": timezone.localdate(),
    }
    return render(request, "review/hours.html", context, status=status)


@require_safe
@never_cache
def hours_csv(request: SignedIn, slug: str) -> StreamingHttpResponse:
    """One line for each person and day; with `mine` of oneself alone, which everybody may have."""
    dataset, membership = dataset_for(request.user, slug)
    period = _period(request)
    of = _of_whom(request, dataset, membership)
    log = worklog(dataset=dataset, period=period, of=of)
    whose = f"-{of.username}" if of else ""
    name = f"hours-{dataset.slug}{whose}-{period.first}-{period.last}.csv"
    response = StreamingHttpResponse(csv_lines(log), content_type="text/csv; charset=utf-8")
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


def _of_whom(request: SignedIn, dataset: Dataset, membership: Membership) -> User | None:
    if "mine" in request.GET:
        return request.user
    administered(request, membership.dataset.slug)
    return None


def _period(request: SignedIn) -> Period:
    return Period.of(request.GET.get("from", ""), request.GET.get("to", ""))


class _Echo:
    """Gives back what the writer of `csv` would write to a file."""

    def write(self, line: str) -> str:
        return line


def csv_lines(log: Iterable[PersonDay]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for entry in log:
        yield writer.writerow(_cells(entry))


def _cells(entry: PersonDay) -> list[object]:
    work = entry.work
    counts = [getattr(work, verdict) for verdict in VERDICTS]
    person = f"'{entry.person}" if entry.person.startswith(FORMULA_SIGNS) else entry.person
    return [
        *(person, entry.day.isoformat()),
        *counts,
        *(work.quiz, work.adjudications, work.places),
        *(round(work.seconds), f"{work.hours:.2f}"),
    ]
