"""The language of a dialogue: declared or told at the import, and what it decides."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client

from review.errors import Invalid
from review.languages import checked_languages, language_of, languages_in, primary
from review.models import Assignment, Dataset, Dialogue, Membership, User
from review.people import membership
from review.wording.telling import language_told


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Can you send me that scene on a cloudy day?", "en"),
        ("Kannst du mir das Bild bei Nacht zeigen?", "de"),
        ("¿Puedes enviarme esa escena en un día nublado?", "es"),
        ("Peux-tu m'envoyer cette scène par temps nuageux ?", "fr"),
        ("Puoi mandarmi quella scena in un giorno nuvoloso?", "it"),
        ("Você pode me enviar essa cena em um dia nublado?", "pt"),
        ("Bana o sahneyi bulutlu bir günde gönderir misin?", "tr"),
        ("क्या आप मुझे बादल वाले दिन वह दृश्य भेज सकते हैं?", "hi"),
        ("هل يمكنك أن ترسل لي هذا المشهد في يوم غائم؟", "ar"),
        ("曇りの日のあのシーンを送ってもらえますか？", "ja"),
        ("你能发给我那个场景在阴天的照片吗？", "zh"),
        ("흐린 날의 그 장면을 보내줄 수 있어요?", "ko"),
    ],
)
def test_a_language_is_told_by_its_words(text: str, code: str) -> None:
    assert language_told(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Pier?",
        "12 34 !!",
        "Kan je me die scene op een bewolkte dag sturen?",
        "Czy możesz mi wysłać tę scenę w pochmurny dzień?",
        "Можешь прислать мне эту сцену в пасмурный день?",
        "می‌توانید آن صحنه را در یک روز ابری برایم بفرستید؟",
    ],
)
def test_nobody_is_chosen_by_a_guess(text: str) -> None:
    assert language_told(text) == ""


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de", "de"),
        ("DE-at", "de"),
        ("pt_BR", "pt"),
        ("German", "de"),
        ("Français", "fr"),
        ("und", ""),
        ("und-Latn", ""),
        ("x-none", ""),
        ("", ""),
        (7, ""),
    ],
)
def test_a_tag_says_its_language(tag: object, code: str) -> None:
    assert primary(tag) == code


def test_what_is_declared_counts_for_more_than_what_is_told() -> None:
    turns: list[Any] = [{"role": "user", "text": "Can you send me that scene on a cloudy day?"}]
    assert language_of(turns, {}) == "en"
    assert language_of(turns, {"lang": "nl"}) == "nl"
    assert language_of(turns, {"language": "und"}) == ""


def test_words_that_name_no_language_are_refused() -> None:
    assert checked_languages(["de-AT", "en", "de", " "]) == ["de", "en"]
    with pytest.raises(Invalid, match="klingon-tongue"):
        checked_languages(["en", "klingon-tongue"])


def imported(tmp_path: Path, *dialogues: dict[str, Any]) -> None:
    path = tmp_path / "dialogues.jsonl"
    path.write_text("".join(json.dumps(dialogue) + "\n" for dialogue in dialogues))
    call_command("import_dialogues", "coast", str(path))


def test_an_import_fills_the_language_in(dataset: Dataset, tmp_path: Path) -> None:
    def record(number: int, text: str, **metadata: str) -> dict[str, Any]:
        turns = [{"role": "user", "text": text}]
        return {"id": f"d-{number}", "turns": turns, "metadata": metadata}

    imported(
        tmp_path,
        record(1, "Zeig mir den Leuchtturm bei Nacht, bitte, und mit dem Boot"),
        record(2, "lighthouse", language="sv-SE"),
        record(3, "lighthouse"),
    )
    found = dict(Dialogue.objects.values_list("external_id", "language"))
    assert found == {"d-1": "de", "d-2": "sv", "d-3": ""}
    assert languages_in(dataset) == ["de", "sv"]
    imported(tmp_path, record(3, "lighthouse", language="fi"))
    assert Dialogue.objects.get(external_id="d-3").language == "fi"


def test_dialogues_that_were_there_are_told_when_the_site_is_updated(
    make_dialogue: Callable[..., Dialogue],
) -> None:
    first, second = make_dialogue("d-1"), make_dialogue("d-2", metadata={"language": "nl"})
    with connection.schema_editor() as editor:
        import_module("review.migrations.0012_people").tell(apps, editor)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.language, second.language) == ("en", "nl")


def test_the_queue_hands_out_what_a_member_reads(
    alice: User,
    carol: User,
    dataset: Dataset,
    make_dialogue: Callable[..., Dialogue],
    claim: Callable[[User], Assignment],
    client_of: Callable[[User], Client],
) -> None:
    for name, code in [("d-1", "de"), ("d-2", "fr"), ("d-3", "")]:
        make_dialogue(name, language=code)
    hers = Membership.objects.get(user=alice)
    membership.set_languages(membership=hers, languages=["fr"], by=carol)
    browser = client_of(alice)
    for name in ["d-2", "d-3"]:
        place = claim(alice)
        assert place.dialogue.external_id == name
        browser.post(f"/places/{place.pk}/decide/", {"verdict": "skip", "key": name})
    page = browser.get("/datasets/coast/desk/").content.decode()
    assert "1 dialogue waits in other languages than yours" in page


def test_lists_are_narrowed_to_a_language(
    alice: User,
    make_dialogue: Callable[..., Dialogue],
    client_of: Callable[[User], Client],
    program_of: Callable[[User], Client],
) -> None:
    make_dialogue("d-1", language="de")
    make_dialogue("d-2", language="fr")
    page = client_of(alice).get("/datasets/coast/dialogues/?language=fr").content.decode()
    assert "dialogues/d-2/" in page
    assert "dialogues/d-1/" not in page
    assert "French" in page
    answer = program_of(alice).get("/api/v1/datasets/coast/dialogues/?language=fr").json()
    assert [(row["id"], row["language"]) for row in answer["results"]] == [("d-2", "fr")]
    assert "German" in client_of(alice).get("/datasets/coast/dialogues/d-1/").content.decode()
