"""Just enough HTTP/1.1 on an event loop of its own: a benchmark shares its processor with it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

STOP_SECONDS = 10


@dataclass
class Request:
    """`path` has no query; names of headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", 0))


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def on_the_wire(self) -> bytes:
        headers = {"Content-Type": "application/json", **self.headers}
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


# None breaks the connection without an answer.
Handle = Callable[[Request], Awaitable[Reply | None]]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Told"


def _head(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = [line.partition(":") for line in lines]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers)


class Connection(asyncio.Protocol):
    """One client: its requests are answered one after the other."""

    def __init__(self, handle: Handle, known: set["Connection"]) -> None:
        self._handle = handle
        self._known = known
        self._came = bytearray()
        self._open: Request | None = None
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
        self._known.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """A client that hangs up is no error here: tests kill workers."""
        self._known.discard(self)
        if self._answering:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        self._came += data
        self._go_on()

    def _go_on(self) -> None:
        if self._answering is None and (request := self._whole_request()):
            self._answering = asyncio.create_task(self._answer(request))

    def _whole_request(self) -> Request | None:
        if self._open is None:
            head, gap, _ = self._came.partition(b"\r\n\r\n")
            if not gap:
                return None
            self._open = _head(bytes(head))
            del self._came[: len(head) + len(gap)]
        request = self._open
        if len(self._came) < request.length:
            return None
        request.body = bytes(self._came[: request.length])
        del self._came[: request.length]
        self._open = None
        return request

    async def _answer(self, request: Request) -> None:
        reply = await self._handle(request)
        self._answering = None
        if reply is None:
            self.transport.close()
            return
        self.transport.write(reply.on_the_wire())
        if request.headers.get("connection", "").lower() == "close":
            self.transport.close()
        self._go_on()


@contextmanager
def listening(handle: Handle, port: int = 0) -> Iterator[int]:
    """Serves on 127.0.0.1 from a thread of its own; gives the port."""
    loop = asyncio.new_event_loop()
    known: set[Connection] = set()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(STOP_SECONDS)

    try:
        listener = run(_listener(lambda: Connection(handle, known), port))
        yield listener.sockets[0].getsockname()[1]
        run(_end(listener, known))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_SECONDS)
        loop.close()


async def _listener(connect: Callable[[], Connection], port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(connect, "127.0.0.1", port, backlog=256)


async def _end(listener: asyncio.Server, known: set[Connection]) -> None:
    listener.close()
    for connection in list(known):
        connection.transport.abort()
    await asyncio.sleep(0)  # lets the connections hear of it, and end what they are at
    await asyncio.sleep(0)
