"""Documents packed as gzip, objects over many lines, and what stands where no record may stand."""

import gzip
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.errors import Invalid
from review.importing import reading
from review.importing.engine import import_dialogues
from review.models import Dialogue
from tests.test_import_native import IMAGES, record, write
from tests.test_import_reading import ELEMENTS, read

ONE = {"id": "d-1", "turns": [{"role": "user", "text": "that one"}]}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["set.jsonl.gz", "set.jsonl", "set"])
def test_a_gzip_file_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = b"\n".join(orjson.dumps({**ONE, "id": f"d-{n}"}) for n in range(3000))
    path.write_bytes(gzip.compress(lines))
    report = import_dialogues(dataset="coast-2", path=path)
    assert report.dialogues.created == 3000
    assert report.bytes_read == report.bytes_total == path.stat().st_size


@pytest.mark.django_db
def test_a_gzip_file_in_a_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, [record()], IMAGES)
    plain = tmp_path / "dialogues.jsonl"
    (tmp_path / "dialogues.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert import_dialogues(dataset="coast-2", path=tmp_path).dialogues.created == 1


@pytest.mark.django_db
def test_a_gzip_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl.gz"
    path.write_bytes(gzip.compress(orjson.dumps(ONE) * 100)[:-12])
    with pytest.raises(Invalid, match=r"set.jsonl.gz cannot be unpacked.*Pack it again"):
        import_dialogues(dataset="coast-2", path=path)


@pytest.mark.django_db
def test_a_gzip_bomb_is_refused_and_nothing_is_in(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "' + bytes(60_000_000)))
    with pytest.raises(Invalid, match="looks like a bomb"):
        import_dialogues(dataset="coast-2", path=path, format="native")
    assert not Dialogue.objects.exists()


@settings(max_examples=100, suppress_health_check=[HealthCheck.differing_executors])
@given(ELEMENTS, st.integers(1, 7))
def test_objects_over_many_lines_come_out_as_they_are(elements: list[Any], step: int) -> None:
    wanted = [{"id": 1, **element} for element in elements]
    content = b"\n".join(orjson.dumps(e, option=orjson.OPT_INDENT_2) for e in wanted)
    found = read(content, step)
    assert [orjson.loads(piece.content) for piece in found] == wanted


def faults(content: bytes) -> list[str]:
    return [piece.fault for piece in reading.slices(io.BytesIO(content), "x.json") if piece.fault]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[1, 2]", "found [1,2] instead"),
        (b'[{"a": 1}, 5]', "found ,5] instead"),
        (b'[{"a": 1},]', "found ,] instead"),
        (b'[{"a": 1}], {"b": 2}]', "after the array has ended"),
        (b'[{"a": 1}] hello', "found hello at the end"),
        (b'{\n "a": 1}\n}\n', "found } instead"),
        (b'{\n "a": 1}\nhello', "found hello at the end"),
    ],
)
def test_what_is_no_record_is_never_passed_over(content: bytes, fault: str) -> None:
    assert any(fault in found for found in faults(content))


@pytest.mark.parametrize("content", [b"[]", b" [ ]\n", b'[{"a": 1}]\n', b'{\n "a": 1}\n', b""])
def test_what_is_sound_has_no_fault(content: bytes) -> None:
    assert faults(content) == []


@given(st.binary(max_size=60), st.sampled_from([b"[", b"{\n ", b""]))
def test_no_bytes_whatever_break_the_reader(content: bytes, start: bytes) -> None:
    with suppress(Invalid):  # UTF-16
        for piece in reading.slices(io.BytesIO(start + content), "x.json"):
            assert piece.line >= 1
