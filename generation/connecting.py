"""Connecting models: endpoints of a dataset, their prices from a day on, and their end.

`by` is the person who asks and must administer the dataset; None where the operator of the machine
does it on the command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from generation.connections import Connection
from generation.models import (
    Call,
    ConfiguredRetriever,
    Endpoint,
    EndpointPrice,
    ItemState,
    Run,
    RunItem,
    RunStatus,
)
from generation.standing import site_endpoints
from review.errors import Conflict, Invalid, Missing, NotAllowed
from review.models import Dataset, User
from review.permissions import check_can_administer

# Dollars per million tokens: far above what any model costs, and within the column.
DEAREST = Decimal(100_000)
DIGITS = Decimal("0.000001")
SHARE_DIGITS = Decimal("0.001")
HALF = Decimal("0.5")


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens from a day on; None is unknown. In a batch: a share of these."""

    since: date
    input: Decimal | None = None
    cached: Decimal | None = None
    output: Decimal | None = None
    batch_share: Decimal = HALF

    def check(self, *, writes: bool = True) -> None:
        """`writes`: whether the model is one that is paid for what it writes."""
        for name in ("input", "cached", "output"):
            value = getattr(self, name)
            if value is not None and not _is_amount(value, DEAREST, DIGITS):
                raise Invalid(
                    f"A price is dollars per million tokens from 0 to {DEAREST:,}, with at most 6 "
                    "digits after the point. Empty: unknown.",
                    field=name,
                )
        if writes and (self.input is None) != (self.output is None):
            raise Invalid(
                "Tokens in and out are paid for alike: give both prices, or neither.",
                field="output" if self.output is None else "input",
            )
        if not _is_amount(self.batch_share, Decimal(1), SHARE_DIGITS):
            raise Invalid(
                "The share that a call in a batch costs is a number from 0 to 1, such as 0.5.",
                field="batch_share",
            )


def _is_amount(value: Decimal, most: Decimal, digits: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= most and value == value.quantize(digits)


def save_endpoint(
    *,
    dataset: Dataset,
    connection: Connection,
    by: User | None = None,
    endpoint: Endpoint | None = None,
    prices: Sequence[Price] | None = None,
) -> Endpoint:
    """Connects a model, or changes how `endpoint` is reached; `prices` take the place of all.

    Raises `Invalid` with the field at fault, `Conflict` for a name that is taken or in use.
    """
    _check_may(by, dataset, endpoint)
    connection.check()
    _check_prices(prices or [], writes=not connection.only_embeds())
    if endpoint is not None and endpoint.name != connection.name:
        _check_unused(endpoint)
    try:
        return _save(dataset, connection, endpoint, prices)
    except IntegrityError:
        raise Conflict(
            f"There is an endpoint “{connection.name}” already. Choose another name.", field="name"
        ) from None


@transaction.atomic
def _save(
    dataset: Dataset,
    connection: Connection,
    endpoint: Endpoint | None,
    prices: Sequence[Price] | None,
) -> Endpoint:
    saved = endpoint or Endpoint(dataset=dataset)
    for name, value in connection.values().items():
        setattr(saved, name, value)
    saved.save()
    if prices is not None:
        saved.prices.all().delete()
        EndpointPrice.objects.bulk_create(
            [EndpointPrice(endpoint=saved, **vars(price)) for price in prices]
        )
    return saved


@transaction.atomic
def retire_endpoint(*, endpoint: Endpoint, by: User | None = None) -> bool:
    """Takes an endpoint out of use; whether it is gone altogether, having never been used.

    What it made and cost stays in the ledger. Its name is free again.
    """
    _check_may(by, endpoint.dataset, endpoint)
    # Nobody may plan work for it between the look at its runs and its end.
    locked = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    _check_not_at_work(locked)
    try:
        with transaction.atomic():
            locked.delete()
    except RestrictedError:
        locked.retired = True
        locked.save(update_fields=["retired"])
        return False
    return True


def set_price(*, endpoint: Endpoint, price: Price, by: User | None = None) -> EndpointPrice:
    """A price from a day on. Calls already made keep what they cost: each holds its own prices."""
    _check_may(by, endpoint.dataset, endpoint)
    price.check(writes=not endpoint.only_embeds())
    saved, _ = EndpointPrice.objects.update_or_create(
        endpoint=endpoint, since=price.since, defaults={**vars(price)}
    )
    return saved


def remove_price(*, endpoint: Endpoint, since: date, by: User | None = None) -> None:
    """Takes back a price that was entered by mistake; the one before it holds again."""
    _check_may(by, endpoint.dataset, endpoint)
    removed, _ = endpoint.prices.filter(since=since).delete()
    if not removed:
        raise Missing(f"There is no price from {since} on. Load the page again.")


def endpoint_of(dataset: Dataset, name: str) -> Endpoint:
    """A dataset's own endpoint that is in use. Raises `Missing`."""
    found = Endpoint.objects.filter(dataset=dataset, name=name, retired=False).first()
    if found is None:
        raise Missing(f"{dataset.slug} has no endpoint “{name}” of its own. See the list of them.")
    return found


def endpoint_seen(dataset: Dataset, name: str) -> Endpoint:
    """One of the whole site, which may have no row yet, else the dataset's own."""
    of_the_site = {one.name: one for one in site_endpoints()}
    return of_the_site.get(name) or endpoint_of(dataset, name)


def is_used(endpoint: Endpoint) -> bool:
    """Whether anything in the record was made at it."""
    return (
        Call.objects.filter(endpoint=endpoint).exists()
        or RunItem.objects.filter(endpoint=endpoint).exists()
    )


def _check_may(by: User | None, dataset: Dataset | None, endpoint: Endpoint | None) -> None:
    if dataset is None or (endpoint is not None and endpoint.dataset_id != dataset.pk):
        raise NotAllowed(
            "This endpoint is the whole site's: who runs the server sets it by the environment."
        )
    if by is not None:
        check_can_administer(by, dataset)


def _check_prices(prices: Sequence[Price], *, writes: bool) -> None:
    for price in prices:
        price.check(writes=writes)
    if len({price.since for price in prices}) < len(prices):
        raise Invalid("Two prices begin on the same day: keep one of them.", field="prices")


def _check_unused(endpoint: Endpoint) -> None:
    if is_used(endpoint):
        raise Conflict(
            f"Runs know this endpoint as “{endpoint.name}”, so its name stays. Retire it and "
            "connect the model again under another name.",
            field="name",
        )


def _check_not_at_work(endpoint: Endpoint) -> None:
    resting = [RunStatus.RUNNING, RunStatus.PAUSED]
    waiting = RunItem.objects.filter(endpoint=endpoint, state=ItemState.PENDING)
    run = Run.objects.filter(status__in=resting, pk__in=waiting.values("run")).first()
    if run is not None:
        raise Conflict(f"{str(run).capitalize()} still has work for it. Stop that run first.")
    asking = ConfiguredRetriever.objects.filter(endpoint=endpoint, retired=False).first()
    if asking is not None:
        raise Conflict(
            f"Retriever “{asking.name}” asks it for vectors. Retire that one first, or give it "
            "another endpoint."
        )
