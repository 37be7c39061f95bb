"""What the server answers to each request."""

import asyncio
import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.model_server.batches import Batching
from tests.model_server.embeddings import Embedding
from tests.model_server.faults import Fault
from tests.model_server.rates import Rates
from tests.model_server.replies import MODEL, completion, data, faulty, refused
from tests.model_server.transport import Reply, Request, listening
from tests.model_server.values import Schema, Values, schema_of

# Paths end so, whatever comes before; the method named answers.
ROUTES = tuple(
    (method, re.compile(f"{path}$"), name)
    for method, path, name in (
        ("GET", "/files/([^/]+)/content", "file_content"),
        ("GET", "/files/([^/]+)", "show_file"),
        ("DELETE", "/files/([^/]+)", "delete_file"),
        ("POST", "/files", "add_file"),
        ("GET", "/files", "list_files"),
        ("POST", "/batches/([^/]+)/cancel", "cancel_batch"),
        ("GET", "/batches/([^/]+)", "show_batch"),
        ("POST", "/batches", "add_batch"),
        ("GET", "/batches", "list_batches"),
        ("GET", "/models", "list_models"),
        ("GET", "/told", "counts"),
    )
)

Answer = Callable[[dict[str, Any], Fault | None], Reply | None]


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float


@dataclass
class ModelServer(Embedding, Batching):
    """Give `base_url` to a client; `faults` are used up one by one, `always` by every request."""

    latency: float = 0
    models: list[str] = field(default_factory=lambda: [MODEL])
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    # Faults of requests about files and batches, which `faults` leave alone.
    file_faults: deque[Fault] = field(default_factory=deque)
    # A share of requests, from 0 to 1, that fail by a seed in one of these ways.
    failing_share: float = 0
    failing_kinds: Sequence[Fault] = (Fault.answers(500),)
    seed: int = 7
    # Whoever asks more often, or more at once, gets 429. A shorter `minute` makes a quicker test.
    most_per_minute: int | None = None
    most_at_once_allowed: int | None = None
    minute: float = 60
    # Sent with every reply, such as `x-ratelimit-remaining-requests`.
    headers: dict[str, str] = field(default_factory=dict)
    # Gives the data of the answer, or None for one made from the schema. Must not block.
    scripted: Callable[[dict[str, Any]], Any] | None = None
    # Where nothing but words was asked for, every second JSON comes in a fence, as models do it.
    fences_plain_text: bool = True
    # Without it `seen` stays empty: a benchmark's requests would fill the memory.
    keep_bodies: bool = True
    seen: list[Seen] = field(default_factory=list)
    asked: int = 0
    base_url: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._rates = Rates()
        self._draw = random.Random(self.seed)  # noqa: S311
        self._values = Values()
        self._plain = 0
        self.requests: Counter[str] = Counter()

    @property
    def completions(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith("/chat/completions")]

    @property
    def embeddings(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith("/embeddings")]

    @property
    def most_at_once(self) -> int:
        return self._rates.most_at_once

    @property
    def refused_for_rate(self) -> int:
        """How often it had to answer 429 because a client did not keep within the limits."""
        return self._rates.refused

    def fail(self, *faults: Fault) -> None:
        """The next requests fail so, one after the other; then all is well again."""
        self.faults.extend(faults)

    def fail_files(self, *faults: Fault) -> None:
        """The same for requests about files and batches.

        Where the connection breaks, the request was carried out and only the answer is lost.
        """
        self.file_faults.extend(faults)

    def next_fault(self) -> Fault | None:
        if self.faults:
            return self.faults.popleft()
        if self._draw.random() < self.failing_share:
            return self._draw.choice(self.failing_kinds)
        return self.always

    def answer(self, request: dict[str, Any]) -> Any:
        """The data of the answer; text where the request shows no schema."""
        made = self.scripted(request) if self.scripted else None
        if made is not None:
            return made
        schema = schema_of(request)
        return self._value(schema, schema.get("$defs", {}))

    def _value(self, schema: Schema, defs: dict[str, Schema]) -> Any:
        return self._values.fitting(schema, defs)

    async def handle(self, request: Request) -> Reply | None:
        try:
            reply = await self._routed(request)
        except Exception as error:
            # A test's own script went wrong: say so where the test looks.
            reply = refused(500, f"the test's server failed: {error!r}")
        if reply and self.headers:
            return Reply(reply.status, reply.body, {**self.headers, **reply.headers})
        return reply

    async def _routed(self, request: Request) -> Reply | None:
        if request.method == "POST" and request.path.endswith("/chat/completions"):
            return await self._within_limits(request, self._reply)
        if request.method == "POST" and request.path.endswith("/embeddings"):
            return await self._within_limits(request, self._embedded)
        for method, path, name in ROUTES:
            if method == request.method and (found := path.search(request.path)):
                self._note(request, {})
                return await self._about_files(getattr(self, name), request, *found.groups())
        return refused(404, f"There is no {request.method} {request.path} here.")

    async def _about_files(
        self, act: Callable[..., Reply], request: Request, *keys: str
    ) -> Reply | None:
        fault = self.file_faults.popleft() if self.file_faults else None
        if fault and fault.kind == "status":
            return faulty(fault, {}, "")
        try:
            reply = act(request, *keys)
        except KeyError as missing:
            return refused(404, f"There is no {missing} here.", "not_found")
        await asyncio.sleep(fault.seconds if fault else 0)
        return None if fault and fault.kind in ("drop", "hang") else reply

    def list_models(self, request: Request) -> Reply:
        listed = [{"id": model, "object": "model"} for model in self.models]
        return data({"object": "list", "data": listed})

    def counts(self, request: Request) -> Reply:
        """For who started the server as a process: what it saw, and what it took."""
        return data(
            {
                "asked": self.asked,
                "embedded": self.embedded,
                "most_at_once": self.most_at_once,
                "refused_for_rate": self.refused_for_rate,
                "processor_seconds": time.process_time(),
            }
        )

    async def _within_limits(self, request: Request, answer: Answer) -> Reply | None:
        body = orjson.loads(request.body)
        self._note(request, body)
        self.asked += 1
        limits = self.most_per_minute, self.most_at_once_allowed, self.minute
        if wait := self._rates.wait(*limits):
            return refused(429, "Rate limit reached.", "rate_limit_exceeded", wait)
        fault = self.next_fault()
        with self._rates:
            await asyncio.sleep(self.latency)
            if fault and fault.kind in ("hang", "slow"):
                await asyncio.sleep(fault.seconds)
            return answer(body, fault)

    def _embedded(self, request: dict[str, Any], fault: Fault | None) -> Reply | None:
        if fault and fault.kind in ("drop", "hang", "status", "broken-body"):
            return faulty(fault, request, "")
        return self.embedding_reply(request, fault)

    def batch_reply(self, request: dict[str, Any]) -> Reply | None:
        return self._reply(request, self.next_fault())

    def _reply(self, request: dict[str, Any], fault: Fault | None) -> Reply | None:
        text = self._text(request)
        return faulty(fault, request, text) if fault else completion(request, text)

    def _text(self, request: dict[str, Any]) -> str:
        answer = self.answer(request)
        kind = (request.get("response_format") or {}).get("type", "text")
        if kind != "text":
            return orjson.dumps(answer).decode()
        if isinstance(answer, str):
            return answer
        self._plain += 1
        text = orjson.dumps(answer).decode()
        return f"```json\n{text}\n```" if self.fences_plain_text and self._plain % 2 else text

    def _note(self, request: Request, body: dict[str, Any]) -> None:
        self.requests[f"{request.method} {request.path}"] += 1
        if self.keep_bodies:
            self.seen.append(Seen(request.path, request.headers, body, time.monotonic()))


@contextmanager
def serving(told: ModelServer | None = None, port: int = 0) -> Iterator[ModelServer]:
    """A server on a free port (or `port`) of 127.0.0.1 for as long as the block lasts."""
    told = told or ModelServer()
    with listening(told.handle, port) as found:
        told.base_url = f"http://127.0.0.1:{found}/v1"
        yield told
