"""One request to an OpenAI-compatible server and what came back, whatever it was.

Never raises for what a server or a network does: a failure is an `Exchange` as well, since each
becomes a row of the ledger.
"""

import asyncio
import time
from dataclasses import dataclass
from socket import gaierror
from typing import TYPE_CHECKING, Any

import orjson

from generation.calls.pacing import exhausted_for, retry_after

# The client takes half a second to import, in processes that ask no model as well: it is imported
# where it is used.
if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI
    from openai._types import RequestOptions

COMPLETIONS = "/chat/completions"
EMBEDDINGS = "/embeddings"
AS_JSON: "RequestOptions" = {"headers": {"Content-Type": "application/json"}}
AGAIN = {408, 409, 429}
ERROR_LENGTH = 1000


@dataclass(frozen=True)
class Exchange:
    """What came back: a body, or the problem in words.

    `again` says whether the same request may work later, `wait` how many seconds the server asked
    to be left alone, `shut_for` for how long nobody else should ask it either.
    """

    seconds: float
    status_code: int | None = None
    body: str = ""
    problem: str = ""
    again: bool = False
    wait: float | None = None
    shut_for: float = 0.0


async def exchange(
    client: "AsyncOpenAI", request: dict[str, Any], *, path: str = COMPLETIONS, seconds: float
) -> Exchange:
    """Sends a request to a path below the server's address, and gives up on it after `seconds`."""
    import httpx2  # noqa: PLC0415
    import openai  # noqa: PLC0415

    began, body = time.monotonic(), orjson.dumps(request)
    try:
        async with asyncio.timeout(seconds):
            # Not `chat.completions.create`: it refuses parameters that OpenAI does not know, and
            # goes through request and reply field by field, half of the client's work.
            answer = await client.post(path, cast_to=httpx2.Response, content=body, options=AS_JSON)
    except TimeoutError as error:
        return Exchange(time.monotonic() - began, problem=_broken(error, seconds), again=True)
    except openai.APIStatusError as error:
        return _refused(error, time.monotonic() - began)
    except openai.APIConnectionError as error:
        problem = _broken(error, seconds)
        return Exchange(time.monotonic() - began, problem=problem, again=True)
    except openai.OpenAIError as error:
        return Exchange(time.monotonic() - began, problem=str(error))
    took = time.monotonic() - began
    shut_for = exhausted_for(answer.headers)
    return Exchange(took, answer.status_code, body=text_for_record(answer.text), shut_for=shut_for)


def _broken(error: Exception, seconds: float) -> str:
    """Why no reply came. The transport calls a refused connection a time-out as well."""
    from openai import APITimeoutError  # noqa: PLC0415

    reason: BaseException | None = error
    while reason is not None and not isinstance(reason, ConnectionError | gaierror):
        reason = reason.__cause__
    if isinstance(reason, ConnectionRefusedError):
        return "Nothing answers at the endpoint's address: the connection was refused."
    if isinstance(reason, gaierror):
        return "The name of the endpoint's server is not known."
    if reason is None and isinstance(error, TimeoutError | APITimeoutError):
        return f"No reply within {seconds:g} seconds."
    return f"The connection broke: {text_for_record(str(error.__cause__ or error))}"


def text_for_record(text: str) -> str:
    """`text` as PostgreSQL can keep it: without NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _refused(error: "APIStatusError", took: float) -> Exchange:
    status, body = error.status_code, text_for_record(error.response.text)
    # A spent account answers 429 too, but no waiting helps.
    again = (status in AGAIN or status >= 500) and error.code != "insufficient_quota"
    problem = f"The server answered {status}: {text_for_record(error.message)[:ERROR_LENGTH]}"
    wait = retry_after(error.response.headers)
    # A limit is the endpoint's: whoever else asks now would only be refused as well.
    shut_for = max(wait or 0.0, exhausted_for(error.response.headers)) if again else 0.0
    return Exchange(took, status, body, problem, again, wait, shut_for)
