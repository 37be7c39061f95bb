"""Image files: taken, refused or missing, each with its reason, and versions of the corpus."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Dataset, Dialogue, Image
from tests.test_import_native import record, write

pytestmark = pytest.mark.django_db
LIGHTHOUSE = {"id": "lighthouse", "caption": "a lighthouse"}


def imported(folder: Path, pier: dict[str, Any], **options: Any) -> Report:
    write(folder, [record()], [{"id": "pier", **pier}, LIGHTHOUSE])
    return import_dialogues(dataset="coast-2", path=folder, **options)


def draw(path: Path, colour: str = "teal") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.new("RGB", (40, 30), colour).save(path)
    return path


def pier() -> Image:
    return Image.objects.current().get(external_id="pier")


def test_a_picture_is_taken_with_its_size(tmp_path: Path) -> None:
    draw(tmp_path / "images" / "1.png")
    report = imported(tmp_path, {"file": "images/1.png", "caption": "planks", "url": "http://x/1"})
    assert report.as_json()["images"] == {"created": 2, "rejected": 0, "missing": 0}
    image = pier()
    assert (image.width, image.height, image.media_type) == (40, 30, "image/png")
    assert (image.caption, image.url) == ("planks", "http://x/1")
    assert image.file.storage.exists(image.file.name or "")


def test_a_file_that_is_not_there_leaves_the_image_declared(tmp_path: Path) -> None:
    report = imported(tmp_path, {"file": "images/1.png"})
    assert report.as_json()["images"] == {"created": 1, "rejected": 0, "missing": 1}
    assert report.dialogues.created == 1
    (error,) = report.errors
    assert (error["file"], error["line"], error["id"]) == ("images.jsonl", 1, "pier")
    assert "there is no file images/1.png" in error["reason"]
    assert pier().refused == error["reason"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><script>", "the file is HTML, not JPEG"),
        (b"<svg onload='x'>", "an SVG drawing"),
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not JPEG|broken"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_and_its_dialogues_go_in(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "1.png").write_bytes(content)
    report = imported(tmp_path, {"file": "1.png"})
    assert report.as_json()["images"] == {"created": 1, "rejected": 1, "missing": 0}
    assert any(part in pier().refused for part in reason.split("|"))
    assert Dialogue.objects.count() == 1


def test_a_missing_file_is_reported_again_but_changes_nothing(tmp_path: Path) -> None:
    imported(tmp_path, {"file": "1.png"})
    report = imported(tmp_path, {"file": "1.png"})
    assert report.images.missing == 1
    assert Image.objects.count() == 2
    assert Dataset.objects.get().corpus_version == 1


def test_a_file_that_comes_later_is_taken(tmp_path: Path) -> None:
    imported(tmp_path, {"file": "1.png"})
    draw(tmp_path / "1.png")
    assert imported(tmp_path, {"file": "1.png"}).images.created == 1
    assert pier().has_file()
    assert pier().refused == ""


def test_a_file_outlives_an_import_that_does_not_bring_it(tmp_path: Path) -> None:
    path = draw(tmp_path / "1.png")
    imported(tmp_path, {"file": "1.png"})
    path.unlink()
    assert imported(tmp_path, {"file": "1.png"}).images.missing == 1
    assert pier().has_file()
    assert Image.objects.count() == 2


def test_a_folder_of_images_is_searched_by_path_name_and_id(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    draw(photos / "1.png")
    draw(photos / "lighthouse.jpg", "red")
    source = tmp_path / "set"
    source.mkdir()
    report = imported(source, {"file": "elsewhere/1.png"}, images=photos)
    assert report.all_went_in()
    assert all(image.has_file() for image in Image.objects.all())


def test_a_changed_caption_makes_a_new_version_and_keeps_the_old(tmp_path: Path) -> None:
    imported(tmp_path, {"caption": "planks"})
    assert imported(tmp_path, {"caption": "old planks"}).images.created == 1
    dataset = Dataset.objects.get()
    assert dataset.corpus_version == 2
    captions = {
        version: dataset.images.at_version(version).get(external_id="pier").caption
        for version in (1, 2)
    }
    assert captions == {1: "planks", 2: "old planks"}
    assert dataset.images.current().count() == 2


def test_the_same_picture_twice_is_one_file(tmp_path: Path) -> None:
    draw(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes((tmp_path / "1.png").read_bytes())
    write(tmp_path, [], [{"id": "a", "file": "1.png"}, {"id": "b", "file": "2.png"}])
    import_dialogues(dataset="coast-2", path=tmp_path)
    assert len({image.file.name for image in Image.objects.all()}) == 1
