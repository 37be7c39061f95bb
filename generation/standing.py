"""How the endpoints of a dataset stand: the price in force, the key, and the calls of late."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Aggregate, Count, F, FloatField, Q, QuerySet
from django.utils import timezone

from generation.endpoints import DEFAULT, KEY_VARIABLE, OFFLINE, OPENAI_ITSELF, is_configured
from generation.models import (
    Call,
    CallOutcome,
    Endpoint,
    EndpointKind,
    EndpointPrice,
    Job,
)
from generation.models.endpoints import in_force
from review.models import Dataset

OF_LATE = timedelta(days=1)


class Median(Aggregate):
    """The middle value, as PostgreSQL reckons it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Health:
    """Calls of the last day: how many ended, how many of them well, and how long one takes."""

    calls: int = 0
    ok: int = 0
    median_seconds: float | None = None
    problem: str = ""
    problem_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """One endpoint as the list shows it."""

    endpoint: Endpoint
    price: EndpointPrice | None
    health: Health

    @property
    def of_the_site(self) -> bool:
        return self.endpoint.dataset_id is None

    @property
    def key_is_set(self) -> bool:
        return key_is_set(self.endpoint.key_variable)


def standings(dataset: Dataset) -> list[Standing]:
    """A dataset's own endpoints by name, then those of the whole site. Asks no server."""
    own = list(Endpoint.objects.filter(dataset=dataset, retired=False))
    return _standings(dataset, [*own, *site_endpoints()])


def standing_of(dataset: Dataset, endpoint: Endpoint) -> Standing:
    return _standings(dataset, [endpoint])[0]


def site_endpoints() -> list[Endpoint]:
    """`default`, where the environment names a server, and `offline`; rows once a run used them."""
    rows = {row.name: row for row in Endpoint.objects.filter(dataset=None, retired=False)}
    offline = rows.get(OFFLINE) or Endpoint(name=OFFLINE, kind=EndpointKind.OFFLINE)
    return [_default(rows.get(DEFAULT)), offline] if is_configured() else [offline]


def used_for(job: Job, own: Sequence[Endpoint]) -> list[str]:
    """The endpoints of a run that names none, by the rule of `endpoints.chosen`."""
    names = [endpoint.name for endpoint in own if job in endpoint.jobs]
    return names or [DEFAULT if is_configured() else OFFLINE]


def key_is_set(variable: str) -> bool:
    """Whether this server's environment has it. Its value is shown nowhere."""
    if variable == KEY_VARIABLE:
        return bool(settings.OPENAI_API_KEY)
    return bool(os.environ.get(variable))


def _default(row: Endpoint | None) -> Endpoint:
    """As the environment says now; the row learns of it with the next run."""
    found = row or Endpoint(name=DEFAULT)
    found.base_url = settings.OPENAI_BASE_URL or OPENAI_ITSELF
    found.model = settings.OPENAI_MODEL or found.model
    found.key_variable = KEY_VARIABLE
    return found


def _standings(dataset: Dataset, endpoints: Sequence[Endpoint]) -> list[Standing]:
    keys = [endpoint.pk for endpoint in endpoints if endpoint.pk]
    health, today = _health(dataset, keys), timezone.now().date()
    prices: dict[int, list[EndpointPrice]] = {}
    for price in EndpointPrice.objects.filter(endpoint__in=keys):
        prices.setdefault(price.endpoint_id, []).append(price)
    return [
        Standing(
            endpoint,
            in_force(prices.get(endpoint.pk, []), today),
            health.get(endpoint.pk, Health()),
        )
        for endpoint in endpoints
    ]


def _health(dataset: Dataset, keys: Sequence[int]) -> dict[int, Health]:
    """By endpoint what became of this dataset's calls in the last day."""
    ended = Call.objects.filter(
        dataset=dataset, endpoint__in=keys, created__gte=timezone.now() - OF_LATE
    ).exclude(outcome=CallOutcome.SENT)
    counted = (
        ended.order_by()
        .values("endpoint")
        .annotate(
            calls=Count("pk"),
            good=Count("pk", filter=Q(outcome=CallOutcome.OK)),
            median=Median(F("latency_seconds"), filter=Q(outcome=CallOutcome.OK)),
        )
    )
    problems = _last_problems(ended.exclude(outcome=CallOutcome.OK))
    return {
        row["endpoint"]: Health(
            row["calls"], row["good"], row["median"], *problems.get(row["endpoint"], ("", None))
        )
        for row in counted
    }


def _last_problems(calls: QuerySet[Call]) -> dict[int, tuple[str, datetime]]:
    last = calls.order_by("endpoint", "-pk").distinct("endpoint")
    return {
        endpoint: (error, created)
        for endpoint, error, created in last.values_list("endpoint", "error", "created")
    }
