"""What a reply says: its tokens, and its answer in the form that was asked for."""

import json
import re
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from generation.calls.readings import Reading, Usage

Form = TypeVar("Form", bound=BaseModel)

# Some models think aloud first, and some fence their JSON whatever they are told.
THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
# Where a value may begin: the first one of all, and at the start of a line. What stands within a
# line, or indented, may be a part of a broken one, which would pass for the whole.
OPENING = re.compile(r"\A[^{\[]*?([{\[])|^([{\[])", re.MULTILINE)
MOST_OPENINGS = 20


def read(body: str, form: type[Form]) -> Reading[Form]:
    """Reads the body of a chat completion. Servers differ: nothing of it is taken for granted."""
    try:
        reply = json.loads(body)
        choice = reply["choices"][0]
        message = choice["message"]
        refusal, content = message.get("refusal"), message.get("content")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Reading(unusable="The reply is no chat completion.")
    usage = Usage.of(reply.get("usage"))
    answer, unusable = _answer(choice.get("finish_reason"), refusal, content, form)
    return Reading(usage, answer, unusable)


def said(body: str) -> str:
    """The model's own words in the body of a reply; all of it where none are found."""
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        return body
    return content if isinstance(content, str) else body


def _answer(ended: Any, refusal: Any, content: Any, form: type[Form]) -> tuple[Form | None, str]:
    if refusal:
        return None, f"The model refused: {refusal}"
    if ended == "length":
        return None, "The reply was cut off at the model's limit."
    if ended == "content_filter":
        return None, "The server's content filter held the reply back."
    if not isinstance(content, str) or not content.strip():
        return None, "The reply is empty."
    return _formed(content, form)


def _formed(content: str, form: type[Form]) -> tuple[Form | None, str]:
    try:
        data = json_in(content)
    except ValueError as error:
        return None, f"The reply is no JSON: {error}"
    except RecursionError:
        return None, "The reply is no JSON that can be read: it is nested too deeply."
    try:
        return form.model_validate(data), ""
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        return None, f"The reply is not of the form asked for: {place}: {first['msg']}"


def json_in(content: str) -> Any:
    """The JSON value of a reply: all of it, or the first one after thoughts, words or a fence."""
    try:
        return json.loads(content)
    except ValueError as error:
        first_error = error
    said = THOUGHT.sub("", content, count=1)
    decoder = json.JSONDecoder()
    for opening in islice(OPENING.finditer(said), MOST_OPENINGS):
        try:
            return decoder.raw_decode(said, opening.end() - 1)[0]
        except ValueError:
            continue
    raise first_error
