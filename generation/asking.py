"""Asking a model until it answers: limits, retries, and a row of the ledger for every attempt."""

import asyncio
import random
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic

from asgiref.sync import sync_to_async
from openai import AsyncOpenAI

from generation import ledger
from generation.batching import Gathered
from generation.endpoints import key_of
from generation.errors import NoUsableReply
from generation.exchanges import Exchange, exchange, text_for_record
from generation.models import Call, CallOutcome, Endpoint, Prompt, Run
from generation.prompts import Message
from generation.replies import Form, Reading, read, response_format

# A server that fails is asked this often in all; with the pauses that is about half a minute.
MOST_ATTEMPTS = 6
# An unusable reply is asked again this often: the same words rarely get better.
MOST_REPEATS = 2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Whoever has waited so long in all for one answer gives up on it.
LONGEST_WAIT = 600.0


@dataclass(frozen=True)
class Question(Generic[Form]):
    """What is asked for one item of a run, and the form of the answer.

    `tokens_output` is the likely length of the answer, for the budget.
    """

    item_id: int
    prompt: Prompt
    messages: list[Message]
    form: type[Form]
    tokens_output: int
    saw_target: bool = False


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
        seconds = failed.wait if failed.wait is not None else self._backoff()
        self._waited += seconds
        if self._failed >= MOST_ATTEMPTS or self._waited > LONGEST_WAIT:
            raise NoUsableReply(f"{failed.problem} (asked {self.made} times)")
        return seconds

    def _backoff(self) -> float:
        """Exponential with jitter: clients that failed together must not come back together."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failed + self._limited - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311  (a pause, no secret)


class Asker:
    """Asks one endpoint for one run, with at most `most_in_flight` calls at once."""

    def __init__(self, askers: "Askers", endpoint: Endpoint, model: str) -> None:
        self._askers = askers
        self.endpoint = endpoint
        self.model = model
        self._slots = asyncio.Semaphore(endpoint.most_in_flight)
        self._open_at = 0.0
        self._client = AsyncOpenAI(
            api_key=key_of(endpoint),
            base_url=endpoint.base_url,
            max_retries=0,  # every attempt is a row of the ledger
            timeout=endpoint.timeout_seconds,
        )

    async def ask(self, question: Question[Form]) -> Form:
        """The model's answer.

        Raises `NoUsableReply` when there is none to be had, and `BudgetSpent` before a call that
        could pass the budget.
        """
        tries = Tries()
        while True:
            tries.made += 1
            exchanged, reading = await self._attempt(question, tries.made)
            if reading.answer is not None:
                return reading.answer
            if exchanged.problem:
                await self._stand_back(exchanged, tries.pause(exchanged))
            else:
                tries.repeat(reading.unusable)

    async def close(self) -> None:
        await self._client.close()

    async def _stand_back(self, failed: Exchange, seconds: float) -> None:
        if failed.status_code == 429:
            # The limit is the endpoint's: whoever else asks would only be refused as well.
            self._open_at = max(self._open_at, time.monotonic() + seconds)
        await asyncio.sleep(seconds)

    async def _attempt(
        self, question: Question[Form], number: int
    ) -> tuple[Exchange, Reading[Form]]:
        async with self._slots:
            while (wait := self._open_at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            return await self._paid_attempt(question, number)

    async def _paid_attempt(
        self, question: Question[Form], number: int
    ) -> tuple[Exchange, Reading[Form]]:
        request = self._request(question)
        estimate = ledger.estimated_cost(self.endpoint, request, question.tokens_output)
        held = await self._askers.purse.hold(estimate)
        price: Decimal | None = None
        try:
            call = await self._askers.sent(self._call(question, request, number))
            exchanged = await exchange(self._client, request, seconds=self.endpoint.timeout_seconds)
            reading = _read(exchanged, question.form)
            _finish(call, exchanged, reading)
            price = call.cost_usd
            await self._askers.finished(call)
        finally:
            await self._askers.purse.pay(held, price)
        return exchanged, reading

    def _request(self, question: Question[Form]) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": question.messages,
            "response_format": response_format(question.form),
        }

    def _call(self, question: Question[Form], request: dict[str, Any], number: int) -> Call:
        return Call(
            run_id=self._askers.run.pk,
            item_id=question.item_id,
            endpoint=self.endpoint,
            prompt=question.prompt,
            attempt=number,
            model=self.model,
            request=request,
            request_hash=ledger.request_hash(request),
            saw_target=question.saw_target,
            prices=ledger.prices_of(self.endpoint),
        )


def _read(exchanged: Exchange, form: type[Form]) -> Reading[Form]:
    return Reading() if exchanged.problem else read(exchanged.body, form)


def _finish(call: Call, exchanged: Exchange, reading: Reading[Form]) -> None:
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
    """The askers of one run, with the ledger and the budget that they share."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.purse = ledger.Purse(run.budget_usd, Decimal(0))
        self.sent: Gathered[Call, Call] = Gathered(ledger.write_sent)
        self.finished: Gathered[Call, Call] = Gathered(ledger.write_finished)
        self._open: dict[int, Asker] = {}

    async def open_purse(self) -> None:
        """Counts what the run has spent before; to be called once, before the first question."""
        spent = await sync_to_async(ledger.spent_by)(self.run)
        self.purse = ledger.Purse(self.run.budget_usd, spent)

    def at(self, endpoint: Endpoint) -> Asker:
        """The asker for an endpoint, with the model that the run froze."""
        if endpoint.pk not in self._open:
            model = self.run.parameters.get("models", {}).get(endpoint.name, endpoint.model)
            self._open[endpoint.pk] = Asker(self, endpoint, model)
        return self._open[endpoint.pk]

    async def close(self) -> None:
        for asker in self._open.values():
            await asker.close()
