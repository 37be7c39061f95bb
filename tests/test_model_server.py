"""The test server keeps the Batch API's promises, as the real client sees them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.model_server import DROPPED, MODEL, REFUSAL, Fault, ModelServer, serving

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import Batch

SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
}
MESSAGES: list[Any] = [
    {"role": "system", "content": f"Score.\n<schema>\n{json.dumps(SCHEMA)}\n</schema>"},
    {"role": "user", "content": "a lighthouse"},
]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as told:
        yield told


@pytest.fixture
def client(server: ModelServer) -> "Iterator[OpenAI]":
    from openai import OpenAI  # noqa: PLC0415  (half a second, for each process that collects)

    with OpenAI(api_key="none", base_url=server.base_url, max_retries=0) as made:
        yield made


def submitted(client: "OpenAI", count: int) -> "Batch":
    body = {"model": MODEL, "messages": MESSAGES}
    request = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    lines = [json.dumps({**request, "custom_id": f"item-{n}"}) for n in range(count)]
    file = client.files.create(file=("in.jsonl", "\n".join(lines).encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )


def lines_of(client: "OpenAI", file_id: str | None) -> dict[str, Any]:
    text = client.files.content(file_id).text if file_id else ""
    return {line["custom_id"]: line for line in map(json.loads, text.splitlines())}


def test_a_batch_answers_every_line_and_keeps_failures_apart(
    server: ModelServer, client: "OpenAI"
) -> None:
    server.fail(Fault.answers(500), DROPPED, REFUSAL)
    batch = submitted(client, 4)
    assert batch.status == "validating"
    batch = client.batches.retrieve(batch.id)
    good, bad = (lines_of(client, key) for key in (batch.output_file_id, batch.error_file_id))
    assert (batch.status, list(good), list(bad)) == ("completed", ["item-2", "item-3"], ["item-0"])
    assert bad["item-0"]["response"]["status_code"] == 500
    assert good["item-2"]["response"]["body"]["choices"][0]["message"]["refusal"]


@pytest.mark.parametrize("fate", ["expired", "cancelled"])
def test_a_batch_that_ends_early_names_what_was_not_done(
    server: ModelServer, client: "OpenAI", fate: str
) -> None:
    server.batch_fate = fate
    batch = client.batches.retrieve(submitted(client, 4).id)
    left = lines_of(client, batch.error_file_id)
    assert (batch.status, len(lines_of(client, batch.output_file_id))) == (fate, 2)
    assert [line["error"]["code"] for line in left.values()] == [f"batch_{fate}"] * 2


def test_a_batch_that_is_not_valid_says_why(server: ModelServer, client: "OpenAI") -> None:
    batch = client.batches.retrieve(submitted(client, 0).id)
    assert batch.status == "failed"
    assert batch.errors is not None
    assert [problem.code for problem in batch.errors.data or []] == ["empty_file"]


def test_batches_are_listed_page_by_page_and_cancelled(
    server: ModelServer, client: "OpenAI"
) -> None:
    server.batch_seconds = 60
    keys = [submitted(client, 1).id for _ in range(3)]
    assert [batch.id for batch in client.batches.list(limit=2)] == keys[::-1]
    assert client.batches.cancel(keys[0]).status == "cancelling"
    assert client.batches.retrieve(keys[0]).status == "cancelled"


def test_files_are_kept_as_they_came_and_deleted(client: "OpenAI") -> None:
    from openai import NotFoundError  # noqa: PLC0415  (as above)

    content = "Küste 日本\u2028\r\n--\n".encode() * 1000
    file = client.files.create(file=("in.jsonl", content), purpose="batch")
    assert client.files.content(file.id).content == content
    assert client.files.delete(file.id).deleted
    with pytest.raises(NotFoundError):
        client.files.retrieve(file.id)


def test_a_lost_answer_was_carried_out_all_the_same(server: ModelServer, client: "OpenAI") -> None:
    from openai import APIConnectionError  # noqa: PLC0415  (as above)

    server.fail_files(DROPPED)
    with pytest.raises(APIConnectionError):
        client.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    assert [file.filename for file in client.files.list()] == ["in.jsonl"]


def test_a_schema_in_the_prompt_is_kept_to_with_and_without_a_fence(client: "OpenAI") -> None:
    replies = [client.chat.completions.create(model=MODEL, messages=MESSAGES) for _ in range(2)]
    fenced, bare = [reply.choices[0].message.content or "" for reply in replies]
    assert (fenced[:8], fenced[-4:]) == ("```json\n", "\n```")
    assert 1 <= json.loads(bare)["score"] <= 5


def test_who_asks_too_often_is_refused_and_counted(server: ModelServer, client: "OpenAI") -> None:
    from openai import RateLimitError  # noqa: PLC0415  (as above)

    server.most_per_minute = 1
    client.chat.completions.create(model=MODEL, messages=MESSAGES)
    with pytest.raises(RateLimitError) as refused:
        client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert 50 < float(refused.value.response.headers["retry-after"]) <= 60
    assert server.refused_for_rate == 1
