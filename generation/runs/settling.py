"""Entering what became of items into the record, many at once."""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from generation.models import ItemState, RunItem
from generation.work import Outcome, Work

logger = logging.getLogger(__name__)


def settle_all(work: Work, outcomes: Sequence[Outcome]) -> None:
    """Enters outcomes; what the record does not take fails alone, with its reason."""
    try:
        settle(work, outcomes)
    except Exception:
        logger.exception("A batch of outcomes was not taken: trying them one by one")
        for outcome in outcomes:
            _settle_alone(work, outcome)


@transaction.atomic
def settle(work: Work, outcomes: Sequence[Outcome]) -> None:
    """Enters outcomes into the record and ends their items, in one transaction.

    An item that another worker has ended meanwhile keeps the outcome that it has.
    """
    keys = [outcome.item.pk for outcome in outcomes]
    locked = RunItem.objects.pending().select_for_update().filter(pk__in=keys).order_by("pk")
    open_keys = {item.pk for item in locked}
    fresh = [outcome for outcome in outcomes if outcome.item.pk in open_keys]
    work.record(fresh)
    _end(ItemState.DONE, [o.item.pk for o in fresh if not o.failure])
    for failed in filter(lambda outcome: outcome.failure, fresh):
        _end(ItemState.FAILED, [failed.item.pk], failed.failure)


def _end(state: ItemState, keys: Sequence[int], failure: str = "") -> None:
    RunItem.objects.filter(pk__in=keys).update(
        state=state, failure=failure, finished=timezone.now(), leased_until=None
    )


def _settle_alone(work: Work, outcome: Outcome) -> None:
    try:
        settle(work, [outcome])
    except Exception as error:
        reason = f"The record did not take it: {type(error).__name__}: {error}"
        logger.exception("Item %s: %s", outcome.item.pk, reason)
        settle(work, [Outcome(outcome.item, failure=reason)])
