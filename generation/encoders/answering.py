"""Vectors for many items from one server, several requests at a time.

Where a request is in vain, something is wrong with the server or with an item in it. A request of
the same kind about something harmless tells which: if that is in vain too, all of it has to wait
(`NotReady`); else the items are halved until the one at fault is found, and the others get theirs.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from generation.calls.asking import Asker
from generation.calls.embedding import Vectors, VectorsWanted
from generation.errors import NotReady, NoUsableReply

# No item is at fault: the key, the address or the model is wrong, or the account has no credit.
OF_THE_SERVER = {401, 403, 404, 429}
# How servers word that a text is longer than the model takes; it is shortened to so much of it.
TOO_LONG = re.compile(r"token|length|too (long|large|many)|context|exceed", re.IGNORECASE)
REFUSED = {400, 413, 422}
SHORTENED = 0.75
SHORTEST = 64


@dataclass(frozen=True)
class Item:
    """What one vector is asked for: its place among others, and a text or an image's id."""

    place: int
    text: str = ""
    is_cut: bool = False
    # The server failed at it alone before, though it was well.
    has_failed: bool = False


@dataclass(frozen=True)
class Way:
    """How items of one kind are asked about: the request for some of them, how many go into one,
    and a request about something that no server can take offence at.

    An item for which none can be made is told of by `Unaskable`.
    """

    form: Callable[[Sequence[Item]], Awaitable[VectorsWanted]]
    at_once: int
    harmless: VectorsWanted


class Unaskable(Exception):
    """Nothing can be asked about an item; `str(error)` says why."""

    def __init__(self, item: Item, reason: str) -> None:
        super().__init__(reason)
        self.item = item


class Answering:
    """`vectors`, or `reasons` for none, by the place of each item; `cut` are shortened ones."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._is_well = False
        self._probing = asyncio.Lock()
        self._problem: NotReady | None = None
        self.vectors: dict[int, Vectors] = {}
        self.reasons: dict[int, str] = {}
        self.cut: set[int] = set()

    def goes_on(self) -> bool:
        """Whether what waits to leave is still wanted."""
        return self._problem is None

    async def ask(self, asker: Asker, items: Sequence[Item]) -> None:
        """Raises `NotReady` where the server is at fault, and what an `Asker` raises."""
        most = self._way.at_once
        groups = [items[begin : begin + most] for begin in range(0, len(items), most)]
        asked = (self._ask(asker, group) for group in groups)
        # All of them end: what has left is paid for, and its row wants to be finished.
        ended = await asyncio.gather(*asked, return_exceptions=True)
        if self._problem is not None:
            raise self._problem
        for failure in filter(None, ended):
            raise failure

    async def _ask(self, asker: Asker, items: Sequence[Item]) -> None:
        if not items or self._problem is not None:
            return
        try:
            vectors = await asker.ask(await self._way.form(items))
        except Unaskable as error:
            self.reasons[error.item.place] = str(error)
            await self._ask(asker, [item for item in items if item != error.item])
        except NoUsableReply as error:
            await self._check_server(asker, error)
            await self._find_out(asker, items, error)
        else:
            for item, vector in zip(items, vectors, strict=True):
                self.vectors[item.place] = vector
                self.cut |= {item.place} if item.is_cut else set()

    async def _check_server(self, asker: Asker, error: NoUsableReply) -> None:
        """Raises `NotReady` where no item is at fault."""
        if error.status_code in OF_THE_SERVER:
            raise self._stopped(error)
        async with self._probing:
            # A refusal, or a reply that is no good, does not say that it is gone since.
            is_up = self._is_well and error.status_code in {200, *REFUSED}
            if is_up or self._problem is not None:
                return
            try:
                await asker.ask(self._way.harmless)
            except NoUsableReply as another:
                raise self._stopped(another) from None
            self._is_well = True

    def _stopped(self, error: NoUsableReply) -> NotReady:
        self._problem = NotReady(f"The embeddings server is of no use now. {error}")
        return self._problem

    async def _find_out(self, asker: Asker, items: Sequence[Item], error: NoUsableReply) -> None:
        if len(items) > 1:
            half = len(items) // 2
            await asyncio.gather(self._ask(asker, items[:half]), self._ask(asker, items[half:]))
            return
        [item] = items
        if _may_be_too_long(item, error):
            shorter = item.text[: int(len(item.text) * SHORTENED)]
            await self._ask(asker, [replace(item, text=shorter, is_cut=True)])
        elif error.status_code not in REFUSED and not item.has_failed:
            # It may have been bad luck, and a reason stands for good.
            await self._ask(asker, [replace(item, has_failed=True)])
        else:
            self.reasons[item.place] = f"The embeddings server gave it no vector. {error}"


def _may_be_too_long(item: Item, error: NoUsableReply) -> bool:
    is_refused = error.status_code in REFUSED or (error.status_code or 0) >= 500
    return is_refused and len(item.text) > SHORTEST and bool(TOO_LONG.search(str(error)))
