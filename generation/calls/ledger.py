"""The ledger of model calls: written before a request leaves, priced when its reply is in."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from generation.calls.questions import Sealed
from generation.calls.readings import Usage
from generation.errors import BudgetSpent
from generation.models import Batch, Call, CallOutcome, Endpoint, EndpointPrice, Run
from review import bulk

MILLION = Decimal(1_000_000)
CHARACTERS_PER_TOKEN = 3  # few, so that an estimate is rather too high
TOKENS_PER_PICTURE = 1000
# A call outside of runs that has no reply for so long has lost its worker.
LONGEST_CALL = timedelta(hours=2)
LOST = "The worker ended before a reply came: whether it was paid for is not known."
# What is filled in when a call has ended.
FINISHED = [
    "outcome",
    "status_code",
    "reply",
    "error",
    "tokens_input",
    "tokens_cached",
    "tokens_output",
    "cost_usd",
    "latency_seconds",
]


def write_sent(calls: list[Call]) -> Sequence[Call]:
    """Enters calls that are about to leave."""
    now = timezone.now()
    for call in calls:
        call.created = now
    bulk.insert(calls)
    return calls


def write_finished(calls: list[Call]) -> Sequence[Call]:
    """Enters what became of calls."""
    bulk.update(calls, FINISHED)
    return calls


def as_kept(price: EndpointPrice | None, *, in_batch: bool = False) -> dict[str, str]:
    """A price as kept with a call: dollars per million tokens, as exact decimals.

    Unknown parts are left out. In a batch tokens cost the price's share for batches.
    """
    if price is None:
        return {}
    share = price.batch_share if in_batch else Decimal(1)
    prices = {"input": price.input, "cached": price.cached, "output": price.output}
    return {
        name: f"{Decimal(value) * Decimal(share):f}"
        for name, value in prices.items()
        if value is not None
    }


def cost(usage: Usage, prices: dict[str, str]) -> Decimal | None:
    """Dollars for one call; None where a price or a number of tokens is unknown.

    What writes nothing, as a model that makes vectors, needs no price for it.
    """
    if usage.tokens_input is None or usage.tokens_output is None:
        return None
    needed = {"input", "output"} if usage.tokens_output else {"input"}
    if not needed <= prices.keys():
        return None
    cached = min(usage.tokens_cached or 0, usage.tokens_input)
    parts = {
        "input": usage.tokens_input - cached,
        "cached": cached,
        "output": usage.tokens_output,
    }
    known = {"cached": prices["input"], "output": "0", **prices}
    return (
        sum((tokens * Decimal(known[name]) for name, tokens in parts.items()), Decimal(0)) / MILLION
    )


def likely_usage(request: Sealed, tokens_output: int) -> Usage:
    """Tokens that a request may take, before it is sent: rather too many than too few."""
    tokens = request.characters // CHARACTERS_PER_TOKEN + request.pictures * TOKENS_PER_PICTURE
    return Usage(tokens_input=tokens, tokens_output=tokens_output)


def paid_replies(item_ids: Sequence[int]) -> dict[tuple[int | None, str], str]:
    """Usable replies that items have had, by (item, request hash): none is bought a second time."""
    rows = Call.objects.filter(item__in=item_ids, outcome=CallOutcome.OK)
    return {(item, digest): reply for item, digest, reply in rows.values_list(*_PAID_REPLY)}


_PAID_REPLY = ("item_id", "request_hash", "reply")


def count_as_lost(run: Run) -> int:
    """Marks live calls whose worker ended before their reply; they may have been paid for."""
    lost = Call.objects.filter(run=run, batch=None, outcome=CallOutcome.SENT)
    return lost.update(outcome=CallOutcome.LOST, error=LOST)


def count_old_as_lost(endpoint: Endpoint) -> int:
    """The same for calls that belong to no run: nobody knows their workers, but these are old."""
    old = timezone.now() - LONGEST_CALL
    lost = Call.objects.filter(endpoint=endpoint, run=None, created__lt=old)
    return lost.filter(outcome=CallOutcome.SENT).update(outcome=CallOutcome.LOST, error=LOST)


def spent_by(run: Run) -> Decimal:
    """The known costs of a run, in dollars."""
    return Call.objects.filter(run=run).aggregate(sum=Sum("cost_usd"))["sum"] or Decimal(0)


def held_in_batches(run: Run) -> Decimal:
    """What a run's batches may still cost, in dollars, until their replies are in."""
    open_ones = Batch.objects.open().filter(run=run)
    return open_ones.aggregate(sum=Sum("held_usd"))["sum"] or Decimal(0)


def over_budget(limit: Decimal, spent: Decimal) -> str:
    """Why a run rests whose budget is used up; `spent` includes what is still on its way."""
    return (
        f"The next call could pass the budget of ${_dollars(limit)}: ${_dollars(spent)} is spent "
        "or on its way. A larger budget lets it go on."
    )


class Purse:
    """A run's budget in dollars (None: no end). What is in flight is held back until it is paid."""

    def __init__(self, limit: Decimal | None, spent: Decimal) -> None:
        self._limit = limit
        self._spent = spent
        self._held = Decimal(0)
        self._dearest = Decimal(0)
        self._paid = asyncio.Condition()

    async def hold(self, estimate: Decimal) -> Decimal:
        """Holds back what a call may cost: its estimate, or the dearest call so far.

        Waits for calls in flight that may turn out cheaper; raises `BudgetSpent` without any.
        """
        amount = max(estimate, self._dearest)
        async with self._paid:
            while not self._has(amount):
                if not self._held:
                    raise BudgetSpent(over_budget(self._limit or Decimal(0), self._spent))
                await self._paid.wait()
            self._held += amount
        return amount

    async def pay(self, held: Decimal, price: Decimal | None) -> None:
        """Lets go of what was held for a call, and takes what it really cost."""
        async with self._paid:
            self._held -= held
            self._spent += price or Decimal(0)
            self._dearest = max(self._dearest, price or Decimal(0))
            self._paid.notify_all()

    def _has(self, amount: Decimal) -> bool:
        return self._limit is None or self._spent + self._held + amount <= self._limit


def _dollars(amount: Decimal) -> str:
    """At least cents, and no zeros behind what says something."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
