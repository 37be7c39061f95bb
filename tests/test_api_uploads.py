"""Uploads by API: in pieces, resumed where the connection broke, for admins alone."""

import hashlib
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from review import uploads
from review.models import Dataset, Upload, User

Program = Callable[[User], Client]
ADDRESS = "/api/v1/datasets/coast/uploads/"
CONTENT = b'{"id": "d-1"}\n' * 1000
JSON = "application/json"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def program(carol: User, program_of: Program) -> Client:
    return program_of(carol)


def begin(program: Client, size: int = len(CONTENT), name: str = "d.jsonl") -> str:
    made = program.post(ADDRESS, {"name": name, "size": size}, content_type=JSON)
    assert made.status_code == 201, made.content
    return f"{ADDRESS}{made.json()['id']}/"


def send(program: Client, address: str, offset: Any, piece: bytes) -> Any:
    headers = {"Upload-Offset": str(offset)}
    kind = "application/octet-stream"
    return program.patch(address, piece, content_type=kind, headers=headers)


def test_pieces_make_the_file_and_the_last_gives_its_checksum(program: Client) -> None:
    address = begin(program)
    assert send(program, address, 0, CONTENT[:5000]).json()["received"] == 5000
    done = send(program, address, 5000, CONTENT[5000:]).json()
    assert done["finished"] is True
    assert done["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert Upload.objects.get().path().read_bytes() == CONTENT


def test_a_broken_upload_tells_where_to_go_on(program: Client) -> None:
    address = begin(program)
    send(program, address, 0, CONTENT[:5000])
    assert program.get(address).json()["received"] == 5000
    refused = send(program, address, 0, CONTENT[:5000])
    assert refused.status_code == 409
    assert "5000 bytes" in refused.json()["detail"]
    assert send(program, address, 5000, CONTENT[5000:]).json()["finished"] is True


def test_what_was_written_but_not_noted_is_written_again(program: Client) -> None:
    address = begin(program)
    Upload.objects.get().path().write_bytes(b"half of a piece, then the server died")
    send(program, address, 0, CONTENT)
    assert Upload.objects.get().path().read_bytes() == CONTENT


def test_a_lost_last_answer_is_given_again(program: Client) -> None:
    address = begin(program)
    send(program, address, 0, CONTENT)
    Upload.objects.update(finished=None, sha256="")
    assert send(program, address, len(CONTENT), b"").json()["finished"] is True


@pytest.mark.parametrize(
    ("offset", "piece", "status", "words"),
    [
        ("", b"x", 400, "Upload-Offset"),
        ("-1", b"x", 400, "Upload-Offset"),
        ("٣", b"x", 400, "Upload-Offset"),
        (0, CONTENT + b"x", 400, "goes beyond"),
        (1, b"x", 409, "0 bytes were received"),
        (0, b"x" * (uploads.PIECE_BYTES + 1), 413, "the most is"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(
    offset: Any, piece: bytes, status: int, words: str, program: Client
) -> None:
    address = begin(program)
    offset = offset if isinstance(offset, int) else offset.encode().decode("latin-1")
    response = send(program, address, offset, piece)
    assert response.status_code == status
    assert words in response.json()["detail"]
    assert Upload.objects.get().received == 0


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"name": "a.jsonl"}, "size", "required"),
        ({"name": "a.jsonl", "size": 0}, "size", "greater than or equal to 1"),
        ({"name": "a.jsonl", "size": "7"}, "size", "valid integer"),
        ({"name": "a.jsonl", "size": 2**40}, "size", "the most is 1.0 GB"),
        ({"name": "../..", "size": 7}, "name", "has no name"),
        ({"name": "", "size": 7}, "name", "blank"),
    ],
)
def test_a_file_that_cannot_come_in_is_named_at_its_field(
    sent: dict[str, Any], field: str, words: str, program: Client, settings: Any
) -> None:
    settings.UPLOAD_MOST_GB = 1
    response = program.post(ADDRESS, sent, content_type=JSON)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["field"] == field
    assert words in error["detail"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\d.zip", "d.zip"),
        (".hidden.json", "hidden.json"),
        ("a\x07b<c>.jsonl", "ab-c-.jsonl"),
        ("картинки.zip", "картинки.zip"),
        ("x" * 300 + ".zip", "x" * 116 + ".zip"),
    ],
)
def test_a_name_never_leads_out_of_its_folder(
    name: str, kept: str, program: Client, tmp_path: Path
) -> None:
    begin(program, name=name)
    upload = Upload.objects.get()
    assert upload.name == kept
    assert upload.path().parent.parent == tmp_path / "uploads"


def test_a_file_that_vanished_asks_for_a_new_start(program: Client) -> None:
    address = begin(program)
    send(program, address, 0, CONTENT[:10])
    shutil.rmtree(Upload.objects.get().path().parent)
    response = send(program, address, 10, CONTENT[10:])
    assert response.status_code == 409
    assert "Upload the file again" in response.json()["detail"]


def test_only_admins_upload_and_only_who_began_goes_on(
    program: Client, bob: User, dave: User, dataset: Dataset, program_of: Program
) -> None:
    address = begin(program)
    sent = {"name": "a.jsonl", "size": 1}
    assert program_of(bob).post(ADDRESS, sent, content_type=JSON).status_code == 403
    assert program_of(bob).get(address).status_code == 403
    assert program_of(dave).get(address).status_code == 404
    dataset.memberships.filter(user=bob).update(role="admin")
    assert program_of(bob).get(address).status_code == 200
    assert send(program_of(bob), address, 0, CONTENT).status_code == 403


def test_other_methods_are_none(program: Client) -> None:
    address = begin(program)
    assert program.get(ADDRESS).status_code == 405
    assert program.delete(address).status_code == 405


def test_files_that_nobody_imports_go_after_a_week(program: Client, dataset: Dataset) -> None:
    begin(program)
    old = Upload.objects.get()
    Upload.objects.update(created=timezone.now() - timedelta(days=8))
    begin(program)
    assert not old.path().parent.exists()
    assert Upload.objects.get(pk=old.pk).file == ""
