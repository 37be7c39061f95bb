"""While one writes, what the text would find appears beside it, and never gets in the way."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from generation import retrievers
from generation.retrievers import corpora
from review.models import Assignment, Dataset, Dialogue, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[User, str], Page]


@pytest.fixture(autouse=True)
def _own_record(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.RECORD_DIR = tmp_path
    corpora._open.clear()
    yield
    corpora._open.clear()


@pytest.fixture
def desk(alice: User, dialogue: Dialogue, dataset: Dataset, visit: Visit) -> Page:
    corpora.index_of(dataset, retrievers.primary(dataset))
    page = visit(alice, "/datasets/coast/desk/")
    page.wait_for_function("() => window.htmx !== undefined")
    return page


def test_it_comes_with_the_edit_follows_the_words_and_goes_with_it(desk: Page) -> None:
    found = desk.get_by_role("region", name="What it would find")
    expect(found).to_be_hidden()
    desk.keyboard.press("e")
    expect(found.locator(".hits li").first).to_have_attribute("data-image", "lighthouse-cloudy")
    expect(found.locator(".lane-name")).to_have_text(
        ["Final query", "Chosen candidate", "Your text"]
    )
    desk.locator("#edit-text").fill("a cabin at a mountain lake")
    expect(found.locator(".hits li").first).to_have_attribute("data-image", "cabin")
    expect(found.get_by_role("status")).to_have_text(re.compile("^Worse: from 1st to .* of 3$"))
    desk.keyboard.press("Escape")
    expect(found).to_be_hidden()
    texts = [entry["text"] for entry in Assignment.objects.get().tried]
    assert texts[-1] == "a cabin at a mountain lake"


def test_the_newest_words_win_however_late_the_others_are_answered(desk: Page) -> None:
    slow: list[Route] = []

    def hold_first(route: Route) -> None:
        if "sunny" in (route.request.post_data or ""):
            slow.append(route)
        else:
            route.continue_()

    desk.route("**/try/", hold_first)
    desk.keyboard.press("e")
    field = desk.locator("#edit-text")
    field.fill("sunny")
    desk.wait_for_timeout(400)
    field.fill("a cabin")
    first = desk.locator(".hits li").first
    expect(first).to_have_attribute("data-image", "cabin")
    assert len(slow) == 1
    slow[0].abort()
    expect(field).to_have_value("a cabin")
    expect(first).to_have_attribute("data-image", "cabin")


def test_a_burst_of_keys_is_one_question(desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda one: asked.append(one.url) if "/try/" in one.url else None)
    desk.keyboard.press("e")
    expect(desk.locator(".hits li[data-image]")).not_to_have_count(0)
    before = len(asked)
    desk.keyboard.type(" with a boat", delay=20)
    expect(desk.locator(".try-word")).to_be_visible()
    desk.wait_for_timeout(400)
    # Twelve keys; on a machine that stalls they may come in a few bursts.
    assert before < len(asked) < before + 6


def test_a_lost_connection_is_said_quietly_in_its_place(desk: Page) -> None:
    desk.keyboard.press("e")
    expect(desk.locator(".hits li[data-image]")).not_to_have_count(0)
    desk.context.set_offline(True)
    desk.keyboard.type(" x")
    expect(desk.locator(".try-word")).to_contain_text("Not connected")
    desk.context.set_offline(False)
    desk.keyboard.type("y")
    expect(desk.locator(".try-word")).not_to_contain_text("Not connected")
