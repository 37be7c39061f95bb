"""Folders, zips and lone files; what leads out of them, or is packed to do harm, is refused."""

import struct
import zipfile
from pathlib import Path

import orjson
import pytest
from PIL import Image as Pillow

from review.errors import Invalid
from review.importing.engine import import_dialogues
from review.models import Dataset, Dialogue, Image
from tests.test_import_native import IMAGES, record, write

pytestmark = pytest.mark.django_db


def packed(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def jpeg(path: Path) -> bytes:
    Pillow.new("RGB", (40, 30), "teal").save(path, "JPEG")
    return path.read_bytes()


def good_files(tmp_path: Path) -> dict[str, bytes]:
    images = [{**IMAGES[0], "file": "images/pier.jpg"}, IMAGES[1]]
    return {
        "dialogues.jsonl": orjson.dumps(record()),
        "images.jsonl": b"\n".join(map(orjson.dumps, images)),
        "images/pier.jpg": jpeg(tmp_path / "p.jpg"),
    }


def test_a_zip_goes_in_like_a_folder(tmp_path: Path) -> None:
    path = packed(tmp_path / "set.zip", good_files(tmp_path))
    report = import_dialogues(dataset="coast-2", path=path)
    assert (report.dialogues.created, report.images.created) == (1, 2)
    assert Image.objects.get(external_id="pier").has_file()
    assert import_dialogues(dataset="coast-2", path=path).images.created == 0


def test_a_zip_of_a_folder_goes_in_without_its_clutter(tmp_path: Path) -> None:
    files = {f"set/{name}": content for name, content in good_files(tmp_path).items()}
    files["__MACOSX/set/._dialogues.jsonl"] = b"junk"
    path = packed(tmp_path / "set.zip", files)
    assert import_dialogues(dataset="coast-2", path=path).dialogues.created == 1


def refused(path: Path, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        import_dialogues(dataset="coast-2", path=path)
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "/etc/evil.jpg", "images/../../evil.jpg", "C:\\evil.jpg", "..\\evil"]
)
def test_a_zip_with_a_path_that_leads_out_is_refused_whole(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "set.zip", {**good_files(tmp_path), name: b"x"})
    refused(path, "nothing of it was imported.*leads out")


def test_a_zip_with_a_link_is_refused_whole(tmp_path: Path) -> None:
    path = packed(tmp_path / "set.zip", good_files(tmp_path))
    link = zipfile.ZipInfo("images/secret.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(path, "is a link")


def test_a_zip_bomb_is_refused_whole(tmp_path: Path) -> None:
    files = {**good_files(tmp_path), "images/big.bin": bytes(50_000_000)}
    refused(packed(tmp_path / "set.zip", files), "zip bomb")


def test_a_zip_whose_files_overlap_is_refused_whole(tmp_path: Path) -> None:
    path = packed(tmp_path / "set.zip", {"a": b"a" * 50, "dialogues.jsonl": b"{}"}, 0)
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(content)
    refused(path, "refused")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "set.zip", good_files(tmp_path))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("dialogues.jsonl", b"{}")
    refused(path, "two files of one name")


def test_what_is_no_zip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(b"not a zip")
    refused(path, "no sound zip archive")


def test_a_link_out_of_the_folder_is_refused_and_its_dialogues_go_in(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg(tmp_path / "p.jpg"))
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "pier.jpg").symlink_to(tmp_path / "secret.jpg")
    write(folder, [record()], [{**IMAGES[0], "file": "pier.jpg"}, IMAGES[1]])
    report = import_dialogues(dataset="coast-2", path=folder)
    assert "leads out of the source" in report.errors[0]["reason"]
    assert (report.images.rejected, report.dialogues.created) == (1, 1)
    assert not Image.objects.get(external_id="pier").has_file()


def test_a_document_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write(tmp_path, [record()])
    (folder / "dialogues.jsonl").symlink_to(tmp_path / "dialogues.jsonl")
    with pytest.raises(Invalid, match="leads out"):
        import_dialogues(dataset="coast-2", path=folder)


@pytest.mark.parametrize("file", ["../p.jpg", "/etc/passwd", "a/../../p.jpg", "..\\p.jpg", "C:/p"])
def test_an_image_path_that_leads_out_is_refused(tmp_path: Path, file: str) -> None:
    write(tmp_path, [record()], [{**IMAGES[0], "file": file}, IMAGES[1]])
    report = import_dialogues(dataset="coast-2", path=tmp_path)
    assert "leads out of the source" in report.errors[0]["reason"]
    assert report.dialogues.created == 1


def test_an_array_in_a_json_file_is_read_as_records(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(orjson.dumps([record(target_images=[], turns=record()["turns"][:1])] * 2))
    report = import_dialogues(dataset="coast-2", path=path)
    assert (report.dialogues.created, report.dialogues.rejected) == (1, 1)


def test_an_array_that_is_cut_off_gives_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    good = orjson.dumps(record(target_images=[], turns=record()["turns"][:1]))
    path.write_bytes(b"[" + good + b",\n" + good[:40])
    report = import_dialogues(dataset="coast-2", path=path)
    assert "cut off: what begins in line 2" in report.errors[0]["reason"]
    assert Dialogue.objects.count() == 1


def test_a_file_in_utf_16_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text("{}", encoding="utf-16")
    with pytest.raises(Invalid, match="Save it as UTF-8"):
        import_dialogues(dataset="coast-2", path=path)
