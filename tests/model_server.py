"""An OpenAI-compatible server of our own, on loopback: it answers, and fails as it is told.

Answers are made from the request's own JSON schema. Every request is kept, so that a test can look
at what really went over the wire. Run by itself it serves until killed:
`python -m tests.model_server --port 8099 --latency 0.5`.
"""

import argparse
import itertools
import json
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODEL = "tiny-test-model"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; each kind is made by the class method of its name."""

    kind: str
    seconds: float = 0
    status: int = 500

    @classmethod
    def rate_limited(cls, seconds: float) -> Self:
        """429 with `Retry-After`."""
        return cls("status", status=429, seconds=seconds)

    @classmethod
    def answers(cls, status: int) -> Self:
        return cls("status", status=status)

    @classmethod
    def hangs(cls, seconds: float = 30) -> Self:
        return cls("hang", seconds=seconds)

    @classmethod
    def slow(cls, seconds: float) -> Self:
        """Answers well, but late."""
        return cls("slow", seconds=seconds)


DROPPED = Fault("drop")  # the connection breaks without an answer
BROKEN_BODY = Fault("broken-body")  # the whole answer is no JSON
BROKEN_JSON = Fault("broken-json")  # the model's text is no JSON
OFF_SCHEMA = Fault("off-schema")  # JSON, but not what was asked for
EMPTY = Fault("empty")
REFUSAL = Fault("refusal")
CUT = Fault("cut")  # stopped by the limit of length


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float


@dataclass
class ModelServer:
    """Give `base_url` to a client; `faults` are used up one by one, `always` by every request."""

    latency: float = 0
    models: list[str] = field(default_factory=lambda: [MODEL])
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    # A share of requests, from 0 to 1, that answer 500 by a seed.
    failing_share: float = 0
    seen: list[Seen] = field(default_factory=list)
    most_at_once: int = 0
    base_url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self._draw = random.Random(7)  # noqa: S311
        self._numbers = itertools.count(1)

    @property
    def completions(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith("/chat/completions")]

    def fail(self, *faults: Fault) -> None:
        """The next requests fail so, one after the other; then all is well again."""
        self.faults.extend(faults)

    def next_fault(self) -> Fault | None:
        with self._lock:
            if self.faults:
                return self.faults.popleft()
            if self._draw.random() < self.failing_share:
                return Fault.answers(500)
        return self.always

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def answer(self, request: dict[str, Any]) -> Any:
        schema = request.get("response_format", {}).get("json_schema", {}).get("schema", {})
        return self._value(schema, schema.get("$defs", {}))

    def _value(self, schema: dict[str, Any], defs: dict[str, Any]) -> Any:
        """Some value that fits a JSON schema; texts are all different."""
        if "$ref" in schema:
            return self._value(defs[schema["$ref"].rpartition("/")[2]], defs)
        if "enum" in schema:
            return schema["enum"][next(self._numbers) % len(schema["enum"])]
        kind = schema.get("type")
        if kind == "object":
            fields = schema.get("properties", {})
            return {name: self._value(one, defs) for name, one in fields.items()}
        if kind == "array":
            count = schema.get("maxItems", schema.get("minItems", 1))
            return [self._value(schema["items"], defs) for _ in range(count)]
        if kind == "integer":
            return schema.get("minimum", 1)
        return f"a lighthouse under clouds, number {next(self._numbers)}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: ModelServer  # set on a subclass per server

    def do_GET(self) -> None:
        self._note({})
        listed = [{"id": model, "object": "model"} for model in self.told.models]
        self._send(200, json.dumps({"object": "list", "data": listed}))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = json.loads(self.rfile.read(length))
        self._note(request)
        with self.told.counted():
            self._complete(request, self.told.next_fault())

    def _note(self, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.told.seen.append(Seen(self.path, headers, body, time.monotonic()))

    def _complete(self, request: dict[str, Any], fault: Fault | None) -> None:
        time.sleep(self.told.latency)
        kind = fault.kind if fault else ""
        if fault and kind in {"hang", "slow"}:
            time.sleep(fault.seconds)
        if kind in {"drop", "hang"}:
            self.close_connection = True
        elif fault and kind == "status":
            self._refuse(fault)
        elif kind == "broken-body":
            self._send(200, "<html>a proxy says hello")
        else:
            self._send(200, json.dumps(self._completion(request, kind)))

    def _refuse(self, fault: Fault) -> None:
        body = {"error": {"message": f"told to answer {fault.status}", "code": "told"}}
        wait = {"Retry-After": f"{fault.seconds:g}"} if fault.seconds else {}
        self._send(fault.status, json.dumps(body), wait)

    def _completion(self, request: dict[str, Any], kind: str) -> dict[str, Any]:
        text = json.dumps(self.told.answer(request))
        texts = {
            "broken-json": text[:-2],
            "off-schema": '{"something": "else"}',
            "empty": "",
            "refusal": None,
            "cut": text[:20],
        }
        message = {"role": "assistant", "content": texts.get(kind, text)}
        if kind == "refusal":
            message["refusal"] = "I would rather not."
        reason = "length" if kind == "cut" else "stop"
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": request.get("model", MODEL),
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 20},
            },
        }

    def _send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Silent: tests say what they miss."""


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error here: tests kill workers."""


@contextmanager
def serving(told: ModelServer | None = None, port: int = 0) -> Iterator[ModelServer]:
    """A server on a free port (or `port`) of 127.0.0.1 for as long as the block lasts."""
    told = told or ModelServer()
    handler = type("ToldHandler", (Handler,), {"told": told})
    listener = Listener(("127.0.0.1", port), handler)
    told.base_url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    threading.Thread(target=listener.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield told
    finally:
        listener.shutdown()
        listener.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve made-up model answers on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0)
    options = parser.parse_args()
    with serving(ModelServer(latency=options.latency), options.port) as told:
        print(told.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
