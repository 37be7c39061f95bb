"""A bad record is rejected with file, line, field and reason; its neighbours go in."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.importing import limits
from review.importing.checking import checked_dialogue, content_hash
from review.importing.engine import import_dialogues
from review.importing.records import Kind, Record, Rejected
from review.importing.report import Report
from review.models import Dialogue
from tests.test_import_native import IMAGES, TURNS, record, write

pytestmark = pytest.mark.django_db
USER, ASSISTANT = TURNS[0], TURNS[1]


def imported(folder: Path, bad: Any) -> Report:
    write(folder, [record("before"), bad, record("after")], IMAGES)
    return import_dialogues(dataset="coast-2", path=folder)


def said(text: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "text": text}]


BAD: list[tuple[Any, str, str]] = [
    (record(turns=[]), "turns", "at least one turn"),
    (record(turns=None), "turns", "at least one turn"),
    ({"id": "d-1"}, "turns", "at least one turn"),
    (record(turns="hello"), "turns", "a list, this is text"),
    (record(turns=["hello"]), "turns[0]", "an object, this is text"),
    (record(turns=[USER, ASSISTANT]), "turns[1].role", "the last turn is the user's"),
    (record(turns=said("")), "turns[0].text", "the text is empty"),
    (record(turns=said(" \n")), "turns[0].text", "the text is empty"),
    (record(turns=said(7)), "turns[0].text", "text, this is a number"),
    (record(turns=[{"role": "user"}]), "turns[0].text", "missing"),
    (record(turns=[{"role": "bot", "text": "hi"}, USER]), "turns[0].role", "unknown role “bot”"),
    (record(turns=[{"text": "hi"}]), "turns[0].role", "this is null"),
    (record(turns=said("a\x07b")), "turns[0].text", "U+0007 at character 2"),
    (record(turns=said("a\x00b")), "turns[0].text", "NUL"),
    (record(turns=said("x" * (limits.TEXT_CHARACTERS + 1))), "turns[0].text", "too long"),
    (record(turns=[{**USER, "images": "pier"}]), "turns[0].images", "a list, this is text"),
    (record(turns=[{**USER, "images": None}]), "turns[0].images", "null"),
    (record(turns=[{**USER, "images": ["no"]}]), "turns[0].images[0]", "unknown image “no”"),
    (record(target_images=["pier", "no"]), "target_images[1]", "unknown image “no”"),
    (record(target_images=[3]), "target_images[0]", "text, this is a number"),
    (record(id=5), "id", "text, this is a number"),
    (record(id=""), "id", "empty"),
    (record(id="a\x00"), "id", "U+0000"),
    (record(id="x" * 201), "id", "too long"),
    (record(id="before"), "id", "duplicate id: line 1 has it too"),
    (record(metadata=[1]), "metadata", "an object, this is a list"),
    (record(metadata={"a": "b\x00"}), "metadata.a", "NUL"),
    (record(metadata={"a\x00": "b"}), "metadata", "NUL"),
    (record(candidates=[{"text": ""}]), "candidates[0].text", "empty"),
    (record(candidates=["x"]), "candidates[0]", "an object"),
    (
        record(candidates=[{"text": "t", "judgements": [{"judge": "j", "score": 6}]}]),
        "candidates[0].judgements[0].score",
        "from 1 to 5",
    ),
    (b'{"id": "d-1", "turns": [', "", "not JSON at line 2, column"),
    (b'{"id": "d-1", "turns": "\xff"}', "", "not UTF-8 in line 2: byte 0xff"),
    (b'{"id": "d-1", "turns": "\\ud800"}', "", "half of a surrogate pair at line 2"),
    (b'["d-1"]', "", "a record is an object, this is a list"),
    (b'{"id": "d-1", "x": ' + b"[" * 2000 + b"]" * 2000 + b"}", "", "nested too deeply"),
    (b'{"id": "d-1", "x": ' + b"[" * 400 + b"]" * 400 + b"}", "", "nested too deeply"),
    (record(metadata={"x": orjson.loads(b"[" * 60 + b"]" * 60)}), "metadata", "nested more than"),
    (b'{"id": "' + b"x" * (limits.RECORD_BYTES + 1) + b'"}', "", "more than 4,194,304 bytes"),
]


@pytest.mark.parametrize(("bad", "field", "reason"), BAD)
def test_a_bad_record_is_named_and_its_neighbours_go_in(
    tmp_path: Path, bad: Any, field: str, reason: str
) -> None:
    report = imported(tmp_path, bad)
    assert report.dialogues.created == 2
    assert report.dialogues.rejected == 1
    (error,) = report.errors
    assert (error["file"], error["line"]) == ("dialogues.jsonl", 2)
    assert error["field"] == field
    assert reason in error["reason"]
    assert set(Dialogue.objects.values_list("external_id", flat=True)) == {"before", "after"}


@pytest.mark.parametrize(
    "turns",
    [
        [{"role": "assistant", "text": "", "images": ["pier"]}, USER],
        said("tab\tand\r\nline"),
        said("مرحبا \u200f👩‍👩‍👧 \u2028"),
        said("looks like \\u0000 but is text"),
        [USER, USER],
        [{**USER, "timestamp": 12}],
    ],
)
def test_unusual_but_sound_text_goes_in_as_it_is(tmp_path: Path, turns: list[Any]) -> None:
    imported(tmp_path, record(turns=turns))
    assert Dialogue.objects.get(external_id="d-1").turns == turns


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    write(tmp_path, [], IMAGES)
    lines = [orjson.dumps(record(f"d-{n}")) for n in range(3)]
    (tmp_path / "dialogues.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\r\n\r\n".join(lines))
    assert import_dialogues(dataset="coast-2", path=tmp_path).dialogues.created == 3


def test_a_last_line_that_was_cut_off_is_rejected_alone(tmp_path: Path) -> None:
    write(tmp_path, [], IMAGES)
    whole = orjson.dumps(record("d-1"))
    (tmp_path / "dialogues.jsonl").write_bytes(whole + b"\n" + whole[:50])
    report = import_dialogues(dataset="coast-2", path=tmp_path)
    assert (report.dialogues.created, report.dialogues.rejected) == (1, 1)


def test_a_bad_image_record_is_named_and_dialogues_that_need_it_are_too(tmp_path: Path) -> None:
    write(tmp_path, [record()], [{"id": "pier", "caption": 5}, {"id": "lighthouse"}])
    report = import_dialogues(dataset="coast-2", path=tmp_path)
    assert [(e["file"], e["field"]) for e in report.errors] == [
        ("images.jsonl", "caption"),
        ("dialogues.jsonl", "turns[1].images[0]"),
    ]


def test_two_images_of_one_id_keep_the_first(tmp_path: Path) -> None:
    images = [*IMAGES, {"id": "pier", "caption": "another"}]
    write(tmp_path, [record()], images)
    report = import_dialogues(dataset="coast-2", path=tmp_path)
    assert "line 1 has it too" in report.errors[0]["reason"]
    assert (report.images.created, report.images.rejected) == (2, 1)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = ["id", "turns", "target_images", "candidates", "metadata"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), ANYTHING))
def test_no_record_whatever_breaks_the_checks(value: dict[str, Any]) -> None:
    came = Record(Kind.DIALOGUE, value, "f", 1)
    with suppress(Rejected):
        assert checked_dialogue(came, content_hash(came)).final_query.strip()
