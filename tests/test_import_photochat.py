"""PhotoChat: a chat of two people becomes a dialogue that ends before the photo."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image as Pillow

from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Dialogue, Image

pytestmark = pytest.mark.django_db


def says(user: int, text: str, **fields: Any) -> dict[str, Any]:
    return {"message": text, "share_photo": False, "user_id": user, **fields}


PHOTO = {"message": "", "share_photo": True, "user_id": 0}
CHAT = [
    says(0, "We rowed all day."),
    says(1, "Lovely!"),
    says(1, "Which boat?"),
    says(0, "The green one."),
    says(1, "Can I see it?"),
    says(0, "Sure, here."),
    PHOTO,
    says(1, "What a green!"),
]


def chat(dialogue: list[Any] | Any = CHAT, **fields: Any) -> dict[str, Any]:
    return {
        "photo_url": "https://photos.example/1/77_o.jpg",
        "photo_description": "The photo has a boat. Objects in the photo: Boat, Lake",
        "dialogue": dialogue,
        "dialogue_id": 31,
        "photo_id": "train/77af",
        **fields,
    }


def imported(folder: Path, *items: Any, **options: Any) -> Report:
    path = folder / "train_0.json"
    path.write_bytes(orjson.dumps(list(items)))
    return import_dialogues(dataset="chats", path=path, format="photochat", **options)


def test_the_dialogue_ends_with_the_users_last_message_before_the_photo(tmp_path: Path) -> None:
    report = imported(tmp_path, chat())
    assert (report.dialogues.created, report.errors) == (1, [])
    dialogue = Dialogue.objects.get()
    assert dialogue.external_id == "31"
    assert dialogue.turns == [
        {"role": "assistant", "text": "We rowed all day."},
        {"role": "user", "text": "Lovely!\nWhich boat?"},
        {"role": "assistant", "text": "The green one."},
        {"role": "user", "text": "Can I see it?"},
    ]
    assert dialogue.final_query == "Can I see it?"


def test_the_photo_is_the_target_with_its_caption_and_address(tmp_path: Path) -> None:
    imported(tmp_path, chat())
    image = Image.objects.get()
    assert Dialogue.objects.get().target_images == ["train/77af"] == [image.external_id]
    assert image.caption.startswith("The photo has a boat.")
    assert image.url == "https://photos.example/1/77_o.jpg"
    assert not image.has_file()


def test_what_the_turns_do_not_say_is_kept(tmp_path: Path) -> None:
    imported(tmp_path, chat(source="field work"))
    assert Dialogue.objects.get().metadata == {"source": "field work", "afterwards": CHAT[5:]}


def test_messages_with_further_fields_are_kept_as_they_came(tmp_path: Path) -> None:
    messages = [says(1, "Show me the boat!", time="10:03"), PHOTO]
    imported(tmp_path, chat(messages))
    assert Dialogue.objects.get().metadata == {"dialogue": messages}


def test_the_first_who_shares_is_the_assistant(tmp_path: Path) -> None:
    messages = [says(0, "Show me!"), {**PHOTO, "user_id": 1}, says(1, "And yours?"), PHOTO]
    imported(tmp_path, chat(messages))
    assert Dialogue.objects.get().turns == [{"role": "user", "text": "Show me!"}]


def test_two_dialogues_about_one_photo_share_it(tmp_path: Path) -> None:
    report = imported(tmp_path, chat(), chat(dialogue_id=32, photo_description="Another"))
    assert (report.dialogues.created, report.images.created) == (2, 1)


def test_files_come_from_a_folder_whatever_part_of_the_id_names_them(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Pillow.new("RGB", (20, 20), "green").save(photos / "77af.jpg")
    imported(tmp_path, chat(), images=photos)
    assert Image.objects.get().has_file()


def test_a_photo_without_an_id_is_named_by_its_address(tmp_path: Path) -> None:
    item = chat()
    del item["photo_id"]
    imported(tmp_path, item)
    assert Dialogue.objects.get().target_images == ["77_o"]


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        (chat([says(0, "Look!"), PHOTO]), "dialogue", "no message by the user before the photo"),
        (chat([says(1, " "), PHOTO]), "dialogue", "no message by the user before the photo"),
        (chat([PHOTO, says(1, "Oh")]), "dialogue", "no message by the user before the photo"),
        (chat(CHAT[:5]), "dialogue", "no message shares the photo"),
        (chat([]), "dialogue", "no message shares the photo"),
        (chat("hello"), "dialogue", "a list, this is text"),
        (chat(["hello"]), "dialogue[0]", "an object, not text"),
        (chat([says(1, "Show!"), {"message": 5, "user_id": 0}]), "dialogue[1].message", "number"),
        (chat([{"message": "Hi"}]), "dialogue[0].user_id", "missing"),
        (chat([says(1, "Hi", share_photo="no")]), "dialogue[0].share_photo", "true or false"),
        (chat([says(1, "a\u0007"), PHOTO]), "dialogue[0].message", "U+0007"),
        (
            chat([says(1, "Which"), says(1, "a\u0007"), PHOTO]),
            "dialogue[0].message to dialogue[1].message",
            "U+0007",
        ),
        (chat(dialogue_id=None), "dialogue_id", "missing"),
        (chat(dialogue_id=[1]), "dialogue_id", "a list"),
        (chat(photo_id=" "), "photo_id", "empty"),
        (chat(photo_id="a\u0000"), "photo_id", "U+0000"),
        (chat(photo_description="a\u0000"), "photo_description", "U+0000"),
        (chat(photo_description=["boat"]), "photo_description", "a list"),
        (chat(photo_url=7), "photo_url", "a number"),
    ],
)
def test_a_bad_record_is_rejected_by_its_own_field(
    tmp_path: Path, item: dict[str, Any], field: str, reason: str
) -> None:
    report = imported(tmp_path, item, chat(dialogue_id=99))
    (error,) = report.errors
    assert (error["file"], error["line"], error["field"]) == ("train_0.json", 1, field)
    assert reason in error["reason"]
    assert Dialogue.objects.get().external_id == "99"
