"""Asking a model until it answers: limits, retries, and a row of the ledger for every attempt."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic

from asgiref.sync import sync_to_async
from django.utils import timezone

from generation.calls import ledger
from generation.calls.batching import Gathered, SecondConnection
from generation.calls.exchanges import Exchange, exchange, text_for_record
from generation.calls.flow import Flow, Gate, Limits, Ticket
from generation.calls.ledger import Usage
from generation.calls.pacing import LONGEST_WAIT
from generation.calls.questions import Form, Question, Sealed, request_for, sealed
from generation.calls.replies import Reading, read
from generation.endpoints import key_of
from generation.errors import NoUsableReply
from generation.models import Call, CallOutcome, Endpoint, EndpointPrice, Run
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

    def repeat(self, reason: str) -> None:
        """Counts an unusable reply; raises `NoUsableReply` after the last one allowed."""
        self._unusable += 1
        if self._unusable > MOST_REPEATS:
            raise NoUsableReply(f"{reason} (asked {self.made} times)")

    def pause(self, failed: Exchange) -> float:
        """Seconds to wait before the next attempt: what the server asks for, else exponential.

        A rate limit is no fault of the question: it may be met often, but not wait for ever.
        Raises `NoUsableReply` when there is no sense in asking again.
        """
        if not failed.again:
            raise NoUsableReply(failed.problem)
        limited = failed.status_code == 429
        self._limited += limited
        self._failed += not limited
        # A server that says “again in 0 seconds” means well, but would be asked without end.
        seconds = failed.wait or self._backoff()
        self._waited += seconds
        if self._failed >= MOST_ATTEMPTS or self._waited > LONGEST_WAIT:
            raise NoUsableReply(f"{failed.problem} (asked {self.made} times)")
        return seconds

    def _backoff(self) -> float:
        """Exponential with jitter: clients that failed together must not come back together."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failed + self._limited - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311  (a pause, no secret)


@dataclass(frozen=True)
class Asked(Generic[Form]):
    """A question on its way to an endpoint, for one item of the run."""

    question: Question[Form]
    item_id: int
    request: dict[str, Any]
    kept: Sealed

    @cached_property
    def likely(self) -> Usage:
        return ledger.likely_usage(self.kept, self.question.tokens_output)

    @property
    def tokens(self) -> int:
        return (self.likely.tokens_input or 0) + (self.likely.tokens_output or 0)


class Asker:
    """Asks one endpoint for one run, within the limits that all workers share."""

    def __init__(self, askers: "Askers", endpoint: Endpoint, model: str) -> None:
        self._askers = askers
        self.endpoint = endpoint
        self.model = model
        self._gate = askers.gate(endpoint, model)
        self._prices: tuple[date, dict[str, str]] | None = None
        self._client = client_for(endpoint)

    async def ask(self, question: Question[Form], item_id: int) -> Form:
        """The model's answer, or the one that this item was given before.

        Raises `NoUsableReply` when there is none to be had, `BudgetSpent` before a call that
        could pass the budget, and `TurnedAway` when the work ends while it waits to be let in.
        """
        request = request_for(self.endpoint, self.model, question)
        kept = sealed(request)
        paid = self._askers.paid.get((item_id, kept.hash))
        if paid is not None and (answer := read(paid, question.form).answer) is not None:
            return answer
        return await self._ask(Asked(question, item_id, request, kept))

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, asked: Asked[Form]) -> Form:
        tries = Tries()
        while True:
            tries.made += 1
            exchanged, reading = await self._attempt(asked, tries.made)
            if reading.answer is not None:
                return reading.answer
            if exchanged.problem:
                await self._stand_back(exchanged, tries.pause(exchanged))
            else:
                tries.repeat(reading.unusable)

    async def _stand_back(self, failed: Exchange, seconds: float) -> None:
        if failed.status_code == 429:
            # The limit is the endpoint's: whoever else asks would only be refused as well.
            await self._gate.shut(seconds)
        else:
            await asyncio.sleep(seconds)

    async def _attempt(self, asked: Asked[Form], number: int) -> tuple[Exchange, Reading[Form]]:
        ticket = await self._gate.enter(asked.tokens, self._askers.goes_on)
        reading: Reading[Form] = Reading()
        try:
            exchanged, reading = await self._paid_attempt(asked, number)
        finally:
            # Not before the ledger knows of it: no more than may be in flight is ever in doubt.
            await self._leave(ticket, reading.usage)
        if exchanged.shut_for:
            await self._gate.shut(min(exchanged.shut_for, LONGEST_WAIT))
        return exchanged, reading

    async def _paid_attempt(
        self, asked: Asked[Form], number: int
    ) -> tuple[Exchange, Reading[Form]]:
        prices = self._prices_now()
        held = await self._askers.purse.hold(ledger.cost(asked.likely, prices) or Decimal(0))
        price: Decimal | None = None
        try:
            call = await self._askers.sent(self._call(asked, number, prices))
            seconds = self.endpoint.timeout_seconds
            exchanged = await exchange(self._client, asked.request, seconds=seconds)
            reading = _read(exchanged, asked.question.form)
            finish(call, exchanged, reading)
            price = call.cost_usd
            await self._askers.finished(call)
        finally:
            await self._askers.purse.pay(held, price)
        return exchanged, reading

    async def _leave(self, ticket: Ticket, usage: Usage) -> None:
        known = None not in (usage.tokens_input, usage.tokens_output)
        used = (usage.tokens_input or 0) + (usage.tokens_output or 0)
        await self._gate.leave(ticket, used if known else None)

    def _prices_now(self) -> dict[str, str]:
        today = timezone.now().date()
        if self._prices is None or self._prices[0] != today:
            price = self._askers.price_of(self.endpoint, today)
            self._prices = today, ledger.as_kept(price)
        return self._prices[1]

    def _call(self, asked: Asked[Form], number: int, prices: dict[str, str]) -> Call:
        run = self._askers.run
        return Call(
            dataset_id=run.dataset_id,
            run_id=run.pk,
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


def _read(exchanged: Exchange, form: type[Form]) -> Reading[Form]:
    return Reading() if exchanged.problem else read(exchanged.body, form)


def finish(call: Call, exchanged: Exchange, reading: Reading[Form]) -> None:
    """Fills in what became of a call, and what it cost."""
    if exchanged.problem:
        call.outcome = CallOutcome.FAILED
    else:
        call.outcome = CallOutcome.UNUSABLE if reading.unusable else CallOutcome.OK
    call.status_code = exchanged.status_code
    call.reply = exchanged.body
    call.error = text_for_record(exchanged.problem or reading.unusable)
    call.tokens_input = reading.usage.tokens_input
    call.tokens_cached = reading.usage.tokens_cached
    call.tokens_output = reading.usage.tokens_output
    call.cost_usd = ledger.cost(reading.usage, call.prices)
    call.latency_seconds = exchanged.seconds


class Askers:
    """The askers of one run, with the ledger, the budget and the flow that they share.

    To be opened inside a running event loop, and closed there. `goes_on` says whether calls that
    wait to leave are still wanted.
    """

    def __init__(self, run: Run, goes_on: Callable[[], bool] = lambda: True) -> None:
        self.run = run
        self.goes_on = goes_on
        self.paid: dict[tuple[int, str], str] = {}
        self.purse = ledger.Purse(run.budget_usd, Decimal(0))
        # A call that is about to leave would wait behind what is recorded of others.
        self._second = SecondConnection()
        self.sent: Gathered[Call, Call] = Gathered(ledger.write_sent, second=self._second)
        self.finished: Gathered[Call, Call] = Gathered(ledger.write_finished, second=self._second)
        self._prices: Mapping[int, Sequence[EndpointPrice]] = {}
        self._open: dict[int, Asker] = {}
        self._flow = Flow()
        self._keeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Counts what the run has spent before; to be called once, before the first question."""
        spent, self._prices = await sync_to_async(self._bill)()
        self.purse = ledger.Purse(self.run.budget_usd, spent)
        self._keeping = asyncio.create_task(self._flow.keep())

    def at(self, endpoint: Endpoint) -> Asker:
        """The asker for an endpoint, with the model that the run froze."""
        if endpoint.pk not in self._open:
            self._open[endpoint.pk] = Asker(self, endpoint, self.run.model_of(endpoint))
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

    def _bill(self) -> tuple[Decimal, Mapping[int, Sequence[EndpointPrice]]]:
        ledger.count_as_lost(self.run)
        spent = ledger.spent_by(self.run) + ledger.held_in_batches(self.run)
        return spent, prices_by_endpoint(self.run)


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


def prices_by_endpoint(run: Run) -> Mapping[int, Sequence[EndpointPrice]]:
    """Every dated price of the endpoints that a run asks."""
    prices: dict[int, list[EndpointPrice]] = {}
    for price in EndpointPrice.objects.filter(endpoint__in=run.items.values("endpoint")):
        prices.setdefault(price.endpoint_id, []).append(price)
    return prices
