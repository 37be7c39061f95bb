"""Bringing a file in a real browser: in pieces, over a broken connection, followed to its end."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, Route, expect
from redis import Redis

from review import uploads
from review.liveness import KEY
from review.models import Dataset, Import, Upload, User
from review.tasks import run_import

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[User, str], Page]
ADDRESS = "/datasets/coast/imports/"
LINE = '{"id": "d-%d", "turns": [{"role": "user", "text": "Show me picture %d of the coast"}]}\n'
PIECES = "**/api/v1/datasets/coast/uploads/*/"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "coast.jsonl"
    path.write_text("".join(LINE % (n, n) for n in range(3000)) + '{"id": "bad", "turns": []}\n')
    return path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> int:
    """Several pieces of a small file."""
    monkeypatch.setattr(uploads, "PIECE_BYTES", 64 * 1024)
    return 64 * 1024


@pytest.fixture
def worker() -> Iterator[Callable[[], None]]:
    """Does in a thread of its own what a worker would be told to do."""
    started: list[threading.Thread] = []

    def work() -> None:
        for row in Import.objects.unfinished():
            run_import(row.pk)
        connection.close()

    def start() -> None:
        started.append(threading.Thread(target=work))
        started[-1].start()

    yield start
    for thread in started:
        thread.join()


def choose(page: Page, source: Path) -> None:
    page.get_by_label("Drop a file here").set_input_files(source)


def check(page: Page) -> None:
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url(f"**{ADDRESS}*/")


def test_a_file_goes_in_pieces_is_checked_and_imported_without_a_reload(
    carol: User,
    dataset: Dataset,
    source: Path,
    small_pieces: int,
    visit: Visit,
    worker: Callable[[], None],
) -> None:
    page = visit(carol, ADDRESS)
    sent: list[int] = []
    page.on(
        "request",
        lambda r: sent.append(int(r.headers["upload-offset"])) if r.method == "PATCH" else None,
    )
    choose(page, source)
    check(page)
    size = source.stat().st_size
    assert sent == list(range(0, size, small_pieces))
    assert Upload.objects.get().path().read_bytes() == source.read_bytes()

    expect(page.get_by_text("Waits for its turn")).to_be_visible()
    worker()
    expect(page.get_by_text("3,001 dialogues checked")).to_be_visible()
    expect(page.locator(".sample")).to_have_count(5)
    expect(page.get_by_text("1 problem")).to_be_visible()
    assert not dataset.dialogues.exists()

    page.get_by_role("button", name="Import 3,000 dialogues").click()
    expect(page.get_by_text("Waits for its turn")).to_be_visible()
    worker()
    expect(page.get_by_role("link", name="See the dialogues")).to_be_visible()
    assert dataset.dialogues.count() == 3000


def test_progress_moves_by_itself_and_ends(carol: User, dataset: Dataset, visit: Visit) -> None:
    counts = {"dialogues": {"created": 100}, "seconds": 2.0, "bytes_read": 1, "bytes_total": 10}
    row = Import.objects.create(
        dataset=dataset, source="coast.jsonl", format="native", status="running", counts=counts
    )
    page = visit(carol, f"{ADDRESS}{row.pk}/")
    expect(page.get_by_text("100 dialogues read")).to_be_visible()
    expect(page.get_by_text("about 18 s left")).to_be_visible()
    counts = {**counts, "dialogues": {"created": 900}, "bytes_read": 9}
    Import.objects.update(counts=counts)
    expect(page.get_by_text("900 dialogues read")).to_be_visible()
    Import.objects.update(status="done", report=counts)
    expect(page.get_by_text("See the dialogues")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []


def test_a_broken_connection_goes_on_where_it_broke(
    carol: User, source: Path, small_pieces: int, visit: Visit
) -> None:
    page = visit(carol, ADDRESS)
    lost, sent = [small_pieces, 2 * small_pieces], []

    def break_twice(route: Route) -> None:
        offset = int(route.request.headers.get("upload-offset", -1))
        sent.append(offset)
        if offset in lost:
            lost.remove(offset)
            if offset == 2 * small_pieces:
                route.fetch()  # the piece arrives, and its answer is lost
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route(PIECES, break_twice)
    choose(page, source)
    check(page)
    assert lost == []
    pieces = [offset for offset in sent if offset >= 0]
    assert pieces.count(small_pieces) == 2
    assert pieces.count(2 * small_pieces) == 1
    assert Upload.objects.get().path().read_bytes() == source.read_bytes()


def test_a_page_that_was_closed_goes_on_where_it_stopped(
    carol: User, source: Path, small_pieces: int, visit: Visit
) -> None:
    page = visit(carol, ADDRESS)

    def stall(route: Route) -> None:
        if int(route.request.headers.get("upload-offset", -1)) == small_pieces:
            return
        route.continue_()

    page.route(PIECES, stall)
    choose(page, source)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("sent")).to_be_visible()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Stop the upload").click()
    expect(page.get_by_role("button", name="Check the file")).to_be_enabled()
    assert Upload.objects.get().received == small_pieces

    page.unroute(PIECES)
    page.reload()
    choose(page, source)
    check(page)
    assert Upload.objects.get().is_whole()


def test_a_refusal_is_said_at_the_file(
    carol: User, source: Path, visit: Visit, settings: Any, tmp_path: Path
) -> None:
    page = visit(carol, ADDRESS)
    settings.UPLOAD_MOST_GB = 0
    choose(page, source)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert").filter(has_text="the most is")).to_be_visible()
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    choose(page, empty)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert").filter(has_text="is empty")).to_be_visible()
    assert not Upload.objects.exists()


def test_without_a_worker_the_page_says_so_at_once(carol: User, source: Path, visit: Visit) -> None:
    Redis.from_url(settings.REDIS_URL).delete(KEY.format(queue="default"))
    page = visit(carol, ADDRESS)
    expect(page.get_by_text("No worker is running")).to_be_visible()
    choose(page, source)
    check(page)
    expect(page.get_by_text("No worker is running")).to_be_visible()


def test_a_dropped_file_is_taken(carol: User, visit: Visit) -> None:
    page = visit(carol, ADDRESS)
    page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["{}"], "dropped.jsonl"));
          const options = {dataTransfer: transfer, bubbles: true, cancelable: true};
          const event = new DragEvent("drop", options);
          document.querySelector(".drop").dispatchEvent(event);
        }"""
    )
    name = page.get_by_label("Drop a file here").evaluate("input => input.files[0].name")
    assert name == "dropped.jsonl"
