"""Hours and counts of each person, day by day: what work is paid by.

Time counts as the server saw it, wherever it led: to a decision, to one that was taken back, to a
place that was lost, in practice as in review. A decision counts once it stands; one that was sent
back for a second look was work as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.db.models import Count, F, FloatField, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils import timezone

from review.errors import Invalid
from review.models import (
    Assignment,
    Dataset,
    Decision,
    Dialogue,
    PlaceState,
    Purpose,
    User,
    Verdict,
)
from review.models.decisions import TAKING_BACK

MOST_DAYS = 366
VERDICTS = [Verdict.ACCEPT, Verdict.EDIT, Verdict.REJECT, Verdict.MORE, Verdict.SKIP]


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included, in the time zone of the site."""

    first: date
    last: date

    @classmethod
    def of(cls, first: str, last: str) -> Self:
        """From dates as 2026-11-01; this month where they are empty. Raises `Invalid`."""
        today = timezone.localdate()
        end = _day(last, "to") if last else today
        begin = _day(first, "from") if first else min(today, end).replace(day=1)
        if begin > end:
            raise Invalid(f"The period ends on {end}, before it begins on {begin}.", field="to")
        if (end - begin).days >= MOST_DAYS:
            raise Invalid(f"Choose a year at most: {MOST_DAYS} days.", field="from")
        return cls(begin, end)

    @classmethod
    def lately(cls, days: int) -> Self:
        """So many days up to today."""
        today = timezone.localdate()
        return cls(today - timedelta(days=days - 1), today)

    def bounds(self) -> tuple[datetime, datetime]:
        """The moment it begins, and the first behind it."""
        begin, behind = self.first, self.last + timedelta(days=1)
        return _midnight(begin), _midnight(behind)

    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(count)]


def _day(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 9000:
        raise Invalid(f"“{text}” is no date: write it as 2026-11-30.", field=field)
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True)
class Work:
    """What a person did, on a day or in all; `places` are those they were at work on."""

    accept: int = 0
    edit: int = 0
    reject: int = 0
    more: int = 0
    skip: int = 0
    quiz: int = 0
    adjudications: int = 0
    places: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def decisions(self) -> int:
        """At one's desk; passing a dialogue on is none."""
        return self.accept + self.edit + self.reject + self.more

    @property
    def hours(self) -> float:
        return self.seconds / 3600

    @property
    def pace(self) -> float | None:
        """Decisions an hour; None where there was too little work to tell."""
        return self.decisions / self.hours if self.seconds >= 60 and self.decisions else None


@dataclass(frozen=True)
class PersonDay:
    person: str
    day: date
    work: Work


def worklog(*, dataset: Dataset, period: Period, of: User | None = None) -> list[PersonDay]:
    """The work of everybody in a period, or of one person: by name, then by day."""
    found: dict[tuple[str, date], Work] = defaultdict(Work)
    for rows in (_decided(dataset, period, of), _lost(dataset, period, of)):
        for row in rows:
            key = row.pop("reviewer__username"), row.pop("day")
            found[key] += Work(**row)
    return [PersonDay(person, day, found[person, day]) for person, day in sorted(found)]


def by_person(log: Iterable[PersonDay]) -> dict[str, Work]:
    """The whole of each person's work, in the order of the log."""
    found: dict[str, Work] = defaultdict(Work)
    for entry in log:
        found[entry.person] += entry.work
    return dict(found)


def by_day(log: Sequence[PersonDay], period: Period) -> list[tuple[date, Work]]:
    """Every day of a period with its work, in order."""
    found: dict[date, Work] = defaultdict(Work)
    for entry in log:
        found[entry.day] += entry.work
    return [(day, found[day]) for day in period.days()]


def _decided(dataset: Dataset, period: Period, of: User | None) -> Iterable[dict[str, Any]]:
    begin, behind = period.bounds()
    rows = Decision.objects.filter(created__gte=begin, created__lt=behind)
    rows = rows.alias(within=_dataset()).filter(within=dataset.pk)
    rows = rows.exclude(verdict__in=TAKING_BACK)
    if of is not None:
        rows = rows.filter(reviewer=of)
    stands = Q(superseded_by=None) | Q(superseded_by__verdict=Verdict.SEND_BACK)
    at_desk = stands & Q(adjudication=False) & ~Q(purpose=Purpose.QUIZ)
    grouped = (
        rows.annotate(day=TruncDate("created"), spent=_spent())
        .values("reviewer__username", "day")
        .annotate(
            **{v.value: Count("pk", filter=at_desk & Q(verdict=v)) for v in VERDICTS},
            quiz=Count("pk", filter=stands & Q(purpose=Purpose.QUIZ)),
            adjudications=Count("pk", filter=stands & Q(adjudication=True)),
            places=Count("assignment", distinct=True),
            seconds=Sum("spent"),
        )
        .order_by()
    )
    return map(dict, grouped)


def _dataset() -> Subquery:
    """The dataset of a row's dialogue, looked up row by row: joined, a few days of one person were
    matched with every dialogue there is."""
    return Subquery(Dialogue.objects.filter(pk=OuterRef("dialogue")).values("dataset"))


def _spent() -> Greatest:
    """Seconds of a decision that no earlier one at its place holds: a place taken again goes on
    counting where it was."""
    earlier = Decision.objects.filter(assignment=OuterRef("assignment"), pk__lt=OuterRef("pk"))
    last = Subquery(earlier.order_by("-seconds").values("seconds")[:1])
    before = Coalesce(last, 0.0, output_field=FloatField())
    return Greatest(F("seconds") - before, 0.0, output_field=FloatField())


def _lost(dataset: Dataset, period: Period, of: User | None) -> Iterable[dict[str, Any]]:
    """Work at places that were given back or lost before a decision."""
    begin, behind = period.bounds()
    rows = Assignment.objects.filter(
        state__in=[PlaceState.EXPIRED, PlaceState.RETURNED],
        ended_at__gte=begin,
        ended_at__lt=behind,
        active_seconds__gt=0,
    )
    rows = rows.alias(within=_dataset()).filter(within=dataset.pk)
    if of is not None:
        rows = rows.filter(reviewer=of)
    decided = Coalesce(Max("decisions__seconds"), 0.0, output_field=FloatField())
    left = rows.annotate(day=TruncDate("ended_at"), decided=decided)
    left = left.filter(active_seconds__gt=F("decided"))
    found: dict[tuple[str, date], Work] = defaultdict(Work)
    for name, day, seconds, before in left.values_list(
        "reviewer__username", "day", "active_seconds", "decided"
    ):
        found[name, day] += Work(places=1, seconds=seconds - before)
    for (name, day), work in found.items():
        yield {
            "reviewer__username": name,
            "day": day,
            "places": work.places,
            "seconds": work.seconds,
        }
