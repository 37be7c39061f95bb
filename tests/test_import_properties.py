"""Whatever a source holds, an import ends, counts every record once, and keeps what it takes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.importing.engine import import_dialogues
from review.importing.limits import RECORD_BYTES
from review.importing.reading import slices
from review.models import Dataset, Dialogue
from tests.plugins.records import PROJECT
from tests.test_import_native import TURNS, record

pytestmark = pytest.mark.django_db
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.sampled_from(["d-1", "d-2", "d-3"]) | ANYTHING,
    "turns": st.just(TURNS[:1]) | st.lists(st.just(TURNS[0]) | ANYTHING, max_size=3),
    "target_images": st.just([]) | ANYTHING,
    "candidates": st.just([{"text": "the one", "author": "a"}]) | ANYTHING,
    "metadata": st.just({}) | ANYTHING,
}
RECORDS = st.fixed_dictionaries({}, optional=PARTS) | ANYTHING
LINES = st.lists(RECORDS.map(lambda value: dumps(value)) | st.binary(max_size=12), max_size=8)


def dumps(value: Any) -> bytes:
    """As a careless writer does it: numbers of any length, NaN, half surrogates."""
    return json.dumps(value).encode()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LINES)
def test_every_line_is_taken_or_named_once(tmp_path: Path, lines: list[bytes]) -> None:
    Dataset.objects.all().delete()
    path = tmp_path / "set.jsonl"
    # A first line that is sound, so that the file is JSON lines whatever follows.
    path.write_bytes(b"\n".join([orjson.dumps(record("d-0", **SOUND)), *lines]))
    report = import_dialogues(dataset="any", path=path, format="native")
    with path.open("rb") as file:
        assert report.dialogues.total() == len(list(slices(file, path.name)))
    assert report.dialogues.created == Dialogue.objects.count() >= 1
    assert report.problems == report.dialogues.rejected == len(report.errors)
    assert all(error["reason"] for error in report.errors)
    again = import_dialogues(dataset="any", path=path, format="native")
    assert again.dialogues.unchanged == report.dialogues.created
    assert again.errors == report.errors


SOUND: dict[str, Any] = {"turns": TURNS[:1], "target_images": []}


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**40])
@pytest.mark.parametrize("place", ["metadata", "further"])
def test_a_number_beyond_64_bits_does_not_change_silently(
    tmp_path: Path, number: int, place: str
) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(dumps(record(**SOUND, **{place: {"n": number}})))
    report = import_dialogues(dataset="any", path=path, format="native")
    assert "beyond 64 bits" in report.errors[0]["reason"]


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 2**53 + 1, 0.1, 1e-30])
def test_numbers_within_64_bits_come_back_as_they_are(tmp_path: Path, number: float) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(dumps(record(**SOUND, metadata={"n": number})))
    import_dialogues(dataset="any", path=path, format="native")
    assert Dialogue.objects.get().metadata == {"n": number}


# How much more memory it takes to read a file, in kilobytes.
READ = """
import resource, sys
from review.importing.reading import slices
from review.importing.streams import Document
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most()
with Document(open(sys.argv[1], "rb"), "x") as stream:
    found = [(bool(piece.fault), len(piece.content)) for piece in slices(stream, "x")]
print(most() - before, len(found), sum(fault for fault, _ in found))
"""


@pytest.mark.parametrize("kind", ["lines", "array"])
def test_a_record_of_50_megabytes_costs_itself_and_no_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "set.json"
    sound = orjson.dumps(record(**SOUND))
    big = b'{"id": "big", "turns": "' + b"x" * 50_000_000 + b'"}'
    start, between, end = {"lines": (b"", b"\n", b""), "array": (b"[", b",", b"]")}[kind]
    path.write_bytes(start + between.join([sound, big, sound]) + end)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], cwd=PROJECT, capture_output=True, check=True
    )
    kilobytes, records, faults = map(int, done.stdout.split())
    assert (records, faults) == (3, 1)
    assert kilobytes < 8 * RECORD_BYTES / 1024
