"""Single requests of many coroutines, answered by the database in batches."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from asgiref.sync import sync_to_async

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Gathered(Generic[Request, Answer]):
    """Hands `flush` whatever was asked while it was busy: one statement for many coroutines.

    `flush` runs in the thread that owns the database connection and gives one answer for each
    request, in order. A batch waits `linger` seconds for more, but not once all who could ask
    have asked: `askers` tells how many that are now. Without linger it goes out at once, with
    `most` requests of those that wait.
    """

    def __init__(
        self,
        flush: Callable[[list[Request]], Sequence[Answer]],
        *,
        linger: float = 0.0,
        most: int = 1000,
        askers: Callable[[], int] = lambda: 0,
    ) -> None:
        self._flush = sync_to_async(flush)
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
