"""The pages of imports: bring a file, see what a dry run found, import it, read the report."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis

from review import uploads
from review.importing.following import Following
from review.liveness import KEY
from review.models import Dataset, Dialogue, Image, Import, Membership, Upload, User
from review.tasks import run_import

SignIn = Callable[[User], Client]

ADDRESS = "/datasets/coast/imports/"
LINE = (
    b'{"id": "new-%d", "turns": [{"role": "user", "text": "Show me <b>number</b> %d"}],'
    b' "candidates": [{"text": "picture %d", "author": "gpt-x"}]}\n'
)
GOOD = b"".join(LINE % (number, number, number) for number in range(7))
BAD = b'{"id": "bad-1", "turns": []}\n'


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def browser(carol: User, client_of: SignIn) -> Client:
    return client_of(carol)


def form(content: bytes = GOOD, name: str = "d.jsonl", **fields: Any) -> dict[str, Any]:
    return {
        "file": SimpleUploadedFile(name, content),
        "format": "auto",
        "existing": "keep",
        **fields,
    }


def bring(browser: Client, **sent: Any) -> str:
    """Uploads by form and gives the address of the dry run."""
    response = browser.post(f"{ADDRESS}start/", form(**sent))
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


def page_of(browser: Client, address: str) -> str:
    return browser.get(address).content.decode()


def make_import(dataset: Dataset, **fields: Any) -> Import:
    values = {"source": "d.jsonl", "format": "native", "options": {"format": "native"}, **fields}
    return Import.objects.create(dataset=dataset, **values)


def work() -> None:
    """What a worker does once it is told to."""
    for row in Import.objects.unfinished():
        run_import(row.pk)


def test_a_file_is_checked_first_and_nothing_is_written(browser: Client) -> None:
    address = bring(browser, content=GOOD + BAD)
    row = Import.objects.get()
    assert row.options["dry_run"] is True
    assert row.source == "d.jsonl"
    work()
    page = page_of(browser, address)
    assert "Import 7 dialogues" in page
    assert "1 problem" in page
    assert "bad-1" in page
    assert not Dialogue.objects.exists()


def test_the_first_dialogues_are_drawn_as_text(browser: Client) -> None:
    address = bring(browser)
    work()
    page = page_of(browser, address)
    assert page.count('class="sample"') == 5
    assert "Show me &lt;b&gt;number&lt;/b&gt; 0" in page
    assert "picture 0" in page
    assert "<b>number" not in page


def test_after_the_dry_run_one_press_imports(browser: Client, dataset: Dataset) -> None:
    address = bring(browser)
    work()
    response = browser.post(f"{address}confirm/")
    row = Import.objects.latest("pk")
    assert response["Location"] == f"{ADDRESS}{row.pk}/"
    assert row.options["dry_run"] is False
    work()
    assert dataset.dialogues.count() == 7
    page = page_of(browser, response["Location"])
    assert "See the dialogues" in page
    assert row.upload is not None
    assert row.upload.sha256 in page


def test_a_press_too_many_imports_once(browser: Client) -> None:
    address = bring(browser)
    work()
    first, second = browser.post(f"{address}confirm/"), browser.post(f"{address}confirm/")
    assert first["Location"] == second["Location"]


def test_a_file_in_a_form_is_held_on_the_disk_of_uploads(
    browser: Client, monkeypatch: Any, tmp_path: Path
) -> None:
    held: list[Path] = []
    store = uploads.store

    def watched(*, file: Any, **rest: Any) -> Upload:
        held.append(Path(file.temporary_file_path()))
        return store(file=file, **rest)

    monkeypatch.setattr(uploads, "store", watched)
    bring(browser)
    assert held[0].parent == tmp_path / "uploads"
    assert not held[0].exists()


def test_rejected_records_are_downloaded_mended_and_imported_again(
    browser: Client, dataset: Dataset
) -> None:
    address = bring(browser, content=GOOD + BAD)
    work()
    imported = browser.post(f"{address}confirm/")["Location"]
    work()
    download = browser.get(f"{imported}rejected/")
    assert "attachment" in download["Content-Disposition"]
    lines = b"".join(download.streaming_content)  # type: ignore[attr-defined]
    assert lines.count(b"\n") == 1
    turns = b'"turns":[{"role":"user","text":"Mended"}]'
    mended = re.sub(rb'"turns":\s*\[\]', turns, lines)
    again = bring(browser, content=mended, name="mended.jsonl")
    work()
    browser.post(f"{again}confirm/")
    work()
    assert dataset.dialogues.get(external_id="bad-1").final_query == "Mended"


def test_a_dry_run_offers_its_problems_for_download_too(browser: Client) -> None:
    address = bring(browser, content=BAD)
    work()
    assert browser.get(f"{address}rejected/").status_code == 200
    assert "Nothing of this file can come in" in page_of(browser, address)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"file": ""}, "Choose a file"),
        ({"file": SimpleUploadedFile("d.jsonl", b"")}, "The file is empty"),
        ({"format": "excel"}, "Choose one of the formats"),
        ({"existing": "burn"}, "Choose what to do"),
        ({"file": "", "upload": "7"}, "There is no upload 7"),
        ({"file": "", "upload": "x"}, "Enter a whole number"),
    ],
)
def test_bad_input_is_named_and_starts_nothing(
    change: dict[str, Any], words: str, browser: Client
) -> None:
    response = browser.post(f"{ADDRESS}start/", {**form(), **change})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Import.objects.exists()


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(
    browser: Client, settings: Any
) -> None:
    settings.UPLOAD_MOST_GB = 0
    response = browser.post(f"{ADDRESS}start/", form(content=b"x" * 100_000))
    assert response.status_code == 400
    assert "which is the most" in response.content.decode()
    assert not Upload.objects.exists()


def test_an_unfinished_upload_is_not_imported(
    browser: Client, dataset: Dataset, carol: User
) -> None:
    upload = uploads.begin(dataset=dataset, name="d.jsonl", size=100, by=carol)
    sent = {**form(), "file": "", "upload": upload.pk}
    response = browser.post(f"{ADDRESS}start/", sent)
    assert response.status_code == 422
    assert "Finish its upload first" in response.content.decode()


def test_a_form_from_elsewhere_is_refused(carol: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(carol)
    assert strict.post(f"{ADDRESS}start/", form()).status_code == 403
    assert not Upload.objects.exists()


def test_without_a_worker_the_page_says_so_at_once(browser: Client, settings: Any) -> None:
    Redis.from_url(settings.REDIS_URL).delete(KEY.format(queue="default"))
    address = bring(browser)
    for page in (page_of(browser, address), page_of(browser, ADDRESS)):
        assert "No worker is running" in page
        assert "manage.py import_dialogues coast" in page


def test_progress_asks_again_while_it_runs_and_stops_at_its_end(
    browser: Client, dataset: Dataset
) -> None:
    counts = {
        "dialogues": {"created": 3000, "updated": 0, "unchanged": 0, "rejected": 0},
        "seconds": 2.0,
        "bytes_read": 250,
        "bytes_total": 1000,
    }
    row = make_import(dataset, status="running", counts=counts)
    part = browser.get(f"{ADDRESS}{row.pk}/", headers={"HX-Request": "true"})
    words = part.content.decode()
    assert "<html" not in words
    assert "HX-Request" in part["Vary"]
    assert 'hx-trigger="every 1s"' in words
    assert "1,500 a second" in words
    assert "about 6.0 s left" in words
    Import.objects.update(status="done", report=counts)
    assert "hx-trigger" not in page_of(browser, f"{ADDRESS}{row.pk}/")


def test_a_failed_import_says_why(browser: Client, dataset: Dataset) -> None:
    row = make_import(dataset, status="failed", failure="The zip is encrypted.")
    assert "The zip is encrypted." in page_of(browser, f"{ADDRESS}{row.pk}/")


def test_the_history_says_who_when_what_and_how_many(
    browser: Client, dataset: Dataset, carol: User
) -> None:
    report = {"dialogues": {"created": 12, "updated": 3, "unchanged": 0, "rejected": 0}}
    make_import(dataset, status="done", by=carol, checksum="ab" * 32, report=report)
    page = page_of(browser, ADDRESS)
    for words in ("d.jsonl", "carol", "12 new", "3 changed", "ab" * 32, "just now"):
        assert words in page


def test_images_of_a_dry_run_are_said_to_come(
    browser: Client, dataset: Dataset, images: list[Image]
) -> None:
    turns = [{"role": "user", "text": "That pier", "images": ["pier", "new-one"]}]
    sample = {"id": "s", "turns": turns, "target_images": [], "candidates": []}
    options = {"dry_run": True}
    row = make_import(dataset, status="done", counts={"samples": [sample]}, options=options)
    page = page_of(browser, f"{ADDRESS}{row.pk}/")
    assert "“new-one” comes with the import" in page
    assert "people on a wooden pier" in page


def test_an_import_of_before_records_were_kept_still_shows(
    browser: Client, dataset: Dataset
) -> None:
    error = {"file": "d.jsonl", "line": 3, "id": "x", "field": "turns", "reason": "no turns"}
    row = make_import(dataset, status="done", report={"errors": [error]})
    assert Following(row).problems == 1
    assert "no turns" in page_of(browser, f"{ADDRESS}{row.pk}/")


def test_only_admins_of_the_dataset_import(
    alice: User, bob: User, dave: User, dataset: Dataset, client_of: SignIn
) -> None:
    row = make_import(dataset)
    for user, status in ((alice, 403), (bob, 403), (dave, 404)):
        browser = client_of(user)
        for path in ("", f"{row.pk}/", f"{row.pk}/rejected/"):
            assert browser.get(f"{ADDRESS}{path}").status_code == status
        assert browser.post(f"{ADDRESS}start/", form()).status_code == status
        assert browser.post(f"{ADDRESS}{row.pk}/confirm/").status_code == status
    assert not Upload.objects.exists()


def test_what_changes_something_is_no_link(browser: Client, dataset: Dataset) -> None:
    row = make_import(dataset)
    assert browser.get(f"{ADDRESS}start/").status_code == 405
    assert browser.get(f"{ADDRESS}{row.pk}/confirm/").status_code == 405
    assert browser.post(ADDRESS).status_code == 405


def test_only_a_dry_run_is_confirmed_and_of_this_dataset(browser: Client, dataset: Dataset) -> None:
    row = make_import(dataset)
    assert browser.post(f"{ADDRESS}{row.pk}/confirm/").status_code == 409
    other = make_import(Dataset.objects.create(slug="other", title="Other"))
    assert browser.get(f"{ADDRESS}{other.pk}/").status_code == 404
    assert browser.post(f"{ADDRESS}{other.pk}/confirm/").status_code == 404


def test_a_download_that_is_gone_is_said_to_be(browser: Client, dataset: Dataset) -> None:
    row = make_import(dataset, rejected="imports/1/rejected.jsonl")
    assert browser.get(f"{ADDRESS}{row.pk}/rejected/").status_code == 404
    name = default_storage.save("imports/1/rejected.jsonl", ContentFile(b"{}\n"))
    Import.objects.update(rejected=name)
    assert browser.get(f"{ADDRESS}{row.pk}/rejected/").status_code == 200


def test_more_imports_cost_no_more_queries(browser: Client, dataset: Dataset, carol: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get(ADDRESS)
        return len(found)

    make_import(dataset, by=carol)
    one = queries()
    for _ in range(9):
        make_import(dataset, by=carol)
    assert queries() == one


def test_an_admin_begins_a_dataset_and_is_its_admin(browser: Client, carol: User) -> None:
    assert "New dataset" in page_of(browser, "/")
    response = browser.post("/new-dataset/", {"title": "Street scenes", "slug": ""})
    assert response["Location"] == "/datasets/street-scenes/imports/"
    made = Membership.objects.get(user=carol, dataset__slug="street-scenes")
    assert made.role == "admin"
    assert made.dataset.title == "Street scenes"
    assert browser.get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"title": ""}, "Give it a title"),
        ({"title": "Ok", "slug": "Not Plain"}, "lower-case letters"),
        ({"title": "…", "slug": ""}, "lower-case letters"),
        ({"title": "Ok", "slug": "coast"}, "There is a dataset “coast” already"),
        ({"title": "x" * 201}, "200"),
    ],
)
def test_a_dataset_that_cannot_be_is_named_at_its_field(
    sent: dict[str, str], words: str, browser: Client
) -> None:
    response = browser.post("/new-dataset/", sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Dataset.objects.count() == 1


def test_others_begin_no_dataset(alice: User, dave: User, client_of: SignIn) -> None:
    for user in (alice, dave):
        assert client_of(user).get("/new-dataset/").status_code == 403
        assert client_of(user).post("/new-dataset/", {"title": "Mine"}).status_code == 403
        assert "New dataset" not in page_of(client_of(user), "/")
    dave.is_staff = True
    dave.save()
    assert client_of(dave).get("/new-dataset/").status_code == 200
