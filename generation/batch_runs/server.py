"""The files and batches of a server that has OpenAI's Batch API.

https://developers.openai.com/api/docs/guides/batch. Every request is free: only what is asked in a
batch is in the ledger.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from itertools import islice
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, TypeVar

import httpx2

from generation.calls.exchanges import ERROR_LENGTH, text_for_record
from generation.endpoints import key_of
from generation.models import Batch, Endpoint

# All questions are chat completions, whatever the server's own path is.
ASKED_AT: Final = "/v1/chat/completions"
WINDOW: Final = "24h"
# The name of our key among a batch's metadata.
MARK = "recqr"
PULSE_SECONDS = 3.0
PAGE = 100
# A list that does not end is no list.
MOST_LISTED = 20_000
# The client is imported where it is used: see `exchanges`.
if TYPE_CHECKING:
    from openai.types import Batch as Shown

ENDED = {"completed", "failed", "expired", "cancelled"}
# What the same request will be answered next time as well.
FINAL = {400, 413, 422}
NOT_THERE = 404
Got = TypeVar("Got")


class Trouble(Exception):
    """The server did not do what it was asked; `str(error)` says why, in a sentence."""

    def __init__(self, problem: str, status: int | None = None) -> None:
        super().__init__(text_for_record(problem)[:ERROR_LENGTH])
        self.status = status

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True)
class Remote:
    """A batch as its server shows it; files are named by their ids, "" where there is none."""

    id: str
    status: str
    completed: int
    failed: int
    input_file: str
    output_file: str
    error_file: str
    problem: str

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def was_refused(self) -> bool:
        """Whether it was not even begun."""
        return self.status == "failed" and not self.output_file and not self.error_file


class Server:
    """Asks one endpoint, and shows life of the run while it waits for an answer."""

    def __init__(self, endpoint: Endpoint, keep: Callable[[], None]) -> None:
        from openai import DefaultHttpxClient, OpenAI  # noqa: PLC0415

        self._keep = keep
        self._hand = ThreadPoolExecutor(1)
        self._client = OpenAI(
            api_key=key_of(endpoint),
            base_url=endpoint.base_url,
            max_retries=0,  # the next step tries again
            timeout=endpoint.timeout_seconds,
            http_client=DefaultHttpxClient(verify=_trusted()),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hand.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def greet(self) -> None:
        """Finds out whether it is there, before the work of writing thousands of requests."""
        self._do(lambda: self._client.batches.list(limit=1))

    def upload(self, file: BinaryIO, name: str) -> str:
        """Hands over a file of requests; its id."""
        sent = (name, file, "application/jsonl")
        return text_of(
            self._do(lambda: self._client.files.create(file=sent, purpose="batch")), "id"
        )

    def create(self, batch: Batch) -> Remote:
        return self._shown(
            lambda: self._client.batches.create(
                input_file_id=batch.input_file,
                endpoint=ASKED_AT,
                completion_window=WINDOW,
                metadata={MARK: str(batch.key)},
            )
        )

    def find(self, batch: Batch) -> Remote | None:
        """What became of a batch whose creation was not answered."""
        return self._do(lambda: self._found(batch))

    def look(self, remote_id: str) -> Remote:
        return self._shown(lambda: self._client.batches.retrieve(remote_id))

    def cancel(self, remote_id: str) -> Remote:
        return self._shown(lambda: self._client.batches.cancel(remote_id))

    def download(self, file_id: str, into: BinaryIO) -> None:
        def stream() -> None:
            with self._client.files.with_streaming_response.content(file_id) as reply:
                for part in reply.iter_bytes():
                    into.write(part)

        self._do(stream)

    def delete(self, file_id: str) -> None:
        self._do(lambda: self._client.files.delete(file_id))

    def _found(self, batch: Batch) -> Remote | None:
        """Not every server keeps metadata, but each knows the file."""
        for seen, one in enumerate(self._client.batches.list(limit=PAGE)):
            if seen >= MOST_LISTED:
                raise Trouble("The server's list of batches does not end.")
            marked = (one.metadata or {}).get(MARK) == str(batch.key)
            if marked or one.input_file_id == batch.input_file:
                return _remote(one)
        return None

    def _shown(self, act: Callable[[], Any]) -> Remote:
        return _remote(self._do(act))

    def _do(self, act: Callable[[], Got]) -> Got:
        """In a thread of its own, for the database's connection belongs to this one."""
        waited_for = self._hand.submit(_translated, act)
        while not wait([waited_for], PULSE_SECONDS).done:
            self._keep()
        return waited_for.result()


@cache
def _trusted() -> SSLContext:
    """Reading the authorities that are trusted takes longer than most requests."""
    return httpx2.create_ssl_context()


def _translated(act: Callable[[], Got]) -> Got:
    import openai  # noqa: PLC0415

    try:
        return act()
    except openai.APIStatusError as error:
        told = error.body.get("message") if isinstance(error.body, dict) else None
        problem = f"The server answered {error.status_code}: {told or error.message}"
        raise Trouble(problem, error.status_code) from error
    except openai.APITimeoutError as error:
        raise Trouble("The server did not answer in time.") from error
    except (openai.OpenAIError, httpx2.HTTPError) as error:
        raise Trouble(f"The connection broke: {error.__cause__ or error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise Trouble(f"The server's answer cannot be read: {error}") from error


def _remote(shown: Any) -> Remote:
    """Servers differ: what a batch is said to be is not taken for granted."""
    from openai.types import Batch as Shown  # noqa: PLC0415

    if not isinstance(shown, Shown):
        raise Trouble("The server's answer is no batch.")
    counts = shown.request_counts
    completed, failed = (counts.completed, counts.failed) if counts else (0, 0)
    return Remote(
        id=text_of(shown, "id"),
        status=text_of(shown, "status"),
        completed=_count(completed),
        failed=_count(failed),
        input_file=shown.input_file_id or "",
        output_file=shown.output_file_id or "",
        error_file=shown.error_file_id or "",
        problem=text_for_record("; ".join(_problems(shown))),
    )


def text_of(shown: Any, name: str) -> str:
    """A text that an answer cannot do without. Raises `Trouble`."""
    value = getattr(shown, name, None)
    if not isinstance(value, str) or not value:
        raise Trouble(f"The server's answer has no {name}.")
    return value


def _count(given: Any) -> int:
    return given if isinstance(given, int) and 0 <= given < 2**30 else 0


def _problems(shown: "Shown") -> Iterator[str]:
    for one in islice((shown.errors and shown.errors.data) or [], 5):
        line = f" (line {one.line})" if one.line else ""
        yield f"{one.code}: {one.message}{line}"
