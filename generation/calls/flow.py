"""Flow control: how many calls may leave for an endpoint, counted over all workers in Redis.

Each library that we looked at does a part. `limits`, `pyrate-limiter` and `throttled-py` count
requests or weights in windows, but know no calls in flight; `redis-rate-limiters` and its forks
have a semaphore and a token bucket, each a step of its own. None gives all limits in one step,
corrects an estimate afterwards, or is shut from outside: hence the one script in `flow.lua`.
"""

import asyncio
import logging
import math
import random
import secrets
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0
# A slot that nobody renews for so long belongs to a dead process.
SLOT_SECONDS = 15.0
RENEW_SECONDS = 4.0
# Who waits is asked this often whether it still wants to.
REVIEW_SECONDS = 0.4
# For a slot that others hold; the spread keeps processes from asking in step.
POLL_SECONDS = (0.03, 0.09)
# Who holds every slot itself is woken by its own calls; this only shows limits that were changed.
IDLE_SECONDS = 0.5
# An ended call waits so long for others: half as many steps at 200 calls a second, for a delay
# that no model notices.
LINGER_SECONDS = 0.001
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.02, 1.0
# Who has not answered by then is gone. One limit for all of a command: the client's own, for each
# part of it, cost more than the script.
ANSWER_SECONDS = 2.0
CLOSE_SECONDS = 3.0
MOST_IN_A_STEP = 100

STEP = Path(__file__).with_suffix(".lua").read_text()
# Not only what is there (XX): a Redis that lost its data learns again who is in flight.
RENEW = """
local time = redis.call('TIME')
local expiry = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
for i, slots in ipairs(KEYS) do
  for number in ARGV[i + 2]:gmatch('%d+') do
    redis.call('ZADD', slots, expiry, ARGV[1] .. ':' .. number)
  end
  redis.call('PEXPIRE', slots, 180000)
end
"""
PARTS = ("slots", "requests", "tokens", "shut", "line", "turn")
GONE = (RedisError, OSError)


class TurnedAway(Exception):
    """Who waits to enter no longer wants to."""


@dataclass(frozen=True)
class Limits:
    """What an endpoint bears. None: no limit."""

    in_flight: int
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(frozen=True)
class Ticket:
    """One call in flight: its number, the tokens reserved, and the bucket that counts them."""

    number: int
    tokens: int
    bucket: int


@dataclass(frozen=True, eq=False)
class Waiter:
    """A call that waits to leave."""

    tokens: int
    goes_on: Callable[[], bool]
    admitted: "asyncio.Future[Ticket]"

    def waits(self) -> bool:
        return not self.admitted.done()

    def review(self) -> None:
        """Asks whether it still wants to enter; an error in asking is its own."""
        try:
            if not self.goes_on():
                self.refuse(TurnedAway())
        except Exception as error:
            self.refuse(error)

    def refuse(self, error: BaseException) -> None:
        if self.waits():
            self.admitted.set_exception(error)


class Flow:
    """This process's share in the flow to all endpoints. It belongs to one event loop."""

    def __init__(self, url: str = "") -> None:
        # One connection keeps the order: a renewal never follows the end of what it renews.
        # No retries by the client: a step made twice would count twice.
        self.redis: Redis = Redis.from_url(
            url or settings.REDIS_URL,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,  # `ANSWER_SECONDS` sees to it
            socket_connect_timeout=None,
        )
        self.holder = secrets.token_hex(6)
        self._script = self.redis.register_script(STEP)
        self._gates: dict[str, Gate] = {}

    def gate(self, key: str, limits: Limits) -> "Gate":
        """The gate to one endpoint. Limits of an earlier call for the same key are replaced."""
        if key not in self._gates:
            self._gates[key] = Gate(self, key, limits)
        self._gates[key].change(limits)
        return self._gates[key]

    async def keep(self) -> None:
        """Renews the slots held by this process until it is cancelled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # Three tries fit into the life of a slot, and a gate says itself that Redis is gone.
            with suppress(*GONE):
                await self._renew()

    async def close(self) -> None:
        """Gives back every slot still held. Where Redis is gone, they expire by themselves."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(*(gate.close() for gate in self._gates.values()))
        except TimeoutError:
            logger.warning("Redis does not answer: slots in flight expire by themselves")
        finally:
            await self.redis.aclose()

    async def step(self, keys: list[str], arguments: list[str | int]) -> list[int]:
        """What the script answers. Raises one of `GONE` where Redis does not answer in time."""
        async with asyncio.timeout(ANSWER_SECONDS):
            answer: bytes = await self._script(keys, arguments)
        return [int(number) for number in answer.split()]

    async def _renew(self) -> None:
        held = {gate.slots: gate.held for gate in self._gates.values() if gate.held}
        if held:
            numbers = [" ".join(map(str, each)) for each in held.values()]
            arguments: list[str | int] = [self.holder, _ms(SLOT_SECONDS), *numbers]
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.redis.eval(RENEW, len(held), *held, *arguments)


class Gate:
    """The way to one endpoint: calls of this process enter in the order in which they came.

    One coroutine asks for all that wait, and tells with the same step which calls have ended.
    """

    def __init__(self, flow: Flow, key: str, limits: Limits) -> None:
        self._flow = flow
        self._limits = limits
        self._keys = [place_of(key, part) for part in PARTS]
        self.slots, self._shut_key = self._keys[0], self._keys[3]
        self.held: set[int] = set()
        self._waiting: deque[Waiter] = deque()
        # By number: the call's bucket, and how far off its estimate was.
        self._ended: dict[int, str] = {}
        self._next_number = 1
        self._shut_until = 0.0
        self._failures = 0
        self._stepping = asyncio.Lock()
        self._woken = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._review_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: int, goes_on: Callable[[], bool]) -> Ticket:
        """Waits until one more call may leave that will use about so many tokens.

        Raises `TurnedAway` once `goes_on()` is false; it is asked now and while this waits.
        """
        if not goes_on():
            raise TurnedAway
        waiter = Waiter(tokens, goes_on, asyncio.get_running_loop().create_future())
        self._line_up(waiter)
        try:
            return await waiter.admitted
        except asyncio.CancelledError:
            self._abandon(waiter)
            raise

    async def leave(self, ticket: Ticket, tokens: int | None) -> None:
        """The call has ended, and used so many tokens (None: unknown, the estimate stands)."""
        self._give_back(ticket, tokens)

    async def shut(self, seconds: float) -> None:
        """Nobody enters for so long, on any worker; an earlier shut is never shortened.

        Where Redis is gone this process holds to it alone, and tells the others later.
        """
        self._shut_until = max(self._shut_until, _now() + seconds)
        await self._step()

    async def is_shut_for(self) -> float:
        """Seconds until the gate opens; 0 when it is open."""
        left = 0
        with suppress(*GONE):
            async with asyncio.timeout(ANSWER_SECONDS):
                left = await self._flow.redis.pttl(self._shut_key)
        return max(0.0, self._shut_until - _now(), left / 1000)

    def change(self, limits: Limits) -> None:
        if limits != self._limits:
            self._limits = limits
            self._wake()

    async def close(self) -> None:
        """Turns away who waits and gives back what is held, with one attempt."""
        for waiter in self._waiting:
            waiter.refuse(TurnedAway())
        self._ended |= {number: _unchanged(number) for number in self.held}
        self.held.clear()
        try:
            await self._step()
        finally:
            for running in (self._serving, self._review_timer, self._linger_timer):
                if running:
                    running.cancel()

    def _line_up(self, waiter: Waiter) -> None:
        if not self._waiting:
            self._wake()
        self._waiting.append(waiter)
        if self._review_timer is None:
            self._review()
        self._serve_soon()

    def _review(self) -> None:
        """Lets go who no longer wants to enter: one timer for all, since each costs."""
        for waiter in self._waiting:
            waiter.review()
        self._waiting = deque(filter(Waiter.waits, self._waiting))
        loop = asyncio.get_running_loop()
        again = bool(self._waiting)
        self._review_timer = loop.call_later(REVIEW_SECONDS, self._review) if again else None

    def _abandon(self, waiter: Waiter) -> None:
        """It was cancelled, perhaps in the instant between being let in and learning of it."""
        ended = waiter.admitted
        if ended.done() and not ended.cancelled() and not ended.exception():
            self._give_back(ended.result(), 0)

    def _give_back(self, ticket: Ticket, used: int | None) -> None:
        if ticket.number not in self.held:
            return
        self.held.discard(ticket.number)
        off = 0 if used is None else used - ticket.tokens
        self._ended[ticket.number] = f"{ticket.number}:{ticket.bucket}:{off}"
        if self._linger_timer is None:
            loop = asyncio.get_running_loop()
            self._linger_timer = loop.call_later(LINGER_SECONDS, self._tell)

    def _tell(self) -> None:
        self._linger_timer = None
        self._wake()
        self._serve_soon()

    def _wake(self) -> None:
        # While Redis is gone its return is waited for in growing pauses, whoever comes or goes.
        if not self._failures:
            self._woken.set()

    def _serve_soon(self) -> None:
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
            self._serving.add_done_callback(self._served)

    def _served(self, serving: "asyncio.Task[None]") -> None:
        """A mistake of ours must not leave everybody waiting for ever."""
        if not serving.cancelled() and (error := serving.exception()):
            for waiter in self._waiting:
                waiter.refuse(error)

    async def _serve(self) -> None:
        while self._waiting or self._ended:
            self._woken.clear()
            pause = await self._step()
            if pause:
                await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        await self._woken.wait()
        timer.cancel()

    async def _step(self) -> float:
        """Asks Redis once for all. Seconds until there is sense in asking again."""
        async with self._stepping:
            asked, ended = self._first_in_line(), self._ended
            if not (asked or ended or self._shut_ms()):
                return IDLE_SECONDS if self._waiting else 0
            self._ended = {}
            try:
                answer = await self._flow.step(self._keys, self._arguments(asked, ended))
            except GONE as error:
                return self._missed(asked, ended, error)
            self._failures = 0
            return self._answered(asked, *answer)

    def _first_in_line(self) -> list[Waiter]:
        """Who may enter with the next step: no more than this process may hold."""
        while self._waiting and not self._waiting[0].waits():
            self._waiting.popleft()
        room = min(self._limits.in_flight - len(self.held), MOST_IN_A_STEP)
        return list(islice(filter(Waiter.waits, self._waiting), max(0, room)))

    def _arguments(self, asked: list[Waiter], ended: dict[int, str]) -> list[str | int]:
        limits = self._limits
        return [
            self._flow.holder,
            " ".join(ended.values()),
            " ".join(str(waiter.tokens) for waiter in asked),
            self._next_number,
            len(self.held),
            len(self._waiting),
            limits.in_flight,
            "" if limits.requests_per_minute is None else limits.requests_per_minute,
            "" if limits.tokens_per_minute is None else limits.tokens_per_minute,
            _ms(WINDOW_SECONDS),
            _ms(SLOT_SECONDS),
            self._shut_ms(),
        ]

    def _answered(self, asked: list[Waiter], entered: int, bucket: int, again: int) -> float:
        for waiter in asked[:entered]:
            self._admit(waiter, Ticket(self._next_number, waiter.tokens, bucket))
            self._next_number += 1
        if again < 0:
            return random.uniform(*POLL_SECONDS)  # noqa: S311
        return again / 1000 + random.uniform(0, 0.01) if again else 0  # noqa: S311

    def _admit(self, waiter: Waiter, ticket: Ticket) -> None:
        self.held.add(ticket.number)
        if waiter.waits():
            waiter.admitted.set_result(ticket)
        else:
            self._give_back(ticket, 0)

    def _missed(self, asked: list[Waiter], ended: dict[int, str], error: Exception) -> float:
        """Redis is gone, and nobody knows whether it still made the step.

        What it may have let in is given back with the next one, under the numbers not yet taken.
        """
        if not self._failures:
            logger.warning("Redis does not answer, calls wait for it: %r", error)
        doubtful = range(self._next_number, self._next_number + len(asked))
        self._ended = {number: _unchanged(number) for number in doubtful} | ended | self._ended
        self._failures += 1
        pause = min(FIRST_RETRY_SECONDS * 1.5 ** min(self._failures, 99), LONGEST_RETRY_SECONDS)
        return pause * random.uniform(0.5, 1)  # noqa: S311

    def _shut_ms(self) -> int:
        return max(0, _ms(self._shut_until - _now()))


def place_of(key: str, part: str) -> str:
    """Where Redis keeps a part of what is known of an endpoint's gate."""
    return f"recqr:flow:{key}:{part}"


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ms(seconds: float) -> int:
    return math.ceil(seconds * 1000)


def _unchanged(number: int) -> str:
    """A call that ends with no word on what it used."""
    return f"{number}:0:0"
