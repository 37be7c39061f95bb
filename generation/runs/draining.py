"""Working through a run: items are leased, done side by side, and recorded, in batches."""

import asyncio
import gc
import logging
import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db import InterfaceError, OperationalError, connection

from generation import batch_runs
from generation.calls import ledger
from generation.calls.accounts import Account
from generation.calls.asking import Askers
from generation.calls.batching import Gathered
from generation.calls.flow import TurnedAway
from generation.calls.questions import Answer, Question, Unanswered
from generation.errors import BudgetSpent, NoUsableReply
from generation.models import Endpoint, Run, RunItem, RunKind
from generation.runs import leasing, lifecycle
from generation.runs.settling import settle_all
from generation.work import Outcome, Work, work_of

logger = logging.getLogger(__name__)

PULSE_SECONDS = 3.0
# Items in hand at once where no server is asked: a batch for the database.
AT_NO_SERVER = 64
SURPLUS = 1.5
# What was made is recorded for many items at once: each waits so long for others, in seconds.
LINGER = 0.05
# And for so few that a call which is about to leave need not wait long for its row.
MOST_SETTLED = 12
POSTGRES_GONE = (OperationalError, InterfaceError)
# Tried again after so many seconds each; after the last, the lease ends by itself.
PAUSES_FOR_POSTGRES = (0.2, 0.5, 1.0, 2.0)
# So many failures one after the other are no bad luck: going on would only cost.
FAILURES_IN_A_ROW = 25

Queue = asyncio.Queue[tuple[RunItem, Any] | None]


def drain(
    run_id: int, *, watch: Callable[[], None] | None = None, enough: Event | None = None
) -> None:
    """Works on a run until nothing of it can be taken: it is done, rests, or others hold the rest.

    `watch` is called after every batch; `enough` ends the work early, with what is in hand done.
    Returns at once where another worker is at it.
    """
    worker = uuid.uuid4()
    if not leasing.take_run(run_id, worker):
        return
    try:
        _drain(run_id, worker, watch or _unwatched, enough or Event())
    finally:
        _let_go(run_id, worker)
    lifecycle.conclude(run_id)


def _let_go(run_id: int, worker: uuid.UUID) -> None:
    """PostgreSQL may be away for a moment, which is why the work ended: others need not wait for
    the lease to end by itself."""
    for pause in PAUSES_FOR_POSTGRES:
        try:
            leasing.let_run_go(run_id, worker)
        except POSTGRES_GONE:
            connection.close()
            time.sleep(pause)
        else:
            return


def _drain(run_id: int, worker: uuid.UUID, watch: Callable[[], None], enough: Event) -> None:
    run = Run.objects.select_related("dataset", "prompt", "rubric").get(pk=run_id)
    if run.goes_in_batches():
        batch_runs.step(run, worker, enough)
        if not (leasing.keep_run(run_id, worker) and leasing.waits(run)):
            return
    work_through = async_to_sync(Drain(run, worker, watch, enough).work_through)
    try:
        with seldom_collecting():
            work_through()
    except BaseExceptionGroup as group:
        # Whatever broke (the database went) broke for all items alike: one of them says it.
        raise _first(group) from None


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Thousands of small things live as long as a call: looking for garbage among them all the
    time took a tenth of a worker's processor time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


class Drain:
    """One worker's pass over a run. Coroutines talk to models; one thread talks to PostgreSQL."""

    def __init__(
        self, run: Run, worker: uuid.UUID, watch: Callable[[], None], enough: Event
    ) -> None:
        self._run = run
        self._worker = worker
        self._watch = watch
        self._enough = enough
        self._askers = Askers(Account.of(run), self._goes_on)
        self._work: Work = work_of(run)
        self._settle: Gathered[Outcome, None] = Gathered(
            self._settle_batch, linger=LINGER, most=MOST_SETTLED, askers=lambda: self._busy
        )
        # Items that are being done, and so may be handed in next.
        self._busy = 0
        self._held: set[int] = set()
        self._resting = False
        self._failures = 0

    async def work_through(self) -> None:
        await sync_to_async(ledger.count_as_lost)(self._run)
        await self._askers.open(self._run.items.values("endpoint"))
        in_hand = await sync_to_async(most_in_hand)(self._run)
        queue: Queue = asyncio.Queue(in_hand)
        try:
            async with asyncio.TaskGroup() as group:
                pulse = group.create_task(self._keep_leases())
                async with asyncio.TaskGroup() as hands:
                    hands.create_task(self._feed(queue, in_hand))
                    for _ in range(in_hand):
                        hands.create_task(self._do_items(queue))
                pulse.cancel()
        finally:
            await sync_to_async(leasing.release)(list(self._held))
            await self._askers.close()

    def _goes_on(self) -> bool:
        return not (self._resting or self._enough.is_set())

    async def _feed(self, queue: Queue, hands: int) -> None:
        """Keeps the queue filled from leases, and ends it when there is nothing to take."""
        while self._goes_on() and (batch := await sync_to_async(self._take)(hands)):
            for one in batch:
                await queue.put(one)
        for _ in range(hands):
            await queue.put(None)

    def _take(self, most: int) -> list[tuple[RunItem, Any]]:
        items = leasing.lease(self._run, most)
        self._held |= {item.pk for item in items}
        self._askers.paid |= ledger.paid_replies([item.pk for item in items])
        tasks = self._work.prepare(items)
        return [(item, tasks.get(item.pk)) for item in items]

    async def _do_items(self, queue: Queue) -> None:
        while (one := await queue.get()) is not None:
            # What needs no server was done when it was prepared: nobody is to do it again.
            if self._goes_on() or one[0].endpoint_id is None:
                self._busy += 1
                await self._do(*one)
                self._busy -= 1

    async def _do(self, item: RunItem, task: Any) -> None:
        try:
            outcome = await self._outcome(item, task)
        except BudgetSpent as spent:
            await self._rest(str(spent))
            return
        except TurnedAway:
            return  # the item stays pending, and is given back at the end
        await self._settle(outcome)
        self._held.discard(item.pk)
        await self._count(outcome.failure)

    async def _outcome(self, item: RunItem, task: Any) -> Outcome:
        if task is None:
            return Outcome(item)
        try:
            answers = [await self._answer(item, q) for q in self._work.questions(item, task)]
            return await self._work.conclude(item, task, answers)
        except (BudgetSpent, TurnedAway, *POSTGRES_GONE):
            raise  # no fault of the item: it stays pending
        except Exception as error:
            # One dialogue that a rule cannot bear must not hold up the thousands beside it.
            logger.exception("Item %s of run %s failed", item.pk, self._run.pk)
            return Outcome(item, failure=f"An error of ReCQR: {type(error).__name__}: {error}")

    async def _answer(self, item: RunItem, question: Question[Any]) -> Answer:
        try:
            answer: Answer = await self._askers.at(item.asked()).ask(question, item.pk)
        except NoUsableReply as error:
            return Unanswered(str(error))
        return answer

    async def _count(self, failure: str) -> None:
        self._failures = self._failures + 1 if failure else 0
        # A benchmark gives up on a retriever by itself, and goes on with the others.
        if self._failures >= FAILURES_IN_A_ROW and self._run.kind != RunKind.BENCHMARK:
            await self._rest(f"{self._failures} items failed one after the other: {failure}")

    async def _rest(self, note: str) -> None:
        if not self._resting:
            self._resting = True
            await sync_to_async(lifecycle.rest)(run_id=self._run.pk, note=note)

    async def _keep_leases(self) -> None:
        """Renews what is in hand while this worker lives, and notices when the run is stopped."""
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            self._resting |= not await sync_to_async(self._renew)()

    def _renew(self) -> bool:
        leasing.renew(list(self._held))
        return leasing.keep_run(self._run.pk, self._worker)

    def _settle_batch(self, outcomes: list[Outcome]) -> list[None]:
        settle_all(self._work, outcomes)
        self._watch()
        return [None] * len(outcomes)


def most_in_hand(run: Run) -> int:
    """How many items a worker does side by side.

    More than endpoints allow in flight, so that a new call leaves while others are recorded.
    """
    endpoints = Endpoint.objects.filter(pk__in=run.items.values("endpoint"))
    limits = [AT_NO_SERVER if e.is_offline() else e.most_in_flight for e in endpoints]
    return math.ceil(sum(limits) * SURPLUS) or AT_NO_SERVER


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _unwatched() -> None:
    pass
