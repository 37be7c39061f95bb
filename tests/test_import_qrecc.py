"""QReCC: a question with its context and a rewrite by a person."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Candidate, Dialogue, Stage

pytestmark = pytest.mark.django_db


def asks(**fields: Any) -> dict[str, Any]:
    return {
        "Context": ["What is an albatross?", "A large seabird."],
        "Question": "How long does it live?",
        "Rewrite": "How long does an albatross live?",
        "Answer": "About fifty years.",
        "Answer_URL": "https://birds.example/albatross",
        "Conversation_no": 74,
        "Turn_no": 2,
        "Conversation_source": "trec",
        **fields,
    }


def imported(folder: Path, *items: Any) -> Report:
    path = folder / "qrecc-training.json"
    path.write_bytes(orjson.dumps(list(items)))
    return import_dialogues(dataset="birds", path=path, format="qrecc")


def test_the_context_and_the_question_are_the_turns(tmp_path: Path) -> None:
    report = imported(tmp_path, asks())
    assert (report.dialogues.created, report.errors) == (1, [])
    dialogue = Dialogue.objects.get()
    assert dialogue.external_id == "74-2"
    assert dialogue.turns == [
        {"role": "user", "text": "What is an albatross?"},
        {"role": "assistant", "text": "A large seabird."},
        {"role": "user", "text": "How long does it live?"},
    ]
    assert dialogue.target_images == []


def test_the_rewrite_is_a_candidate_by_a_human(tmp_path: Path) -> None:
    imported(tmp_path, asks())
    candidate = Candidate.objects.get()
    assert (candidate.text, candidate.author) == ("How long does an albatross live?", "human")
    assert candidate.kind == "imported"
    assert Dialogue.objects.get().stage == Stage.PROPOSED


def test_other_fields_are_kept(tmp_path: Path) -> None:
    imported(tmp_path, asks())
    assert Dialogue.objects.get().metadata == {
        "Answer": "About fifty years.",
        "Answer_URL": "https://birds.example/albatross",
        "Conversation_source": "trec",
    }


def test_a_first_question_stands_alone(tmp_path: Path) -> None:
    imported(tmp_path, asks(Context=[], Turn_no=1))
    assert Dialogue.objects.get().turns == [{"role": "user", "text": "How long does it live?"}]


def test_an_answer_that_is_blank_is_no_turn(tmp_path: Path) -> None:
    imported(tmp_path, asks(Context=["What is an albatross?", ""]))
    dialogue = Dialogue.objects.get()
    assert [turn["role"] for turn in dialogue.turns] == ["user", "user"]
    assert dialogue.final_query == "How long does it live?"


def test_without_a_rewrite_it_waits_for_one(tmp_path: Path) -> None:
    imported(tmp_path, asks(Rewrite=""))
    assert Dialogue.objects.get().stage == Stage.IMPORTED


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"Context": None}, "Context", "a list, this is null"),
        ({"Context": ["a", 5]}, "Context[1]", "text, not a number"),
        ({"Context": ["a", "b\u0007"]}, "Context[1]", "U+0007"),
        ({"Question": ""}, "Question", "the text is empty"),
        ({"Question": None}, "Question", "the text is empty"),
        ({"Question": ["a"]}, "Question", "a list"),
        ({"Rewrite": {}}, "Rewrite", "an object"),
        ({"Rewrite": "a\u0007"}, "Rewrite", "U+0007"),
        ({"Conversation_no": None}, "Conversation_no", "missing"),
        ({"Turn_no": True}, "Turn_no", "true or false"),
    ],
)
def test_a_bad_record_is_rejected_by_its_own_field(
    tmp_path: Path, fields: dict[str, Any], field: str, reason: str
) -> None:
    report = imported(tmp_path, asks(**fields), asks(Turn_no=3))
    (error,) = report.errors
    assert (error["file"], error["line"], error["field"]) == ("qrecc-training.json", 1, field)
    assert reason in error["reason"]
    assert Dialogue.objects.get().external_id == "74-3"
