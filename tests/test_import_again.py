"""The same source once more: nothing is written, and what changed in between is seen."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.files.storage import default_storage

from review.importing import again
from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Dialogue, Import
from tests.test_import_native import IMAGES, TURNS, record, write

pytestmark = pytest.mark.django_db


def imported(path: Path, **options: Any) -> Report:
    return import_dialogues(dataset="coast-2", path=path, **options)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each import found that its source had come before."""
    found: list[bool] = []
    real = again.has_come_before

    def watched(*arguments: Any) -> Import | None:
        before = real(*arguments)
        found.append(before is not None)
        return before

    monkeypatch.setattr(again, "has_come_before", watched)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path, [record("d-1"), record("d-2")], IMAGES)


def test_what_has_come_before_is_counted_without_reading_it(
    source: Path, looked: list[bool]
) -> None:
    imported(source)
    before = list(Dialogue.objects.values())
    for _ in range(2):
        report = imported(source)
        assert (report.dialogues.unchanged, report.dialogues.total()) == (2, 2)
        assert report.images.created == 0
        assert report.bytes_read == report.bytes_total > 0
    assert looked == [False, True, True]
    assert list(Dialogue.objects.values()) == before
    assert Import.objects.count() == 3


def test_a_dialogue_that_was_taken_out_comes_back(source: Path, looked: list[bool]) -> None:
    imported(source)
    Dialogue.objects.filter(external_id="d-2").delete()
    assert imported(source).dialogues.created == 1
    assert looked == [False, False]


def test_what_another_import_changed_is_changed_back(
    source: Path, tmp_path: Path, looked: list[bool]
) -> None:
    imported(source)
    other = tmp_path / "other"
    other.mkdir()
    imported(write(other, [record("d-2", turns=TURNS[:1])]))
    assert imported(source).dialogues.updated == 1
    assert looked == [False, False, False]


def test_rejected_records_are_named_again(source: Path, looked: list[bool]) -> None:
    write(source, [record("d-1"), record("d-2", turns=[])], IMAGES)
    first = imported(source)
    assert imported(source).errors == first.errors
    assert looked == [False, False]


def test_pictures_in_a_folder_are_looked_at_again(source: Path, looked: list[bool]) -> None:
    imported(source)
    (source / "1.png").write_bytes(b"")
    imported(source)
    assert looked == [False, False]


def test_other_options_read_it_again(source: Path, looked: list[bool]) -> None:
    imported(source)
    imported(source, append_candidates=True)
    assert looked == [False, False]


def test_rejected_records_can_be_mended_and_imported_again(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    bad = [record("d-1", turns=[]), b'{"id": "d-2", "turns": [', record("d-3", moods=["\u0007"])]
    imported(write(folder, [*bad, record("d-4", candidates=[{"text": ""}])], IMAGES))
    with default_storage.open(Import.objects.get().rejected) as file:
        lines = sorted(map(orjson.loads, file), key=lambda line: line["line"])
    assert [line["id"] for line in lines] == ["d-1", "", "d-4"]
    assert [line["line"] for line in lines] == [1, 2, 4]
    assert lines[1]["record"] == lines[1]["excerpt"] == '{"id": "d-2", "turns": ['
    lines[0]["record"]["turns"] = TURNS
    lines[1]["record"] = orjson.dumps(record("d-2")).decode()
    lines[2]["record"]["candidates"] = []
    mended = tmp_path / "rejected.jsonl"
    mended.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    report = imported(mended)
    assert (report.dialogues.created, report.problems) == (3, 0)
    assert Dialogue.objects.count() == 4


def test_a_report_names_the_first_problems_and_keeps_them_all(tmp_path: Path) -> None:
    write(tmp_path, [record(f"d-{n}", turns=[]) for n in range(1500)])
    report = imported(tmp_path)
    assert (report.problems, len(report.errors)) == (1500, 1000)
    assert [error["line"] for error in report.every_error()] == list(range(1, 1501))
    dry = imported(tmp_path, dry_run=True)
    assert len(list(dry.every_error())) == 1500
