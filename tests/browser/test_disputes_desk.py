"""An adjudicator settles disputes with the keyboard alone; what is sent back comes first there."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from review import decisions
from review.models import Assignment, Dataset, Decision, Dialogue, User, Verdict
from review.rulings import Ruling
from tests.conftest import TEXTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[User, str], Page]
Claim = Callable[[User], Assignment]
MakeDialogue = Callable[..., Dialogue]

DISPUTES = "/datasets/coast/disputes/"
# After this the page takes a key for the dispute that it shows, not for the one before.
SETTLED_MS = 350


@pytest.fixture
def disputed(
    dataset: Dataset, make_dialogue: MakeDialogue, alice: User, erin: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    for name in ("d-1", "d-2", "d-3"):
        dialogue = make_dialogue(name)
        for number, person in enumerate((alice, erin)):
            chosen = dialogue.candidates.order_by("pk")[number]
            ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
            decisions.decide(assignment=claim(person), ruling=ruling, by=person)


def _shows(page: Page, external_id: str) -> None:
    expect(page.locator("#dialogue-title a")).to_have_text(external_id)
    page.wait_for_timeout(SETTLED_MS)


def test_what_an_adjudicator_writes_survives_a_reload(
    disputed: None, bob: User, visit: Visit
) -> None:
    page = visit(bob, DISPUTES)
    _shows(page, "d-1")
    page.keyboard.press("e")
    page.keyboard.type(" at dusk")
    expect(page.locator("#saved")).to_contain_text("Kept on this device")
    page.reload()
    _shows(page, "d-1")
    expect(page.locator("#edit-text")).to_be_focused()
    expect(page.locator("#edit-text")).to_have_value(re.compile(" at dusk$"))
    page.keyboard.press("Control+Enter")
    _shows(page, "d-2")
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.includes('dispute:'))") == []


def test_every_verdict_by_the_keyboard(disputed: None, bob: User, erin: User, visit: Visit) -> None:
    page = visit(bob, DISPUTES)
    _shows(page, "d-1")
    expect(page.locator(".sides > li")).to_have_count(2)
    expect(page.locator(".card").nth(1)).to_contain_text("chosen by erin")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    _shows(page, "d-2")
    settled = Dialogue.objects.get(external_id="d-1")
    assert (settled.approval, settled.approved_candidate.text) == ("adjudicated", TEXTS[1])
    page.keyboard.press("e")
    page.keyboard.type(" in the fog")
    page.keyboard.press("Control+Enter")
    _shows(page, "d-3")
    page.keyboard.press("c")
    expect(page.locator("#side")).to_contain_text("Nobody has said anything yet")
    page.locator("#side textarea").fill("@erin is it the same pier?")
    page.locator("#side").get_by_role("button", name="Comment").click()
    expect(page.locator("#side .lines")).to_contain_text("is it the same pier?")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("2")
    page.keyboard.press("Tab")
    page.keyboard.type("Look at the sky again.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="No disputes")).to_be_visible()
    expect(page.locator("#last")).to_contain_text("Sent back to erin")
    assert Decision.objects.get(verdict=Verdict.SEND_BACK).supersedes.reviewer == erin
    desk = visit(erin, "/datasets/coast/desk/")
    expect(desk.locator(".sent-back")).to_contain_text("Look at the sky again.")
    expect(desk.locator(".account summary .count")).to_have_text("1")
