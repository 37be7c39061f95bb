"""MMDialog: every turn that answers with media becomes a dialogue of the turns before it."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils import timezone
from PIL import Image as Pillow

from review.importing import batches
from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Assignment, Dialogue, Image, User

pytestmark = pytest.mark.django_db


def turn(*parts: str, media: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"turn": [*({"__TEXT__": p} for p in parts), *({"__MEDIA__": key} for key in media)]}


TURNS = [
    turn("We are at the lake.", media=("lake",)),
    turn("Show me the boat house!"),
    turn("Here it is.", media=("house", "house-2")),
    turn("And at night?"),
    turn(media=("night",)),
]


def conversation(turns: Any = TURNS, **fields: Any) -> dict[str, Any]:
    return {"conversation_id": "c-17", "conversation": turns, **fields}


def imported(folder: Path, content: Any, name: str = "conversations.json") -> Report:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return import_dialogues(dataset="talks", path=path, format="mmdialog")


def test_every_later_turn_with_media_becomes_a_dialogue(tmp_path: Path) -> None:
    report = imported(tmp_path, [conversation()])
    assert (report.dialogues.created, report.errors) == (2, [])
    first, second = Dialogue.objects.order_by("pk")
    assert (first.external_id, second.external_id) == ("c-17-2", "c-17-4")
    assert first.turns == [
        {"role": "assistant", "text": "We are at the lake.", "images": ["lake"]},
        {"role": "user", "text": "Show me the boat house!"},
    ]
    assert first.target_images == ["house", "house-2"]
    assert [t["role"] for t in second.turns] == ["assistant", "user"] * 2
    assert second.turns[2]["images"] == ["house", "house-2"]
    assert (second.final_query, second.target_images) == ("And at night?", ["night"])


def test_the_speaker_before_the_answer_is_the_user(tmp_path: Path) -> None:
    imported(tmp_path, conversation([turn("The boat house!"), turn("Here.", media=("house",))]))
    assert Dialogue.objects.get().turns == [{"role": "user", "text": "The boat house!"}]


@pytest.mark.parametrize("shape", ["object", "array", "lines"])
def test_it_comes_as_an_object_an_array_or_lines(tmp_path: Path, shape: str) -> None:
    one, two = conversation(), conversation(conversation_id="c-18")
    if shape == "lines":
        report = imported(tmp_path, orjson.dumps(one) + b"\n" + orjson.dumps(two), "c.jsonl")
    else:
        report = imported(tmp_path, one if shape == "object" else [one, two])
    assert report.dialogues.created == (2 if shape == "object" else 4)


def test_files_beside_it_are_named_by_their_keys(tmp_path: Path) -> None:
    for key in ["house", "far"]:
        Pillow.new("RGB", (20, 20), "tan").save(tmp_path / f"{key}.jpg")
    content = conversation(negative_candidate_media_keys=["far"])
    (tmp_path / "conversations.json").write_bytes(orjson.dumps([content]))
    report = import_dialogues(dataset="talks", path=tmp_path, format="mmdialog")
    assert report.errors == []
    with_file = {image.external_id for image in Image.objects.all() if image.has_file()}
    assert with_file == {"house", "far"}


def test_negative_keys_go_into_the_corpus_and_no_further(tmp_path: Path) -> None:
    negatives = {"negative_candidate_media_keys": ["far", "off", "night"]}
    report = imported(tmp_path, conversation(**negatives, negative_candidate_texts=["No."]))
    assert set(Image.objects.values_list("external_id", flat=True)) == {
        *("lake", "house", "house-2", "night"),
        *("far", "off"),
    }
    assert report.images.created == 6
    assert "far" not in str(Dialogue.objects.values_list("turns", "target_images", "metadata"))


def test_words_beside_the_targets_and_unknown_fields_are_kept(tmp_path: Path) -> None:
    imported(tmp_path, conversation(hashtag="#boats"))
    first, second = Dialogue.objects.order_by("pk")
    assert first.metadata == {"hashtag": "#boats", "answer": "Here it is."}
    assert second.metadata == {"hashtag": "#boats"}


def test_turns_that_hold_more_are_kept_as_they_came(tmp_path: Path) -> None:
    turns = [{**turn("Show me!"), "likes": 3}, turn(media=("house",)), turn("Thanks")]
    imported(tmp_path, conversation(turns))
    assert Dialogue.objects.get().metadata == {"conversation": turns[:2]}


def test_several_texts_of_a_turn_are_its_lines(tmp_path: Path) -> None:
    imported(tmp_path, conversation([turn("Show me", "the boats!"), turn(media=("boats",))]))
    assert Dialogue.objects.get().final_query == "Show me\nthe boats!"


def test_a_dialogue_without_a_query_costs_itself_alone(tmp_path: Path) -> None:
    turns = [turn(media=("a",)), turn("Here", media=("b",)), turn("More?"), turn(media=("c",))]
    report = imported(tmp_path, conversation(turns))
    assert Dialogue.objects.get().external_id == "c-17-3"
    (error,) = report.errors
    assert (error["id"], error["field"]) == ("c-17-1", "conversation[0].turn")
    assert error["reason"] == "the text is empty"


def test_an_image_of_a_dialogue_that_was_refused_comes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dave: User
) -> None:
    turns = [turn("Show me!"), turn(media=("house",))]
    imported(tmp_path, conversation(turns))
    now = timezone.now()
    Assignment.objects.create(
        dialogue=Dialogue.objects.get(), reviewer=dave, place=0, claimed_at=now, expires_at=now
    )
    monkeypatch.setattr(batches, "MOST_RECORDS", 1)
    changed = [turn("Show me the hut!"), turn(media=("hut",))]
    report = imported(
        tmp_path, [conversation(changed), conversation(changed, conversation_id="c-18")]
    )
    assert (report.dialogues.rejected, report.dialogues.created) == (1, 1)
    assert Image.objects.filter(external_id="hut").exists()


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        (conversation(TURNS[:2]), "conversation", "no turn after the first has media"),
        (conversation([]), "conversation", "no turn after the first has media"),
        (conversation("hi"), "conversation", "a list, this is text"),
        (conversation([["hi"]]), "conversation[0]", "an object, not a list"),
        (conversation([{"turn": "hi"}]), "conversation[0].turn", "a list, this is text"),
        (conversation([{"turn": ["hi"]}]), "conversation[0].turn[0]", "an object, not text"),
        (
            conversation([turn("a"), {"turn": [{"__TEXT__": 5}]}]),
            "conversation[1].turn[0].__TEXT__",
            "a number",
        ),
        (
            conversation([turn("a"), turn(media=(None,))]),
            "conversation[1].turn[0].__MEDIA__",
            "missing",
        ),
        (
            conversation([turn("a"), turn(media=("x\u0000",))]),
            "conversation[1].turn[0].__MEDIA__",
            "U+0000",
        ),
        (conversation(conversation_id=None), "conversation_id", "missing"),
        (
            conversation(negative_candidate_media_keys=["a", {}]),
            "negative_candidate_media_keys[1]",
            "an object",
        ),
    ],
)
def test_a_bad_conversation_is_rejected_by_its_own_field(
    tmp_path: Path, item: dict[str, Any], field: str, reason: str
) -> None:
    report = imported(tmp_path, [item, conversation(conversation_id="sound")])
    (error,) = report.errors
    assert (error["file"], error["field"]) == ("conversations.json", field)
    assert reason in error["reason"]
    assert Dialogue.objects.filter(external_id="sound-2").exists()
