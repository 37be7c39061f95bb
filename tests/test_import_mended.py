"""What an import rejected comes as JSONL that can be mended and imported again."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.files.storage import default_storage

from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Dialogue, Image, Import

pytestmark = pytest.mark.django_db


def imported(path: Path) -> Report:
    return import_dialogues(dataset="coast-2", path=path)


def mended(folder: Path, wrong: str, right: str) -> Path:
    """The report of the last import, with each `wrong` put right in an editor."""
    entry = Import.objects.order_by("pk").last()
    assert entry is not None
    with default_storage.open(entry.rejected) as file:
        lines = [orjson.loads(line) for line in file]
    for line in lines:
        record = orjson.dumps(line["record"]).decode()
        line["record"] = orjson.loads(record.replace(wrong, right))
    path = folder / "coast-2-import-1-rejected.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return path


def test_dialogues_and_images_come_back_as_what_they_are(tmp_path: Path) -> None:
    dialogue = {"id": "d-1", "turns": [{"role": "person", "text": "a pier"}]}
    (tmp_path / "images.jsonl").write_bytes(orjson.dumps({"id": "pier", "caption": "a\u0007 pier"}))
    (tmp_path / "dialogues.jsonl").write_bytes(orjson.dumps(dialogue))
    report = imported(tmp_path)
    assert (report.dialogues.rejected, report.images.rejected) == (1, 1)
    again = imported(mended(tmp_path, "person", "user"))
    assert (again.dialogues.created, again.images.rejected) == (1, 1)
    third = imported(mended(tmp_path, "\\u0007", ""))
    assert (third.images.created, third.errors) == (1, [])
    assert Image.objects.get().caption == "a pier"


def test_ids_that_come_from_the_files_name_stay_the_same(tmp_path: Path) -> None:
    path = tmp_path / "Set_A.json"
    path.write_bytes(orjson.dumps([{"img": "a/1.jpg", "dialog": ["a pier\u0007"]}]))
    assert imported(path).dialogues.rejected == 1
    report = imported(mended(tmp_path, "\\u0007", ""))
    assert (report.dialogues.created, report.errors) == (1, [])
    assert Dialogue.objects.get().external_id == "Set_A-1"


@pytest.mark.parametrize("content", [b'{"kind": 5}', b'{"kind"', b'{"kind": "image", "id": 5}'])
def test_a_record_that_merely_has_a_kind_is_itself(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "dialogues.jsonl").write_bytes(content)
    report: Any = imported(tmp_path)
    assert (report.dialogues.rejected, report.errors[0]["file"]) == (1, "dialogues.jsonl")


@pytest.mark.parametrize(
    "place", [{"file": "a\u0000b", "line": 2**40}, {"file": 5, "line": None}, {"file": ""}]
)
def test_a_report_that_somebody_spoiled_names_its_own_place(
    tmp_path: Path, place: dict[str, Any]
) -> None:
    entry = {"kind": "dialogue", "file": "a.jsonl", "line": 7, "id": "", "field": "", "reason": ""}
    line = {**entry, **place, "excerpt": "", "record": {"id": "d-1"}}
    (tmp_path / "dialogues.jsonl").write_bytes(orjson.dumps(line))
    (error,) = imported(tmp_path).errors
    assert (error["file"], error["id"]) == ("dialogues.jsonl", "d-1")


def test_a_record_that_was_not_json_is_mended_as_text(tmp_path: Path) -> None:
    (tmp_path / "dialogues.jsonl").write_bytes(b'{"id": "d-1", "turns": [}')
    assert imported(tmp_path).dialogues.rejected == 1
    turns = '[{\\"role\\": \\"user\\", \\"text\\": \\"a pier\\"}]}'
    assert imported(mended(tmp_path, "[}", turns)).dialogues.created == 1
