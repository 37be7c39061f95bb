"""What a reply says: its tokens, and its answer in the form that was asked for."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from generation.ledger import Usage

Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True)
class Reading(Generic[Form]):
    """An answer, or why there is none that can be used."""

    usage: Usage = field(default_factory=Usage)
    answer: Form | None = None
    unusable: str = ""


@cache
def response_format(form: type[BaseModel]) -> dict[str, Any]:
    """A form as the `response_format` of a request, so that the server keeps to it."""
    schema = {"name": form.__name__.lower(), "strict": True, "schema": form.model_json_schema()}
    return {"type": "json_schema", "json_schema": schema}


def read(body: str, form: type[Form]) -> Reading[Form]:
    """Reads the body of a chat completion. Servers differ: nothing of it is taken for granted."""
    try:
        reply = json.loads(body)
        choice = reply["choices"][0]
        message = choice["message"]
    except (ValueError, LookupError, TypeError):
        return Reading(unusable="The reply is no chat completion.")
    usage = _usage(reply.get("usage"))
    answer, unusable = _answer(choice, message, form)
    return Reading(usage, answer, unusable)


def _answer(choice: Any, message: Any, form: type[Form]) -> tuple[Form | None, str]:
    refusal, content = message.get("refusal"), message.get("content")
    if refusal:
        return None, f"The model refused: {refusal}"
    if choice.get("finish_reason") == "length":
        return None, "The reply was cut off at the model's limit."
    if choice.get("finish_reason") == "content_filter":
        return None, "The server's content filter held the reply back."
    if not isinstance(content, str) or not content.strip():
        return None, "The reply is empty."
    return _formed(content, form)


def _formed(content: str, form: type[Form]) -> tuple[Form | None, str]:
    try:
        data = json.loads(content)
    except ValueError as error:
        return None, f"The reply is no JSON: {error}"
    try:
        return form.model_validate(data), ""
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        return None, f"The reply is not of the form asked for: {place}: {first['msg']}"


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(
        tokens_input=_count(usage.get("prompt_tokens")),
        tokens_cached=_count(cached),
        tokens_output=_count(usage.get("completion_tokens")),
    )


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None
