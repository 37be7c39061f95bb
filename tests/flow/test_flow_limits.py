"""Flow control on a real Redis: limits hold over all workers, who enter in a fair order."""

import asyncio
import time

import pytest

from generation.calls import flow
from generation.calls.flow import Flow, Limits
from tests.flow.sharing import Crowd, always, both, may_enter, share_in, until, work_side_by_side


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
