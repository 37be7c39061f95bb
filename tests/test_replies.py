"""What a model said is read for what it is, however it wraps it, and never for more."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from generation.calls.replies import json_in, read


class Pair(BaseModel):
    first: str
    second: int


GOOD = '{"first": "a {brace} and a [bracket]", "second": 2}'


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\nI hope that this helps.",
        f"Here it is: {GOOD}",
        f"<think>Is {{this}} it? [no]</think>\n{GOOD}",
        f"Of the [two] this one:\n{GOOD}\n",
        json.dumps(json.loads(GOOD), indent=2),
    ],
)
def test_the_value_is_found_in_whatever_stands_around_it(content: str) -> None:
    assert json_in(content) == json.loads(GOOD)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no value at all",
        '{"outer": {"first": "a", "second": 2}',
        '{\n "outer": {\n  "first": "a"\n }\n',
        '[{"first": "a", "second": 2}, ',
        "{" * 10_000,
    ],
)
def test_a_part_of_a_broken_value_is_not_taken_for_the_whole(content: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        json_in(content)


def body(**message: Any) -> str:
    choice = {"message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": -1}})


def test_tokens_that_are_no_count_are_unknown() -> None:
    usage = read(body(content=GOOD), Pair).usage
    assert (usage.tokens_input, usage.tokens_output) == (7, None)


@pytest.mark.parametrize(
    "reply", ["[]", "null", '{"choices": [3]}', '{"choices": [{"message": 1}]}']
)
def test_what_is_no_chat_completion_is_said_to_be_none(reply: str) -> None:
    assert read(reply, Pair).unusable == "The reply is no chat completion."


def test_thousands_of_brackets_are_unusable_and_break_nothing() -> None:
    assert "no JSON" in read(body(content="[" * 100_000), Pair).unusable
