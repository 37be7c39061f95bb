"""The sample dataset: what a newcomer sees first, so it must be whole, true and tell apart."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review.sample import WORDS
from review.sample.gallery import PLATES

SLUG = re.compile(r"[a-z0-9-]+")
IMAGE_FIELDS = {"id", "file", "caption"}
DIALOGUE_FIELDS = {"id", "turns", "target_images", "candidates", "metadata"}


def records(name: str) -> list[dict]:
    lines = (WORDS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


IMAGES = records("images.jsonl")
DIALOGUES = records("dialogues.jsonl")
IMAGE_IDS = {image["id"] for image in IMAGES}


@pytest.fixture(scope="module")
def folder(drawn_sample: Path) -> Path:
    return drawn_sample


def shown(dialogue: dict) -> list[str]:
    return [image for turn in dialogue["turns"] for image in turn.get("images", [])]


def test_ids_are_slugs_and_unique() -> None:
    for found in (IMAGES, DIALOGUES):
        ids = [record["id"] for record in found]
        assert len(set(ids)) == len(ids)
        assert all(SLUG.fullmatch(one) for one in ids)


def test_every_image_record_is_valid_and_its_file_named_after_it() -> None:
    for image in IMAGES:
        assert set(image) <= IMAGE_FIELDS
        if "file" in image:
            assert re.fullmatch(rf"images/{image['id']}\.(webp|jpg|png)", image["file"])


def test_one_image_is_only_declared_to_show_that_state() -> None:
    assert [image["id"] for image in IMAGES if "file" not in image] == ["lighthouse-postcard"]


def test_captions_are_distinct_sentences_of_eight_to_sixteen_words() -> None:
    captions = [image["caption"] for image in IMAGES]
    assert len({caption.casefold() for caption in captions}) == len(captions)
    assert all(8 <= len(caption.split()) <= 16 for caption in captions)


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d["id"])
def test_every_dialogue_is_valid_native_format(dialogue: dict) -> None:
    assert set(dialogue) <= DIALOGUE_FIELDS
    assert set(shown(dialogue)) | set(dialogue.get("target_images", [])) <= IMAGE_IDS
    assert set(dialogue["metadata"]) == {"language", "source", "scene"}
    for turn in dialogue["turns"]:
        assert set(turn) <= {"role", "text", "images"}
        assert turn["text"].strip() == turn["text"] != ""
    for candidate in dialogue.get("candidates", []):
        assert set(candidate) == {"text", "author"}


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d["id"])
def test_turns_alternate_and_end_with_the_user(dialogue: dict) -> None:
    roles = [turn["role"] for turn in dialogue["turns"]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d["id"])
def test_the_target_was_not_the_picture_that_the_last_answer_showed_alone(dialogue: dict) -> None:
    answers = [turn for turn in dialogue["turns"][:-1] if turn.get("images")]
    targets = dialogue.get("target_images", [])
    assert not answers or answers[-1]["images"] != targets


def test_the_dialogues_differ_in_length_language_and_targets() -> None:
    lengths = [len(dialogue["turns"]) for dialogue in DIALOGUES]
    assert (min(lengths), max(lengths)) == (1, 11)
    languages = Counter(dialogue["metadata"]["language"] for dialogue in DIALOGUES)
    others = {"de", "fr", "es", "it", "ja", "ar", "hi", "zh", "pt", "tr"}
    assert languages["en"] >= 20
    assert set(languages) == {"en"} | others
    targets = Counter(len(dialogue.get("target_images", [])) for dialogue in DIALOGUES)
    assert targets == {1: len(DIALOGUES) - 3, 2: 2, 0: 1}


def test_imported_candidates_name_their_author() -> None:
    found = [dialogue["candidates"] for dialogue in DIALOGUES if "candidates" in dialogue]
    assert [len(candidates) for candidates in found] == [2, 2]
    assert {c["author"] for candidates in found for c in candidates} == {"import-demo"}


def test_every_plate_has_a_record_and_every_record_a_plate() -> None:
    assert set(PLATES) == {image["id"] for image in IMAGES if "file" in image}
    assert 60 <= len(PLATES) <= 64


def test_the_folder_holds_both_files_and_every_picture(folder: Path) -> None:
    for name in ("dialogues.jsonl", "images.jsonl"):
        assert (folder / name).read_bytes() == (WORDS / name).read_bytes()
    named = {image["file"] for image in IMAGES if "file" in image}
    found = {path.relative_to(folder).as_posix() for path in (folder / "images").iterdir()}
    assert found == named


def test_pictures_open_in_the_format_that_their_name_says(folder: Path) -> None:
    formats = {".webp": "WEBP", ".jpg": "JPEG", ".png": "PNG"}
    for path in (folder / "images").iterdir():
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == formats[path.suffix]
            assert picture.size in {(960, 720), (720, 960), (840, 840)}


def test_no_two_pictures_look_the_same(folder: Path) -> None:
    small = {}
    for path in (folder / "images").iterdir():
        with Image.open(path) as picture:
            pixels = picture.convert("RGB").resize((96, 96), Image.Resampling.BOX)
            small[path.stem] = np.asarray(pixels, dtype=float)
    for a, b in combinations(sorted(small), 2):
        assert np.abs(small[a] - small[b]).mean() > 1.5, f"{a} and {b} look alike"


@pytest.mark.parametrize(
    "name", ["lake-night", "lighthouse-fog", "balloons-riso", "sailboats-linocut", "tram-yellow"]
)
def test_a_picture_is_drawn_the_same_each_time(name: str) -> None:
    assert PLATES[name].picture(name).tobytes() == PLATES[name].picture(name).tobytes()


def test_another_process_draws_the_same_pixels(folder: Path) -> None:
    with Image.open(folder / "images" / "lighthouse-blueprint.png") as written:
        palette = PLATES["lighthouse-blueprint"].picture("lighthouse-blueprint")
        drawn = palette.quantize(96, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        assert written.convert("RGB").tobytes() == drawn.convert("RGB").tobytes()
