"""Working through a run: items are leased in batches, done side by side, and recorded in batches.

A lease is short and renewed while its worker lives. Whoever dies loses nothing but the calls in
flight: its leases run out, and what remains is whatever is still pending.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from generation import runs
from generation.asking import Askers
from generation.batching import Gathered
from generation.errors import BudgetSpent
from generation.models import Endpoint, ItemState, Run, RunItem, RunStatus
from generation.work import Outcome, Work, work_of

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
PULSE_SECONDS = 3.0
# Items in hand at once where no server is asked: a batch for the database.
AT_NO_SERVER = 64
SURPLUS = 1.5
# So many failures one after the other are no bad luck: going on would only cost.
FAILURES_IN_A_ROW = 25
# The first number of PostgreSQL's advisory locks that order leases, one lock per dataset.
LEASING = 20_260_329


def drain(
    run_id: int, *, watch: Callable[[], None] | None = None, enough: Event | None = None
) -> None:
    """Works on a run until nothing of it can be taken: it is done, rests, or others hold the rest.

    `watch` is called after every batch; `enough` ends the work early, with what is in hand done.
    """
    run = Run.objects.select_related("dataset", "prompt").filter(pk=run_id).first()
    if run is None or run.status != RunStatus.RUNNING:
        return
    work_through = async_to_sync(Drain(run, watch or _unwatched, enough or Event()).work_through)
    try:
        work_through()
    except BaseExceptionGroup as group:
        # Whatever broke (the database went) broke for all items alike: one of them says it.
        raise _first(group) from None
    runs.conclude(run_id)


def is_held(run_id: int) -> bool:
    """Whether some worker holds items of the run at this moment."""
    return RunItem.objects.filter(run=run_id).leased(timezone.now()).exists()


@transaction.atomic
def lease(run: Run, most: int) -> list[RunItem]:
    """Takes pending items for a short while. What another run has in hand is left for later."""
    now = timezone.now()
    with connection.cursor() as cursor:
        # Two runs that begin at the same instant must not both take the same work.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LEASING, run.dataset_id])
    elsewhere = (
        RunItem.objects.leased(now)
        .filter(dialogue=OuterRef("dialogue"), recipe=OuterRef("recipe"))
        .exclude(recipe="")
        .exclude(run=run)
    )
    free = RunItem.objects.filter(run=run).available(now).exclude(Exists(elsewhere))
    rows = free.select_for_update(skip_locked=True).order_by("pk")[:most]
    keys = [item.pk for item in rows]
    RunItem.objects.filter(pk__in=keys).update(leased_until=now + LEASE)
    return list(RunItem.objects.filter(pk__in=keys).select_related("dialogue", "endpoint"))


def release(keys: Sequence[int]) -> None:
    """Gives back items that were taken and not done."""
    RunItem.objects.pending().filter(pk__in=keys).update(leased_until=None)


class Drain:
    """One worker's pass over a run. Coroutines talk to models; one thread talks to PostgreSQL."""

    def __init__(self, run: Run, watch: Callable[[], None], enough: Event) -> None:
        self._run = run
        self._watch = watch
        self._enough = enough
        self._askers = Askers(run)
        self._work: Work = work_of(run, self._askers)
        self._settle: Gathered[Outcome, None] = Gathered(self._settle_batch)
        self._held: set[int] = set()
        self._resting = False
        self._failures = 0

    async def work_through(self) -> None:
        await self._askers.open_purse()
        in_hand = await sync_to_async(most_in_hand)(self._run)
        queue: asyncio.Queue[tuple[RunItem, Any] | None] = asyncio.Queue(in_hand)
        try:
            async with asyncio.TaskGroup() as group:
                pulse = group.create_task(self._keep_leases())
                async with asyncio.TaskGroup() as hands:
                    hands.create_task(self._feed(queue, in_hand))
                    for _ in range(in_hand):
                        hands.create_task(self._do_items(queue))
                pulse.cancel()
        finally:
            await sync_to_async(release)(list(self._held))
            await self._askers.close()

    def _goes_on(self) -> bool:
        return not (self._resting or self._enough.is_set())

    async def _feed(self, queue: "asyncio.Queue[tuple[RunItem, Any] | None]", hands: int) -> None:
        """Keeps the queue filled from leases, and ends it when there is nothing to take."""
        while self._goes_on() and (batch := await sync_to_async(self._take)(hands)):
            for one in batch:
                await queue.put(one)
        for _ in range(hands):
            await queue.put(None)

    def _take(self, most: int) -> list[tuple[RunItem, Any]]:
        items = lease(self._run, most)
        self._held |= {item.pk for item in items}
        tasks = self._work.prepare(items)
        return [(item, tasks.get(item.pk)) for item in items]

    async def _do_items(self, queue: "asyncio.Queue[tuple[RunItem, Any] | None]") -> None:
        while (one := await queue.get()) is not None:
            if self._goes_on():
                await self._do(*one)

    async def _do(self, item: RunItem, task: Any) -> None:
        try:
            outcome = await self._outcome(item, task)
        except BudgetSpent as spent:
            await self._rest(str(spent))
            return
        await self._settle(outcome)
        self._held.discard(item.pk)
        await self._count(outcome.failure)

    async def _outcome(self, item: RunItem, task: Any) -> Outcome:
        if task is None:
            return Outcome(item)
        try:
            return await self._work.perform(item, task)
        except BudgetSpent:
            raise
        except Exception as error:
            # One dialogue that a rule cannot bear must not hold up the thousands beside it.
            logger.exception("Item %s of run %s failed", item.pk, self._run.pk)
            return Outcome(item, failure=f"An error of ReCQR: {type(error).__name__}: {error}")

    async def _count(self, failure: str) -> None:
        self._failures = self._failures + 1 if failure else 0
        if self._failures >= FAILURES_IN_A_ROW:
            await self._rest(f"{self._failures} items failed one after the other: {failure}")

    async def _rest(self, note: str) -> None:
        if not self._resting:
            self._resting = True
            await sync_to_async(runs.pause)(run_id=self._run.pk, note=note)

    async def _keep_leases(self) -> None:
        """Renews what is in hand while this worker lives, and notices when the run is stopped."""
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            self._resting |= not await sync_to_async(self._renew)()

    def _renew(self) -> bool:
        until = timezone.now() + LEASE
        RunItem.objects.pending().filter(pk__in=list(self._held)).update(leased_until=until)
        return Run.objects.filter(pk=self._run.pk, status=RunStatus.RUNNING).exists()

    def _settle_batch(self, outcomes: list[Outcome]) -> list[None]:
        try:
            settle(self._work, outcomes)
        except Exception:
            logger.exception("A batch of run %s was not taken: trying its items", self._run.pk)
            for outcome in outcomes:
                _settle_alone(self._work, outcome)
        self._watch()
        return [None] * len(outcomes)


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
