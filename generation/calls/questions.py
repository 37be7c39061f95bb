"""What is asked of a model, and the request that carries it to an endpoint."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Protocol

import orjson
from pydantic import BaseModel

from generation.calls.exchanges import COMPLETIONS
from generation.calls.readings import Reading, Said
from generation.calls.replies import Form, read
from generation.models import Endpoint, Prompt, StructuredOutput
from generation.seeing import redacted

Message = dict[str, Any]

# What a request is made of itself: no extra parameter may take its place.
OUR_PARAMETERS = {"model", "messages", "response_format", "stream", "stream_options", "n"}
OUR_PARAMETERS |= {"input", "modality", "dimensions"}
# Servers differ in how much of JSON schema they take; these only narrow, and we check them anyway.
NOT_SENT = {"title", "default", "minLength", "maxLength"}
SCHEMA_FOLLOWS = "Answer with one JSON value that fits this JSON schema, and with nothing besides:"


@dataclass(frozen=True)
class Sealed:
    """A request as it is kept: pictures by their checksum, so that rows stay small.

    `hash` is its SHA-256 whatever the order of its keys, `characters` the length of its text,
    `pictures` their number.
    """

    kept: dict[str, Any]
    hash: str
    characters: int
    pictures: int

    @classmethod
    def of(cls, kept: dict[str, Any], pictures: int) -> "Sealed":
        body = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
        return cls(kept, hashlib.sha256(body).hexdigest(), len(body.decode()), pictures)


class Asking(Protocol[Said]):
    """Anything that a model can be asked in one call, and how its reply is read.

    `path` is where below the endpoint's address, `tokens_output` the likely length of the answer.
    """

    @property
    def path(self) -> str: ...
    @property
    def prompt(self) -> Prompt | None: ...
    @property
    def tokens_output(self) -> int: ...
    @property
    def saw_target(self) -> bool: ...

    def request(self, endpoint: Endpoint, model: str) -> dict[str, Any]: ...

    def sealed(self, request: dict[str, Any]) -> Sealed: ...

    def read(self, body: str) -> Reading[Said]: ...


@dataclass(frozen=True)
class Question(Generic[Form]):
    """Messages and the form of the answer; `tokens_output` is its likely length."""

    path = COMPLETIONS

    prompt: Prompt | None
    messages: list[Message]
    form: type[Form]
    tokens_output: int
    saw_target: bool = False

    def request(self, endpoint: Endpoint, model: str) -> dict[str, Any]:
        return request_for(endpoint, model, self)

    def sealed(self, request: dict[str, Any]) -> Sealed:
        return sealed(request)

    def read(self, body: str) -> Reading[Form]:
        return read(body, self.form)


@dataclass(frozen=True)
class Unanswered:
    """A question that stays without a usable reply, and why."""

    reason: str


Answer = BaseModel | Unanswered


def request_for(endpoint: Endpoint, model: str, question: Question[Form]) -> dict[str, Any]:
    """The body of a chat completion request, with the form as this endpoint understands it."""
    messages, asked = question.messages, dict[str, Any]()
    if endpoint.structured_output == StructuredOutput.JSON_SCHEMA:
        asked = {"response_format": response_format(question.form)}
    else:
        messages = _with_schema(messages, question.form)
    if endpoint.structured_output == StructuredOutput.JSON_OBJECT:
        asked = {"response_format": {"type": "json_object"}}
    return {"model": model, "messages": messages, **asked, **endpoint.extra_parameters}


def sealed(request: dict[str, Any]) -> Sealed:
    kept = redacted(request)
    pictures = sum(part.get("type") == "image_url" for part in _parts(kept))
    return Sealed.of(kept, pictures)


@cache
def response_format(form: type[BaseModel]) -> dict[str, Any]:
    """A form as the `response_format` of a request, so that the server keeps to it."""
    schema = {"name": form.__name__.lower(), "strict": True, "schema": schema_of(form)}
    return {"type": "json_schema", "json_schema": schema}


@cache
def schema_of(form: type[BaseModel]) -> Any:
    """The JSON schema of a form, as far as all servers take it."""
    return _plain(form.model_json_schema())


def _plain(schema: Any, *, names: bool = False) -> Any:
    """`names`: the keys of this object are names of properties, not words of JSON schema."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _plain(value, names=not names and key in {"properties", "$defs"})
        for key, value in schema.items()
        if names or key not in NOT_SENT
    }


def _with_schema(messages: list[Message], form: type[BaseModel]) -> list[Message]:
    system, *others = messages
    schema = json.dumps(schema_of(form), ensure_ascii=False)
    told = f"{system['content']}\n\n{SCHEMA_FOLLOWS}\n<schema>\n{schema}\n</schema>"
    return [{**system, "content": told}, *others]


def _parts(request: dict[str, Any]) -> list[dict[str, Any]]:
    contents = [message.get("content") for message in request["messages"]]
    return [part for content in contents if isinstance(content, list) for part in content]
