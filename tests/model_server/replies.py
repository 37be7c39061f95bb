"""The bodies that an OpenAI-compatible server answers with."""

from typing import Any

import orjson

from tests.model_server.faults import Fault
from tests.model_server.transport import Reply

MODEL = "tiny-test-model"
USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 20},
}


def data(value: Any, status: int = 200) -> Reply:
    return Reply(status, orjson.dumps(value))


def refused(status: int, message: str, code: str | None = None, wait: float = 0) -> Reply:
    """An error as OpenAI words it; `wait` seconds go into `Retry-After`."""
    error = {"message": message, "type": "told", "param": None, "code": code}
    headers = {"Retry-After": f"{wait:g}"} if wait else {}
    return Reply(status, orjson.dumps({"error": error}), headers)


def faulty(fault: Fault, request: dict[str, Any], text: str) -> Reply | None:
    """What comes back where `fault` happens to a reply of `text`."""
    if fault.kind in ("drop", "hang"):
        return None
    if fault.kind == "status":
        return refused(fault.status, f"told to answer {fault.status}", "told", fault.seconds)
    if fault.kind == "broken-body":
        return Reply(200, b"<html>a proxy says hello")
    return completion(request, text, fault.kind)


def completion(request: dict[str, Any], text: str, kind: str = "") -> Reply:
    """A chat completion of `text`, spoilt in the way that a fault of this kind spoils it."""
    spoilt = {
        "broken-json": text[:-2],
        "off-schema": '{"something": "else"}',
        "empty": "",
        "refusal": None,
        "cut": text[:20],
    }
    message = {"role": "assistant", "content": spoilt.get(kind, text)}
    if kind == "refusal":
        message["refusal"] = "I would rather not."
    reason = "length" if kind == "cut" else "stop"
    return data(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": request.get("model", MODEL),
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": USAGE,
        }
    )
