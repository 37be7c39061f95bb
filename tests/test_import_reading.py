"""A JSON array is cut into its elements exactly, wherever the chunks of the file end."""

import io
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.importing import reading
from review.importing.limits import RECORD_BYTES

TEXT = st.text(alphabet='ab"\\{}[],\n:é', max_size=8)
ELEMENTS = st.lists(
    st.dictionaries(TEXT, TEXT | st.lists(TEXT, max_size=3) | st.integers(0, 9), max_size=3),
    max_size=8,
)


class Dripping(io.BytesIO):
    """Gives a few bytes at a time, however many are asked for."""

    step = 3

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.step)


def read(content: bytes, step: int) -> list[reading.Slice]:
    stream = Dripping(content)
    stream.step = step
    return list(reading.slices(stream, "x.json"))


@settings(max_examples=200, suppress_health_check=[HealthCheck.differing_executors])
@given(ELEMENTS, st.integers(1, 7), st.booleans())
def test_elements_come_out_as_they_are(elements: list[Any], step: int, indented: bool) -> None:
    content = orjson.dumps(elements, option=orjson.OPT_INDENT_2 if indented else 0)
    found = read(content, step)
    assert [orjson.loads(piece.content) for piece in found] == elements
    for piece in found:
        begins = content.splitlines()[piece.line - 1] if indented else content
        assert piece.content.split(b"\n")[0] in begins


@pytest.mark.parametrize("step", [1, 5, 100_000])
def test_what_stands_between_elements_is_named(step: int) -> None:
    found = read(b'[{"a": 1} {"b": 2},\n5, {"c": 3}]', step)
    assert [bool(piece.fault) for piece in found] == [False, True, False, True, False]
    assert ",5," in found[3].fault


@pytest.mark.parametrize("opening", [b'[{"a": "', b'[{"a": ["x", "'])
def test_an_element_that_is_too_long_costs_itself_alone(opening: bytes) -> None:
    closing = b'"}' if opening.endswith(b': "') else b'"]}'
    content = opening + b"x" * (RECORD_BYTES + 9) + closing + b', {"b": 1}]'
    found = read(content, 100_000)
    assert [bool(piece.fault) for piece in found] == [True, False]
    assert found[1].content == b'{"b": 1}'


def test_a_line_that_is_too_long_costs_itself_alone() -> None:
    content = b'{"a": 1}\n{"b": "' + b"x" * (RECORD_BYTES * 3) + b'"}\n{"c": 1}'
    found = read(content, 100_000)
    assert [(piece.line, bool(piece.fault)) for piece in found] == [
        (1, False),
        (2, True),
        (3, False),
    ]
