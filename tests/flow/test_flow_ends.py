"""Flow control on a real Redis: gates shut, workers die, Redis goes, and nobody waits for ever."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from django.conf import settings
from redis import Redis

from generation.calls import flow
from generation.calls.flow import Flow, Gate, Limits, Ticket, TurnedAway
from tests.flow.sharing import Crowd, always, both, lose, may_enter, names, share_in
from tests.plugins.records import PROJECT, Record, within

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
