"""Imports by API: the same engine as the pages, followed by a program, for admins alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from review import uploads
from review.models import Dataset, Dialogue, Import, Upload, User
from review.tasks import run_import

Program = Callable[[User], Client]
ADDRESS = "/api/v1/datasets/coast/imports/"
GOOD = b'{"id": "d-1", "turns": [{"role": "user", "text": "A red boat"}]}\n'
BAD = b'{"id": "d-2", "turns": []}\n'
JSON = "application/json"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def program(carol: User, program_of: Program) -> Client:
    return program_of(carol)


def file(content: bytes = GOOD) -> SimpleUploadedFile:
    return SimpleUploadedFile("d.jsonl", content)


@pytest.fixture
def upload(dataset: Dataset, carol: User) -> Upload:
    return uploads.store(dataset=dataset, file=file(GOOD + BAD), by=carol)


def test_a_file_in_a_form_is_imported_and_followed_to_its_end(program: Client) -> None:
    made = program.post(ADDRESS, {"file": file(GOOD + BAD), "format": "native"})
    assert made.status_code == 201
    begun = made.json()
    assert (begun["status"], begun["dry_run"], begun["source"]) == ("waiting", False, "d.jsonl")
    run_import(begun["id"])
    done = program.get(f"{ADDRESS}{begun['id']}/").json()
    assert done["status"] == "done"
    assert done["dialogues"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert done["problems"] == 1
    [problem] = done["first_problems"]
    assert (problem["file"], problem["line"], problem["id"]) == ("d.jsonl", 2, "d-2")
    assert problem["excerpt"].startswith('{"id": "d-2"')
    assert len(done["checksum"]) == 64
    assert done["by"] == "carol"
    assert Dialogue.objects.get().external_id == "d-1"


def test_an_upload_is_imported_by_its_id_and_a_dry_run_writes_nothing(
    program: Client, upload: Upload
) -> None:
    sent = {"upload": upload.pk, "dry_run": True}
    begun = program.post(ADDRESS, sent, content_type=JSON).json()
    run_import(begun["id"])
    done = program.get(f"{ADDRESS}{begun['id']}/").json()
    assert (done["status"], done["format"]) == ("done", "native")
    assert done["dialogues"]["created"] == 1
    assert not Dialogue.objects.exists()


def test_rejected_records_come_as_jsonl(program: Client, upload: Upload) -> None:
    begun = program.post(ADDRESS, {"upload": upload.pk}, content_type=JSON).json()
    address = f"{ADDRESS}{begun['id']}/rejected/"
    assert program.get(address).status_code == 404
    run_import(begun["id"])
    response = program.get(address)
    assert response["Content-Type"] == "application/jsonl"
    assert b'"d-2"' in b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_the_list_has_the_newest_first(program: Client, upload: Upload) -> None:
    for _ in range(2):
        program.post(ADDRESS, {"upload": upload.pk}, content_type=JSON)
    rows = program.get(ADDRESS).json()["results"]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({}, 400, "one of both"),
        ({"upload": 10**6}, 404, "There is no upload"),
        ({"upload": "1"}, 400, "valid integer"),
        ({"format": "excel"}, 400, "not a valid choice"),
        ({"dry_run": "maybe"}, 400, "valid boolean"),
        ({"upload": None, "replace": True, "append_candidates": True}, 400, "not both"),
    ],
)
def test_what_cannot_be_is_said_and_starts_nothing(
    sent: dict[str, Any], status: int, words: str, program: Client, upload: Upload
) -> None:
    if sent.get("upload", 1) is None:
        sent = {**sent, "upload": upload.pk}
    response = program.post(ADDRESS, sent, content_type=JSON)
    assert response.status_code == status
    assert words in response.json()["detail"]
    assert not Import.objects.exists()


def test_an_unfinished_upload_is_a_conflict(program: Client, dataset: Dataset, carol: User) -> None:
    begun = uploads.begin(dataset=dataset, name="d.jsonl", size=9, by=carol)
    response = program.post(ADDRESS, {"upload": begun.pk}, content_type=JSON)
    assert response.status_code == 409
    assert "Finish its upload first" in response.json()["detail"]


def test_a_file_beyond_the_limit_is_refused(program: Client, settings: Any) -> None:
    settings.UPLOAD_MOST_GB = 0
    response = program.post(ADDRESS, {"file": file(b"x" * 100_000)})
    assert response.status_code == 413


def test_only_admins_of_the_dataset_import_by_api(
    alice: User, bob: User, dave: User, program: Client, upload: Upload, program_of: Program
) -> None:
    begun = program.post(ADDRESS, {"upload": upload.pk}, content_type=JSON).json()
    for user, status in ((alice, 403), (bob, 403), (dave, 404)):
        other = program_of(user)
        assert other.get(ADDRESS).status_code == status
        assert other.get(f"{ADDRESS}{begun['id']}/").status_code == status
        assert other.get(f"{ADDRESS}{begun['id']}/rejected/").status_code == status
        sent = other.post(ADDRESS, {"upload": upload.pk}, content_type=JSON)
        assert sent.status_code == status
        assert other.post(ADDRESS, {"file": file()}).status_code == status
    assert Import.objects.count() == 1
    assert Upload.objects.count() == 1


def test_an_upload_of_another_dataset_is_out_of_reach(program: Client, carol: User) -> None:
    other = Dataset.objects.create(slug="other", title="Other")
    other.memberships.create(user=carol, role="admin")
    elsewhere = uploads.store(dataset=other, file=file(), by=carol)
    response = program.post(ADDRESS, {"upload": elsewhere.pk}, content_type=JSON)
    assert response.status_code == 404


def test_imports_are_not_changed_by_other_methods(program: Client, upload: Upload) -> None:
    begun = program.post(ADDRESS, {"upload": upload.pk}, content_type=JSON).json()
    assert program.put(ADDRESS).status_code == 405
    assert program.delete(f"{ADDRESS}{begun['id']}/").status_code == 405
    assert program.post(f"{ADDRESS}{begun['id']}/rejected/").status_code == 405
