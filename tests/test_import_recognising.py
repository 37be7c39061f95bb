"""`--format auto`: a source is recognised by its first records, or the import says why not."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command

from review.errors import Invalid
from review.importing.formats import FORMATS
from review.importing.recognising import chosen_format, recognised
from review.importing.sources import opened
from review.models import Dialogue, Import

LINE = {"id": "d-1", "turns": [{"role": "user", "text": "a boat"}]}
RECORDS: dict[str, dict[str, Any]] = {
    "native": LINE,
    "curated": {**LINE, "rewrite": "a green boat", "verdict": "accepted"},
    "visdial": {"img": "a/1.jpg", "dialog": ["a boat"]},
    "photochat": {"photo_id": "p", "dialogue_id": 1, "dialogue": []},
    "mmdialog": {"conversation_id": "c", "conversation": []},
    "qrecc": {"Context": [], "Question": "a?", "Conversation_no": 1, "Turn_no": 1},
    "canard": {"History": ["a", "b"], "Question": "a?", "QuAC_dialog_id": "C"},
}


def write(path: Path, *records: Any) -> Path:
    lines = [r if isinstance(r, bytes) else orjson.dumps(r) for r in records]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def found(path: Path) -> str:
    with opened(path) as source:
        return recognised(source).name


def test_every_format_has_a_record_here() -> None:
    assert RECORDS.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_recognised_by_its_record(tmp_path: Path, name: str) -> None:
    assert found(write(tmp_path / "some.jsonl", RECORDS[name])) == name
    (tmp_path / "list.json").write_bytes(orjson.dumps([RECORDS[name]] * 2))
    assert found(tmp_path / "list.json") == name


def test_a_folder_is_recognised_by_any_document(tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"version": 3})
    write(tmp_path / "b.json", RECORDS["visdial"])
    assert found(tmp_path) == "visdial"


def test_broken_records_at_the_start_hide_nothing(tmp_path: Path) -> None:
    assert found(write(tmp_path / "a.jsonl", b"{", b"[1]", RECORDS["qrecc"])) == "qrecc"


def test_a_release_with_its_images_is_curated(tmp_path: Path) -> None:
    write(tmp_path / "coast-1.jsonl", RECORDS["curated"])
    write(tmp_path / "images.jsonl", {"id": "pier", "caption": "a pier"})
    write(tmp_path / "manifest.json", {"release": 1})
    assert found(tmp_path) == "curated"


def test_what_stands_beside_native_files_does_not_matter(tmp_path: Path) -> None:
    write(tmp_path / "dialogues.jsonl", LINE)
    write(tmp_path / "old.json", RECORDS["visdial"])
    assert found(tmp_path) == "native"


@pytest.mark.parametrize("content", [[], [b"{"], [b"\xff\xfa", b"nonsense"]])
def test_where_nothing_can_be_read_each_record_gets_its_reason(
    tmp_path: Path, content: list[bytes]
) -> None:
    assert found(write(tmp_path / "some.jsonl", *content)) == "native"


def test_native_files_by_name_are_native_whatever_they_hold(tmp_path: Path) -> None:
    assert found(write(tmp_path / "dialogues.jsonl", {"words": 1}).parent) == "native"


def test_an_unknown_shape_names_its_fields_and_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        found(write(tmp_path / "some.jsonl", {"prompt": "a", "answer": "b"}))
    assert "fields prompt, answer" in str(refusal.value)
    assert "Tried curated, native, visdial, photochat, mmdialog, qrecc, canard" in str(
        refusal.value
    )


def test_two_formats_in_one_folder_are_both_named(tmp_path: Path) -> None:
    write(tmp_path / "a.json", RECORDS["visdial"])
    write(tmp_path / "b.json", RECORDS["canard"])
    with pytest.raises(Invalid, match=r"a\.json is visdial, b\.json is canard"):
        found(tmp_path)


def test_a_format_that_is_named_is_taken_at_its_word(tmp_path: Path) -> None:
    with opened(write(tmp_path / "some.jsonl", RECORDS["visdial"])) as source:
        assert chosen_format("native", source).name == "native"
        with pytest.raises(Invalid, match="no format “sheet”"):
            chosen_format("sheet", source)


@pytest.mark.django_db
def test_the_command_recognises_and_the_history_says_what(tmp_path: Path) -> None:
    path = write(tmp_path / "some.json", RECORDS["visdial"])
    call_command("import_dialogues", "boats", str(path), json=True)
    assert Import.objects.get().format == "visdial"
    assert Dialogue.objects.get().external_id == "some-1"
