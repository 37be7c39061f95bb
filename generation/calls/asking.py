"""Asking a model until it answers: limits, retries, and a row of the ledger for every attempt."""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self

from asgiref.sync import sync_to_async
from django.utils import timezone

from generation.calls import ledger
from generation.calls.accounts import Account
from generation.calls.batching import Gathered, SecondConnection
from generation.calls.exchanges import Exchange, exchange, text_for_record
from generation.calls.flow import Flow, Gate, Limits
from generation.calls.pacing import LONGEST_WAIT
from generation.calls.questions import Asking, Sealed
from generation.calls.readings import Reading, Said, Usage
from generation.endpoints import key_of
from generation.errors import NoUsableReply
from generation.models import Call, CallOutcome, Endpoint, EndpointPrice
from generation.models.endpoints import in_force

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# A server that fails is asked this often in all; with the pauses that is about half a minute.
MOST_ATTEMPTS = 6
# An unusable reply is asked again this often: the same words rarely get better.
MOST_REPEATS = 2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Tries:
    """How often one question was asked, and whether it may be asked again."""

    def __init__(self) -> None:
        self.made = 0
        self._unusable = 0
        self._failed = 0
        self._limited = 0
        self._waited = 0.0

    def repeat(self, reason: str, status_code: int | None) -> None:
        """Counts an unusable reply; raises `NoUsableReply` after the last one allowed."""
        self._unusable += 1
        if self._unusable > MOST_REPEATS:
            raise NoUsableReply(f"{reason} (asked {self.made} times)", status_code)

    def pause(self, failed: Exchange) -> float:
        """Seconds to wait before the next attempt: what the server asks for, else exponential.

        A rate limit is no fault of the question: it may be met often, but not wait for ever.
        Raises `NoUsableReply` when there is no sense in asking again.
        """
        if not failed.again:
            raise NoUsableReply(failed.problem, failed.status_code)
        limited = failed.status_code == 429
        self._limited += limited
        self._failed += not limited
        # A server that says “again in 0 seconds” means well, but would be asked without end.
        seconds = failed.wait or self._backoff()
        self._waited += seconds
        if self._failed >= MOST_ATTEMPTS or self._waited > LONGEST_WAIT:
            reason = f"{failed.problem} (asked {self.made} times)"
            raise NoUsableReply(reason, failed.status_code)
        return seconds

    def _backoff(self) -> float:
        """Exponential with jitter: clients that failed together must not come back together."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failed + self._limited - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311  (a pause, no secret)


@dataclass(frozen=True)
class Asked(Generic[Said]):
    """A question on its way to an endpoint, for one item of a run or for none."""

    question: Asking[Said]
    item_id: int | None
    request: dict[str, Any]
    kept: Sealed

    @classmethod
    def of(
        cls, question: Asking[Said], endpoint: Endpoint, model: str, item_id: int | None
    ) -> Self:
        request = question.request(endpoint, model)
        return cls(question, item_id, request, question.sealed(request))

    @cached_property
    def likely(self) -> Usage:
        return ledger.likely_usage(self.kept, self.question.tokens_output)


@dataclass(frozen=True)
class Attempt(Generic[Said]):
    """One call, what came back, and what was read of it."""

    call: Call
    exchanged: Exchange
    reading: Reading[Said]


class Asker:
    """Asks one endpoint on one account, within the limits that all workers share."""

    def __init__(self, askers: "Askers", endpoint: Endpoint, model: str) -> None:
        self._askers = askers
        self.endpoint = endpoint
        self.model = model
        self._gate = askers.gate(endpoint, model)
        self._prices: tuple[date, dict[str, str]] | None = None
        self._client = client_for(endpoint)

    async def ask(self, question: Asking[Said], item_id: int | None = None) -> Said:
        """The model's answer, or the one that this item was given before.

        Raises `NoUsableReply` when there is none to be had, `BudgetSpent` before a call that
        could pass the budget, and `TurnedAway` when the work ends while it waits to be let in.
        """
        asked = Asked.of(question, self.endpoint, self.model, item_id)
        paid = self._askers.paid.get((item_id, asked.kept.hash))
        if paid is not None and (answer := question.read(paid).answer) is not None:
            return answer
        return await self._ask(asked)

    async def ask_once(self, question: Asking[Said], until: float) -> Attempt[Said]:
        """One call alone, that ends by `until`, a moment of `time.monotonic`.

        Raises `TurnedAway` where it is not let in as long as this is wanted.
        """
        asked = Asked.of(question, self.endpoint, self.model, None)
        return await self._attempt(asked, 1, until)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, asked: Asked[Said]) -> Said:
        tries = Tries()
        while True:
            tries.made += 1
            made = await self._attempt(asked, tries.made)
            if made.reading.answer is not None:
                return made.reading.answer
            if made.exchanged.problem:
                await self._stand_back(made.exchanged, tries.pause(made.exchanged))
            else:
                tries.repeat(made.reading.unusable, made.exchanged.status_code)

    async def _stand_back(self, failed: Exchange, seconds: float) -> None:
        if failed.status_code == 429:
            # The limit is the endpoint's: whoever else asks would only be refused as well.
            await self._gate.shut(seconds)
        else:
            await asyncio.sleep(seconds)

    async def _attempt(
        self, asked: Asked[Said], number: int, until: float | None = None
    ) -> Attempt[Said]:
        ticket = await self._gate.enter(asked.likely.total or 0, self._askers.goes_on)
        used = Usage()
        try:
            made = await self._paid_attempt(asked, number, self._seconds(until))
            used = made.reading.usage
        finally:
            # Not before the ledger knows of it: no more than may be in flight is ever in doubt.
            await self._gate.leave(ticket, used.total)
        if made.exchanged.shut_for:
            await self._gate.shut(min(made.exchanged.shut_for, LONGEST_WAIT))
        return made

    def _seconds(self, until: float | None) -> float:
        """How long a call may take that leaves now."""
        longest = self.endpoint.timeout_seconds
        return longest if until is None else min(longest, round(until - time.monotonic()))

    async def _paid_attempt(self, asked: Asked[Said], number: int, seconds: float) -> Attempt[Said]:
        prices = self._prices_now()
        held = await self._askers.purse.hold(ledger.cost(asked.likely, prices) or Decimal(0))
        price: Decimal | None = None
        try:
            call = await self._askers.sent(self._call(asked, number, prices))
            exchanged = await exchange(
                self._client, asked.request, path=asked.question.path, seconds=seconds
            )
            reading = _read(exchanged, asked.question)
            finish(call, exchanged, reading)
            price = call.cost_usd
            await self._askers.finished(call)
        finally:
            await self._askers.purse.pay(held, price)
        return Attempt(call, exchanged, reading)

    def _prices_now(self) -> dict[str, str]:
        today = timezone.now().date()
        if self._prices is None or self._prices[0] != today:
            price = self._askers.price_of(self.endpoint, today)
            self._prices = today, ledger.as_kept(price)
        return self._prices[1]

    def _call(self, asked: Asked[Any], number: int, prices: dict[str, str]) -> Call:
        account = self._askers.account
        return Call(
            dataset_id=account.dataset_id,
            run=account.run,
            item_id=asked.item_id,
            endpoint=self.endpoint,
            prompt=asked.question.prompt,
            attempt=number,
            model=self.model,
            request=asked.kept.kept,
            request_hash=asked.kept.hash,
            saw_target=asked.question.saw_target,
            prices=prices,
        )


def _read(exchanged: Exchange, question: Asking[Said]) -> Reading[Said]:
    return Reading() if exchanged.problem else question.read(exchanged.body)


def finish(call: Call, exchanged: Exchange, reading: Reading[Any]) -> None:
    """Fills in what became of a call, and what it cost."""
    if exchanged.problem:
        call.outcome = CallOutcome.FAILED
    else:
        call.outcome = CallOutcome.UNUSABLE if reading.unusable else CallOutcome.OK
    call.status_code = exchanged.status_code
    call.reply = exchanged.body if reading.kept is None else reading.kept
    call.error = text_for_record(exchanged.problem or reading.unusable)
    call.tokens_input = reading.usage.tokens_input
    call.tokens_cached = reading.usage.tokens_cached
    call.tokens_output = reading.usage.tokens_output
    call.cost_usd = ledger.cost(reading.usage, call.prices)
    call.latency_seconds = exchanged.seconds


class Askers:
    """The askers of one account, with the ledger, the budget and the flow that they share.

    Made by the thread that has the database connection; to be opened inside a running event loop,
    and closed there. `goes_on` says whether calls that wait to leave are still wanted.
    """

    def __init__(self, account: Account, goes_on: Callable[[], bool] = lambda: True) -> None:
        self.account = account
        self.goes_on = goes_on
        self.paid: dict[tuple[int | None, str], str] = {}
        self.purse = ledger.Purse(account.budget_usd, Decimal(0))
        # A call that is about to leave would wait behind what is recorded of others.
        self._second = SecondConnection()
        self.sent: Gathered[Call, Call] = Gathered(ledger.write_sent, second=self._second)
        self.finished: Gathered[Call, Call] = Gathered(ledger.write_finished, second=self._second)
        self._prices: Mapping[int, Sequence[EndpointPrice]] = {}
        self._open: dict[int, Asker] = {}
        self._flow = Flow()
        self._keeping: asyncio.Task[None] | None = None

    async def open(self, endpoints: Iterable[Any]) -> None:
        """Learns what the account has spent before, and what these endpoints cost (their keys, or
        a query for them); to be called once, before the first question."""
        spent, self._prices = await sync_to_async(self._bill)(endpoints)
        self.purse = ledger.Purse(self.account.budget_usd, spent)
        self._keeping = asyncio.create_task(self._flow.keep())

    def at(self, endpoint: Endpoint) -> Asker:
        """The asker for an endpoint, with the model that is asked there on this account."""
        if endpoint.pk not in self._open:
            model = self.account.model_of(endpoint)
            self._open[endpoint.pk] = Asker(self, endpoint, model)
        return self._open[endpoint.pk]

    def gate(self, endpoint: Endpoint, model: str) -> Gate:
        return gate_to(self._flow, endpoint, model)

    def price_of(self, endpoint: Endpoint, day: date) -> EndpointPrice | None:
        return in_force(self._prices.get(endpoint.pk, []), day)

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
        for asker in self._open.values():
            await asker.close()
        await self._flow.close()
        await asyncio.to_thread(self._second.close)

    def _bill(
        self, endpoints: Iterable[Any]
    ) -> tuple[Decimal, Mapping[int, Sequence[EndpointPrice]]]:
        run = self.account.run
        spent = ledger.spent_by(run) + ledger.held_in_batches(run) if run else Decimal(0)
        return spent, prices_by_endpoint(endpoints)


@asynccontextmanager
async def asking(askers: Askers, endpoint: Endpoint) -> AsyncIterator[Asker]:
    """The asker of one endpoint, with its askers open as long as the block lasts."""
    try:
        await askers.open([endpoint.pk])
        yield askers.at(endpoint)
    finally:
        await askers.close()


def client_for(endpoint: Endpoint) -> "AsyncOpenAI":
    from openai import AsyncOpenAI, DefaultAioHttpClient  # noqa: PLC0415  (see `exchanges`)

    return AsyncOpenAI(
        api_key=key_of(endpoint),
        base_url=endpoint.base_url,
        max_retries=0,  # every attempt is a row of the ledger
        timeout=endpoint.timeout_seconds,
        # A third of the default transport's work for each call.
        http_client=DefaultAioHttpClient(),
    )


def gate_to(flow: Flow, endpoint: Endpoint, model: str) -> Gate:
    """Where calls to an endpoint wait. Rows that name the same account share what it allows."""
    limits = Limits(
        in_flight=endpoint.most_in_flight,
        requests_per_minute=endpoint.requests_per_minute,
        tokens_per_minute=endpoint.tokens_per_minute,
    )
    return flow.gate(gate_key(endpoint, model), limits)


def gate_key(endpoint: Endpoint, model: str) -> str:
    account = f"{endpoint.base_url}\0{model}\0{endpoint.key_variable}"
    return hashlib.sha256(account.encode()).hexdigest()[:24]


def prices_by_endpoint(endpoints: Iterable[Any]) -> Mapping[int, Sequence[EndpointPrice]]:
    """Every dated price of some endpoints, given as their keys or as a query for them."""
    prices: dict[int, list[EndpointPrice]] = {}
    for price in EndpointPrice.objects.filter(endpoint__in=endpoints):
        prices.setdefault(price.endpoint_id, []).append(price)
    return prices
