"""Flow control on a real Redis: limits hold over all workers, and nobody waits for ever."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from generation.calls import flow
from generation.calls.flow import Flow, Gate, Limits, Ticket, TurnedAway
from tests.plugins.records import PROJECT, Record, within


def always() -> bool:
    return True


# Enters, says so, and never leaves.
HOLDER = """
import asyncio, sys
from generation.calls import flow

async def hold(url, key):
    flow.SLOT_SECONDS, flow.RENEW_SECONDS = 0.3, 0.06
    share = flow.Flow(url)
    await share.gate(key, flow.Limits(in_flight=1)).enter(1, lambda: True)
    print("in", flush=True)
    await share.keep()

asyncio.run(hold(*sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _quick_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "REVIEW_SECONDS", 0.05)


@pytest.fixture
def server() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as found:
        yield found


@pytest.fixture
def key(server: Redis) -> Iterator[str]:
    made = f"test-{secrets.token_hex(4)}"
    yield made
    lose(server, made)


def names(server: Redis, key: str) -> list[bytes]:
    return list(server.scan_iter(f"recqr:flow:{key}:*"))


def lose(server: Redis, key: str) -> None:
    """As if Redis had lost its data; no more than ours, since it may be a developer's own."""
    if found := names(server, key):
        server.delete(*found)


def share_in(work: Callable[[Flow], Awaitable[Any]], url: str = "") -> Any:
    """What `work` gives back with a share in the flow that is kept and closed."""

    async def run() -> Any:
        share = Flow(url)
        keeping = asyncio.create_task(share.keep())
        try:
            return await work(share)
        finally:
            keeping.cancel()
            await share.close()

    return asyncio.run(run())


def both(work: Callable[[Flow, Flow], Coroutine[Any, Any, None]]) -> None:
    """Runs with the shares of two workers."""

    async def run() -> None:
        one, other = Flow(), Flow()
        try:
            await work(one, other)
        finally:
            await one.close()
            await other.close()

    asyncio.run(run())


def until(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() < deadline


async def may_enter(gate: Gate, tokens: int = 1, within: float = 0.12) -> Ticket | None:
    """The ticket, if the call is let in soon."""
    try:
        return await gate.enter(tokens, until(within))
    except TurnedAway:
        return None


class Crowd:
    """Counts the calls in flight of all workers, and when they left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = self.most = 0
        self.times: list[float] = []

    def come(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.times.append(time.monotonic())

    def go(self) -> None:
        with self._lock:
            self.inside -= 1

    async def call(self, gate: Gate, seconds: float, tokens: int = 1) -> None:
        ticket = await gate.enter(tokens, always)
        self.come()
        await asyncio.sleep(seconds)
        self.go()
        await gate.leave(ticket, tokens)

    def most_in(self, seconds: float) -> int:
        """The most calls that left in any stretch of time of this length."""
        return max(sum(t <= other < t + seconds for other in self.times) for t in self.times)

    async def calls(
        self, key: str, limits: Limits, number: int, share: Flow, *, late: bool
    ) -> float:
        while late and not self.times:
            await asyncio.sleep(0.005)
        gate = share.gate(key, limits)
        await asyncio.gather(*(self.call(gate, 0.02) for _ in range(number)))
        return time.monotonic()


def work_side_by_side(crowd: Crowd, key: str, limits: Limits, numbers: list[int]) -> list[float]:
    """Workers in threads, each with an event loop and so many calls; when each was done.

    The first is at work before the others begin.
    """
    with ThreadPoolExecutor(len(numbers)) as pool:
        jobs = [
            pool.submit(share_in, partial(crowd.calls, key, limits, number, late=place > 0))
            for place, number in enumerate(numbers)
        ]
        return [job.result() for job in jobs]


def test_workers_together_never_have_more_calls_in_flight_than_allowed(key: str) -> None:
    crowd = Crowd()
    work_side_by_side(crowd, key, Limits(in_flight=5), [20, 20, 20])
    assert crowd.most == 5
    assert len(crowd.times) == 60


def test_a_worker_with_much_to_do_leaves_another_its_share(key: str) -> None:
    big, small = work_side_by_side(Crowd(), key, Limits(in_flight=4), [70, 8])
    assert small < big - 0.1


def test_two_workers_take_turns_at_a_single_slot(key: str) -> None:
    crowd = Crowd()
    big, small = work_side_by_side(crowd, key, Limits(in_flight=1), [10, 2])
    assert crowd.most == 1
    assert small < big


def test_no_window_of_time_sees_more_requests_than_allowed(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "WINDOW_SECONDS", 0.3)
    crowd = Crowd()
    limits = Limits(in_flight=50, requests_per_minute=10)
    work_side_by_side(crowd, key, limits, [12, 12])
    # What we see is later than what Redis counted, by some milliseconds more or less.
    assert crowd.most_in(0.26) <= 10
    assert len(crowd.times) == 24
    assert crowd.times[-1] - crowd.times[0] < 1.2


def test_tokens_are_reserved_when_a_call_enters_and_corrected_when_it_leaves(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough to pass for ever, and asked again every tenth of a second.
    monkeypatch.setattr(flow, "WINDOW_SECONDS", 6.0)

    async def work(one: Flow, other: Flow) -> None:
        limits = Limits(in_flight=9, tokens_per_minute=100)
        gate, elsewhere = one.gate(key, limits), other.gate(key, limits)
        ticket = await gate.enter(100, always)
        assert await may_enter(elsewhere, 10) is None
        await gate.leave(ticket, 30)
        second = await elsewhere.enter(70, until(1))
        assert await may_enter(gate, 1) is None
        await elsewhere.leave(second, None)
        assert await may_enter(gate, 1) is None

    both(work)


def test_tokens_come_back_when_their_window_has_passed(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "WINDOW_SECONDS", 0.3)

    async def work(share: Flow) -> float:
        gate = share.gate(key, Limits(in_flight=9, tokens_per_minute=100))
        for tokens in (60, 40):
            await gate.enter(tokens, always)
        began = time.monotonic()
        await gate.enter(60, always)
        return time.monotonic() - began

    assert 0.25 < share_in(work) < 0.6


def test_a_call_larger_than_the_whole_limit_passes_alone(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "WINDOW_SECONDS", 0.2)

    async def work(share: Flow) -> None:
        gate = share.gate(key, Limits(in_flight=9, tokens_per_minute=100))
        await gate.enter(10, always)
        assert await may_enter(gate, 500, within=0.1) is None
        assert await may_enter(gate, 500, within=0.6)
        assert await may_enter(gate, 1, within=0.1) is None

    share_in(work)


def test_small_calls_of_others_do_not_keep_out_a_large_one(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "WINDOW_SECONDS", 0.3)

    async def work(one: Flow, other: Flow) -> None:
        limits = Limits(in_flight=9, tokens_per_minute=100)
        gate, crowd = one.gate(key, limits), Crowd()
        small = [asyncio.create_task(crowd.call(gate, 0.01, 10)) for _ in range(90)]
        await asyncio.sleep(0.05)
        assert await may_enter(other.gate(key, limits), 95, within=1.0)
        assert not all(task.done() for task in small)
        for task in small:
            task.cancel()

    both(work)


def test_calls_of_one_worker_enter_in_the_order_in_which_they_came(key: str) -> None:
    async def work(share: Flow) -> list[int]:
        gate = share.gate(key, Limits(in_flight=2))
        order: list[int] = []

        async def call(number: int) -> None:
            ticket = await gate.enter(number % 7, always)
            order.append(number)
            await asyncio.sleep(0)
            await gate.leave(ticket, None)

        await asyncio.gather(*(call(number) for number in range(40)))
        return order

    assert share_in(work) == list(range(40))


def test_a_small_call_waits_behind_a_large_one_of_its_worker(key: str) -> None:
    async def work(share: Flow) -> None:
        gate = share.gate(key, Limits(in_flight=9, tokens_per_minute=100))
        first = await gate.enter(50, always)
        large = asyncio.create_task(gate.enter(80, always))
        await asyncio.sleep(0)
        assert await may_enter(gate, 1) is None
        await gate.leave(first, 20)
        await asyncio.wait_for(large, 1)

    share_in(work)


def test_a_slot_that_was_left_is_free_at_once_for_the_next_in_the_same_worker(key: str) -> None:
    async def work(share: Flow) -> float:
        gate = share.gate(key, Limits(in_flight=1))
        ticket = await gate.enter(1, always)
        waits = asyncio.create_task(gate.enter(1, always))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await gate.leave(ticket, 1)
        await waits
        return time.monotonic() - began

    assert share_in(work) < 0.03


def test_a_shut_gate_lets_nobody_in_on_any_worker(key: str) -> None:
    async def work(one: Flow, other: Flow) -> None:
        gate, elsewhere = (share.gate(key, Limits(in_flight=9)) for share in (one, other))
        assert await gate.is_shut_for() == 0
        began = time.monotonic()
        await gate.shut(0.4)
        await elsewhere.shut(0.1)
        assert 0.2 < await elsewhere.is_shut_for() <= 0.4
        assert await may_enter(elsewhere) is None
        await asyncio.gather(gate.enter(1, always), elsewhere.enter(1, always))
        assert 0.39 <= time.monotonic() - began < 0.7
        assert await gate.is_shut_for() == 0

    both(work)


def test_a_longer_shut_lengthens_a_shorter_one(key: str) -> None:
    async def work(one: Flow, other: Flow) -> None:
        gate, elsewhere = (share.gate(key, Limits(in_flight=9)) for share in (one, other))
        await gate.shut(5)
        await elsewhere.shut(60)
        assert 59 < await gate.is_shut_for() <= 60

    both(work)


def test_slots_of_a_killed_process_come_back_and_not_while_it_lives(key: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, settings.REDIS_URL, key],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"

    async def work(share: Flow) -> float:
        gate = share.gate(key, Limits(in_flight=1))
        assert await may_enter(gate, within=0.4) is None
        os.kill(process.pid, signal.SIGKILL)
        began = time.monotonic()
        await gate.enter(1, always)
        return time.monotonic() - began

    assert share_in(work) < 0.7
    process.communicate()


def test_a_share_that_is_closed_gives_back_its_slots_and_turns_away_who_waits(key: str) -> None:
    async def work(one: Flow, other: Flow) -> None:
        gate = one.gate(key, Limits(in_flight=2))
        await asyncio.gather(gate.enter(1, always), gate.enter(1, always))
        waits = asyncio.create_task(gate.enter(1, always))
        await asyncio.sleep(0.02)
        await one.close()
        with pytest.raises(TurnedAway):
            await waits
        assert await may_enter(other.gate(key, Limits(in_flight=2)))

    both(work)


def test_who_is_cancelled_holds_no_slot(key: str) -> None:
    async def work(share: Flow) -> None:
        gate = share.gate(key, Limits(in_flight=1))
        # Before, during and after the step that lets it in.
        for pause in (0, 0.0002, 0.0005, 0.001, 0.002, 0.01):
            await cancelled_after(pause, gate)
        await asyncio.wait_for(gate.enter(1, always), 0.5)

    share_in(work)


async def cancelled_after(pause: float, gate: Gate) -> None:
    waits = asyncio.create_task(gate.enter(1, always))
    await asyncio.sleep(pause)
    waits.cancel()
    with suppress(asyncio.CancelledError):
        await gate.leave(await waits, None)


def test_who_no_longer_wants_to_enter_is_turned_away(key: str) -> None:
    async def work(share: Flow) -> None:
        gate = share.gate(key, Limits(in_flight=1))
        with pytest.raises(TurnedAway):
            await gate.enter(1, bool)
        await gate.enter(1, always)
        wishes = [True]
        waits = asyncio.create_task(gate.enter(1, lambda: wishes[0]))
        await asyncio.sleep(0.1)
        assert not waits.done()
        wishes[0] = False
        with pytest.raises(TurnedAway):
            await asyncio.wait_for(waits, 0.5)

    share_in(work)


def test_limits_may_change_while_calls_wait(key: str) -> None:
    async def work(share: Flow) -> None:
        gate = share.gate(key, Limits(in_flight=1))
        await gate.enter(1, always)
        waits = [asyncio.create_task(gate.enter(1, always)) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert share.gate(key, Limits(in_flight=2)) is gate
        await asyncio.wait_for(waits[0], 0.3)
        share.gate(key, Limits(in_flight=3, requests_per_minute=2))
        await asyncio.sleep(0.1)
        assert not waits[1].done()
        share.gate(key, Limits(in_flight=3))
        await asyncio.wait_for(waits[1], 1)

    share_in(work)


def test_what_redis_lost_is_restored_by_the_living(
    server: Redis, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "RENEW_SECONDS", 0.05)

    async def work(share: Flow) -> None:
        gate, elsewhere = share.gate(key, Limits(in_flight=2)), Flow()
        tickets = [await gate.enter(1, always) for _ in range(2)]
        await asyncio.to_thread(lose, server, key)
        await asyncio.to_thread(server.script_flush)
        await asyncio.sleep(0.15)
        there = elsewhere.gate(key, Limits(in_flight=2))
        assert await may_enter(there) is None
        # The bucket of this call was lost: its correction must not be a gift to others.
        await gate.leave(tickets[0], -1000)
        assert await may_enter(there)
        await elsewhere.close()

    share_in(work)
    assert all(int(count) >= 0 for count in server.hvals(f"recqr:flow:{key}:tokens"))


def test_who_waits_while_redis_starts_enters_when_it_is_there(record: Record) -> None:
    async def work(share: Flow) -> None:
        gate = share.gate("late", Limits(in_flight=2))
        assert await may_enter(gate) is None
        waits = [asyncio.create_task(gate.enter(1, always)) for _ in range(2)]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in waits)
        await asyncio.to_thread(record.join, ["redis"])
        await asyncio.wait_for(asyncio.gather(*waits), 1.5)

    share_in(work, f"unix://{record.places.valkey_socket}?db=0")


def test_calls_go_on_when_redis_was_killed_in_their_midst(record: Record) -> None:
    connection, pids = record.join(["redis"])
    crowd = Crowd()

    async def work(share: Flow) -> None:
        gate = share.gate("killed", Limits(in_flight=3))
        calls = [asyncio.create_task(crowd.call(gate, 0.02)) for _ in range(60)]
        await asyncio.sleep(0.1)
        os.kill(pids["redis"], signal.SIGKILL)
        await asyncio.wait_for(asyncio.gather(*calls), 5)

    share_in(work, f"unix://{record.places.valkey_socket}?db=0")
    assert crowd.most <= 3
    within(2, lambda: record.redis().zcard("recqr:flow:killed:slots") == 0)
    connection.close()


def test_without_redis_nothing_but_entering_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "RENEW_SECONDS", 0.02)

    async def work(share: Flow) -> None:
        gate = share.gate("gone", Limits(in_flight=1))
        await gate.leave(Ticket(1, 1, 1), 5)
        await gate.shut(20)
        assert 19 < await gate.is_shut_for() <= 20
        keeping = asyncio.create_task(share.keep())
        gate.held.add(1)
        await asyncio.sleep(0.1)
        assert not keeping.done()
        keeping.cancel()

    share_in(work, "redis://127.0.0.1:9/0")


def test_keys_that_nobody_uses_expire(server: Redis, key: str) -> None:
    async def work(share: Flow) -> None:
        gate = share.gate(key, Limits(in_flight=2, tokens_per_minute=9))
        await gate.enter(9, always)
        assert await may_enter(gate, 5) is None
        await gate.shut(30)
        assert await may_enter(gate, 5) is None
        found = names(server, key)
        assert len(found) >= 5
        assert all(0 < server.ttl(name) <= 180 for name in found)

    share_in(work)
