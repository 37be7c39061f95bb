"""CANARD: a question about an article, the history's first two entries no turns."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Candidate, Dialogue

pytestmark = pytest.mark.django_db
ABOUT = ["Albatross", "Breeding"]


def asks(**fields: Any) -> dict[str, Any]:
    return {
        "History": [*ABOUT, "Where does it nest?", "On remote islands."],
        "QuAC_dialog_id": "C_17_1",
        "Question": "How many eggs does it lay?",
        "Question_no": 2,
        "Rewrite": "How many eggs does an albatross lay?",
        **fields,
    }


def imported(folder: Path, *items: Any) -> Report:
    path = folder / "dev.json"
    path.write_bytes(orjson.dumps(list(items)))
    return import_dialogues(dataset="birds", path=path, format="canard")


def test_the_history_after_title_and_heading_is_the_dialogue(tmp_path: Path) -> None:
    report = imported(tmp_path, asks())
    assert (report.dialogues.created, report.errors) == (1, [])
    dialogue = Dialogue.objects.get()
    assert dialogue.external_id == "C_17_1-2"
    assert dialogue.turns == [
        {"role": "user", "text": "Where does it nest?"},
        {"role": "assistant", "text": "On remote islands."},
        {"role": "user", "text": "How many eggs does it lay?"},
    ]
    assert dialogue.metadata == {"title": "Albatross", "heading": "Breeding"}


def test_the_rewrite_is_a_candidate_by_a_human(tmp_path: Path) -> None:
    imported(tmp_path, asks())
    candidate = Candidate.objects.get()
    assert (candidate.text, candidate.author) == ("How many eggs does an albatross lay?", "human")


def test_a_first_question_stands_alone(tmp_path: Path) -> None:
    imported(tmp_path, asks(History=ABOUT, Question_no=1))
    assert [turn["role"] for turn in Dialogue.objects.get().turns] == ["user"]


def test_a_title_of_the_records_own_is_not_lost(tmp_path: Path) -> None:
    imported(tmp_path, asks(title="B", split="dev"))
    assert Dialogue.objects.get().metadata == {
        "title": "Albatross",
        "heading": "Breeding",
        "split": "dev",
        "extra": {"title": "B"},
    }


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"History": None}, "History", "a list, this is null"),
        ({"History": ["Albatross"]}, "History", "a title and a heading"),
        ({"History": [*ABOUT, None]}, "History[2]", "text, not null"),
        ({"History": [*ABOUT, "a\u0007", "b"]}, "History[2]", "U+0007"),
        ({"Question": " "}, "Question", "the text is empty"),
        ({"QuAC_dialog_id": ""}, "QuAC_dialog_id", "empty"),
        ({"Question_no": 1.5}, "Question_no", "a number"),
    ],
)
def test_a_bad_record_is_rejected_by_its_own_field(
    tmp_path: Path, fields: dict[str, Any], field: str, reason: str
) -> None:
    report = imported(tmp_path, asks(**fields), asks(Question_no=3))
    (error,) = report.errors
    assert (error["file"], error["line"], error["field"]) == ("dev.json", 1, field)
    assert reason in error["reason"]
    assert Dialogue.objects.get().external_id == "C_17_1-3"
