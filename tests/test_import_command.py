"""`import_dialogues` on the command line: its output and exit codes."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from review.models import Dataset
from tests.test_import_native import IMAGES, record, write

pytestmark = pytest.mark.django_db


def test_json_has_the_promised_keys_on_its_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, [record()], IMAGES)
    call_command("import_dialogues", "coast-2", str(tmp_path), "--json")
    outcome = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(outcome) == ["dialogues", "images", "errors", "seconds", "format"]
    assert list(outcome["dialogues"]) == ["created", "updated", "unchanged", "rejected"]
    assert list(outcome["images"]) == ["created", "rejected", "missing"]


def test_rejected_records_end_with_1_and_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, [record(), record("d-2", turns=[])], IMAGES)
    with pytest.raises(SystemExit) as ended:
        call_command("import_dialogues", "coast-2", str(tmp_path))
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "Dialogues: 1 created, 0 updated, 0 unchanged, 1 rejected" in out
    assert "dialogues.jsonl:2: d-2 turns: a dialogue has at least one turn" in out


@pytest.mark.parametrize(
    "words",
    [
        ["coast-2", "/nowhere/at/all"],
        ["No Slug", "."],
        ["coast-2", ".", "--images", "/nowhere/at/all"],
    ],
)
def test_what_cannot_run_ends_with_2_and_one_line(words: list[str]) -> None:
    with pytest.raises(CommandError) as ended:
        call_command("import_dialogues", *words)
    assert ended.value.returncode == 2
    assert "\n" not in str(ended.value)
    assert not Dataset.objects.exists()


def test_a_dry_run_says_that_nothing_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, [record()], IMAGES)
    call_command("import_dialogues", "coast-2", str(tmp_path), "--dry-run")
    assert "nothing was written" in capsys.readouterr().out
    assert not Dataset.objects.exists()
