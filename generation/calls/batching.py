"""Single requests of many coroutines, answered by the database in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, TypeVar

from asgiref.sync import sync_to_async
from django.db import connection

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class SecondConnection:
    """A thread with a database connection of its own, for what must not wait behind other work.

    Inside a transaction there is none: work is done in the thread that began it, since nobody else
    sees what it wrote.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        if not connection.in_atomic_block:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="second-connection")

    def does(
        self, work: Callable[[list[Request]], Sequence[Answer]]
    ) -> Callable[[list[Request]], Awaitable[Sequence[Answer]]]:
        if self._thread is None:
            return sync_to_async(work)
        return sync_to_async(work, thread_sensitive=False, executor=self._thread)

    def close(self) -> None:
        if self._thread is not None:
            # In the thread itself: `connection` is another one in each.
            self._thread.submit(lambda: connection.close()).result()
            self._thread.shutdown()


class Gathered(Generic[Request, Answer]):
    """Hands `flush` whatever was asked while it was busy: one statement for many coroutines.

    `flush` runs in the thread that owns the database connection, or on a `second` one, and gives
    one answer for each request, in order. A batch waits `linger` seconds for more, but not once
    all who could ask have asked: `askers` tells how many that are now. Without linger it goes out
    at once, with `most` requests of those that wait.
    """

    def __init__(
        self,
        flush: Callable[[list[Request]], Sequence[Answer]],
        *,
        second: SecondConnection | None = None,
        linger: float = 0.0,
        most: int = 1000,
        askers: Callable[[], int] = lambda: 0,
    ) -> None:
        self._flush = second.does(flush) if second else sync_to_async(flush)
        self._linger = linger
        self._most = most
        self._askers = askers
        self._full = asyncio.Event()
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def __call__(self, request: Request) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._is_full():
            self._full.set()
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_all())
        return await answer

    async def _flush_all(self) -> None:
        while self._waiting:
            await self._fill()
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._flush_batch(batch)
        self._flushing = None

    def _is_full(self) -> bool:
        return len(self._waiting) >= min(self._most, self._askers())

    async def _fill(self) -> None:
        if self._linger and not self._is_full():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._linger):
                    await self._full.wait()
        self._full.clear()

    async def _flush_batch(self, batch: list[tuple[Request, asyncio.Future[Answer]]]) -> None:
        waiting = [answer for _, answer in batch]
        try:
            answers = await self._flush([request for request, _ in batch])
        except Exception as error:
            for answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for answer, value in zip(waiting, answers, strict=True):
            if not answer.done():
                answer.set_result(value)
