"""One request to an OpenAI-compatible server and what came back, whatever it was.

Never raises for what a server or a network does: a failure is an `Exchange` as well, since each
becomes a row of the ledger.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError

AGAIN = {408, 409, 429}
ERROR_LENGTH = 1000


@dataclass(frozen=True)
class Exchange:
    """What came back: a body, or the problem in words.

    `again` says whether the same request may work later, `wait` how many seconds the server asked
    to be left alone.
    """

    seconds: float
    status_code: int | None = None
    body: str = ""
    problem: str = ""
    again: bool = False
    wait: float | None = None


async def exchange(client: AsyncOpenAI, request: dict[str, Any], *, seconds: float) -> Exchange:
    """Sends a chat completion request, and gives up on it after `seconds`."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            answer = await client.chat.completions.with_raw_response.create(**request)
    except (TimeoutError, APITimeoutError):
        problem = f"No reply within {seconds:g} seconds."
        return Exchange(time.monotonic() - began, problem=problem, again=True)
    except APIStatusError as error:
        return _refused(error, time.monotonic() - began)
    except APIConnectionError as error:
        problem = f"The connection broke: {error.__cause__ or error}"
        return Exchange(time.monotonic() - began, problem=problem, again=True)
    except OpenAIError as error:
        return Exchange(time.monotonic() - began, problem=str(error))
    took = time.monotonic() - began
    return Exchange(took, answer.status_code, body=text_for_record(answer.text))


def text_for_record(text: str) -> str:
    """`text` as PostgreSQL can keep it: without NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _refused(error: APIStatusError, took: float) -> Exchange:
    status, body = error.status_code, text_for_record(error.response.text)
    # A spent account answers 429 too, but no waiting helps.
    again = (status in AGAIN or status >= 500) and error.code != "insufficient_quota"
    problem = f"The server answered {status}: {text_for_record(error.message)[:ERROR_LENGTH]}"
    wait = retry_after(error.response.headers)
    return Exchange(took, status, body=body, problem=problem, again=again, wait=wait)


def retry_after(headers: Any) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
