"""The VisDial format: lines of questions and answers about an image become turns."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image as Pillow

from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.importing.visdial import turns_of
from review.models import Dialogue, Image

pytestmark = pytest.mark.django_db
ITEM = {"img": "val2014/000123.jpg", "dialog": ["a dog on a sofa", "is it big? no", "red sofa?"]}


def imported(folder: Path, items: list[Any], name: str = "Set_A", **options: Any) -> Report:
    path = folder / f"{name}.json"
    path.write_bytes(orjson.dumps(items))
    return import_dialogues(dataset="vis", path=path, format="visdial", **options)


def said(lines: list[str]) -> list[tuple[str, str]]:
    return [(turn["role"][0], turn["text"]) for turn in turns_of(lines)]


@pytest.mark.parametrize(
    ("lines", "turns"),
    [
        (["a dog", "big? no"], [("u", "a dog"), ("a", "big?"), ("u", "no")]),
        (["a dog", "big? no? yes"], [("u", "a dog"), ("a", "big?"), ("u", "no? yes")]),
        (["a dog", "it runs"], [("u", "a dog\nit runs")]),
        (["a dog", "big?"], [("u", "a dog")]),
        (["a dog", "big?", "red? no"], [("u", "a dog"), ("a", "big?\nred?"), ("u", "no")]),
        (["a dog", "big? no", "red?"], [("u", "a dog"), ("a", "big?"), ("u", "no")]),
    ],
)
def test_lines_become_turns(lines: list[str], turns: list[tuple[str, str]]) -> None:
    assert said(lines) == turns


def test_an_item_becomes_a_dialogue_and_its_target(tmp_path: Path) -> None:
    report = imported(tmp_path, [ITEM])
    assert (report.dialogues.created, report.images.created) == (1, 1)
    assert (report.images.missing, report.errors) == (0, [])
    dialogue = Dialogue.objects.get()
    assert (dialogue.external_id, dialogue.final_query) == ("Set_A-000123", "no")
    assert dialogue.target_images == ["000123"]
    assert Image.objects.get().caption == "a dog on a sofa"


def test_two_files_about_one_image_share_it(tmp_path: Path) -> None:
    imported(tmp_path, [ITEM])
    report = imported(tmp_path, [{**ITEM, "dialog": ["another caption", "why? no"]}], "Set_B")
    assert (report.dialogues.created, report.images.created) == (1, 0)
    assert Image.objects.get().caption == "a dog on a sofa"
    both = import_dialogues(dataset="vis", path=tmp_path, format="visdial")
    assert (both.dialogues.unchanged, both.images.created) == (2, 0)


def test_a_folder_of_images_brings_files_later(tmp_path: Path) -> None:
    imported(tmp_path, [ITEM])
    photos = tmp_path / "photos"
    photos.mkdir()
    Pillow.new("RGB", (20, 20), "tan").save(photos / "000123.jpg")
    report = imported(tmp_path, [ITEM], images=photos)
    assert (report.dialogues.unchanged, report.images.created) == (1, 1)
    assert Image.objects.current().get().has_file()


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({**ITEM, "img": 5}, "img"),
        ({**ITEM, "dialog": []}, "dialog"),
        ({**ITEM, "dialog": ["a", 5]}, "dialog[1]"),
        ({**ITEM, "dialog": ["a\u0007"]}, "turns[0].text"),
    ],
)
def test_a_bad_item_leaves_nothing_behind(tmp_path: Path, item: Any, field: str) -> None:
    report = imported(tmp_path, [item])
    assert report.errors[0]["field"] == field
    assert not Dialogue.objects.exists()
    assert not Image.objects.exists()
