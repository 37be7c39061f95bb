"""Workers that share a flow of calls: side by side, and each with its own connection."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from redis import Redis

from generation.calls.flow import Flow, Gate, Limits, Ticket, TurnedAway


def always() -> bool:
    return True


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
