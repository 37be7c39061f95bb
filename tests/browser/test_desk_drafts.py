"""What is written at the desk survives: a pause, a crash, another tab, a lease that ends."""

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from review.models import Assignment, Decision, Dialogue, User
from tests.browser.conftest import Visit
from tests.browser.desks import DESK, edit, press, says, shows
from tests.conftest import TEXTS
from tests.plugins.records import within

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _lose(external_id: str) -> None:
    held = Assignment.objects.held().filter(dialogue__external_id=external_id)
    held.update(state="expired", ended_at=timezone.now())
    Dialogue.objects.filter(external_id=external_id).update(places_taken=0)


def test_a_pause_keeps_the_text_for_any_device(alice: User, desk: Page, visit: Visit) -> None:
    press(desk, "2", "a", "3")
    edit(desk, " at dusk")
    says(desk, "Draft saved")
    elsewhere = desk.context.browser.new_context(base_url=desk.url)  # type: ignore[union-attr]
    elsewhere.add_cookies(desk.context.cookies())  # type: ignore[arg-type]
    page = elsewhere.new_page()
    page.goto(DESK)
    expect(page.locator("#edit-text")).to_be_focused()
    expect(page.locator("#edit-text")).to_have_value(f"{TEXTS[2]} at dusk")
    assert page.locator(".card:has(.choice:checked)").get_attribute("data-number") == "3"
    assert page.locator(".card:has(.also :checked)").get_attribute("data-number") == "2"
    elsewhere.close()


def test_escape_leaves_the_edit_and_keeps_its_words(desk: Page) -> None:
    edit(desk, " and more")
    press(desk, "Escape")
    expect(desk.locator("#edit-text")).to_be_hidden()
    press(desk, "2", "e")
    expect(desk.locator("#edit-text")).to_have_value(f"{TEXTS[0]} and more")


def test_a_crash_before_the_server_has_it_loses_nothing(
    alice: User, desk: Page, visit: Visit
) -> None:
    desk.route("**/draft/", lambda route: route.abort())
    edit(desk, " before the crash")
    says(desk, "Not connected: your text is kept on this device")
    with pytest.raises(Error, match="crash"):
        desk.goto("chrome://crash", timeout=2000)
    desk.close()
    page = visit(alice, DESK)
    expect(page.locator("#edit-text")).to_have_value(f"{TEXTS[0]} before the crash")
    says(page, "Draft saved")
    assert Assignment.objects.get(draft=f"{TEXTS[0]} before the crash")


def test_of_two_tabs_both_texts_are_shown_and_one_is_kept(
    alice: User, desk: Page, visit: Visit
) -> None:
    other = visit(alice, DESK)
    edit(other, " there")
    says(other, "Draft saved")
    edit(desk, " here")
    expect(desk.get_by_label("Kept there")).to_have_value(f"{TEXTS[0]} there")
    expect(desk.get_by_label("Written here")).to_have_value(f"{TEXTS[0]} here")
    desk.get_by_role("button", name="Take what was kept there").click()
    expect(desk.locator("#edit-text")).to_have_value(f"{TEXTS[0]} there")
    desk.keyboard.type(" and here")
    within(5, Assignment.objects.filter(draft=f"{TEXTS[0]} there and here").exists)


def test_a_lease_that_ends_while_typing_loses_no_word(desk: Page) -> None:
    _lose("d-1")
    edit(desk, " too late")
    expect(desk.get_by_role("alert")).to_contain_text("Your time for this dialogue ended")
    with desk.expect_response("**/reclaim/"):
        desk.get_by_role("button", name="Take it again").click()
    shows(desk, "d-1")
    expect(desk.locator("#edit-text")).to_have_value(f"{TEXTS[0]} too late")
    press(desk, "Control+Enter")
    says(desk, "Saved")
    assert Decision.objects.get().candidate.text.endswith(" too late")  # type: ignore[union-attr]


def test_a_decision_at_a_lost_place_comes_back_with_its_text(desk: Page) -> None:
    edit(desk, " in vain")
    says(desk, "Draft saved")
    _lose("d-1")
    press(desk, "Control+Enter")
    shows(desk, "d-2")
    expect(desk.get_by_role("alert")).to_contain_text("Your decision on d-1 was not taken")
    expect(desk.get_by_label("What you wrote")).to_have_value(f"{TEXTS[0]} in vain")
    desk.get_by_role("button", name="Open d-1 again").click()
    shows(desk, "d-1")
    expect(desk.locator("#edit-text")).to_have_value(f"{TEXTS[0]} in vain")
    press(desk, "Control+Enter")
    says(desk, "Saved")
    assert Decision.objects.get().dialogue.external_id == "d-1"


def test_rules_speak_while_the_text_is_written(desk: Page) -> None:
    edit(desk, " with elephants")
    expect(desk.locator("[data-findings] .warn")).to_contain_text("“elephants” is found nowhere")


def test_an_unaided_text_is_written_first_and_goes_on(alice: User, desk: Page) -> None:
    Assignment.objects.filter(dialogue__external_id="d-1").update(arm="unaided")
    desk.reload()
    expect(desk.locator(".card")).to_have_count(0)
    desk.keyboard.type("a lighthouse under clouds")
    press(desk, "Control+Enter")
    expect(desk.locator(".card")).to_have_count(3)
    shows(desk, "d-1")
    press(desk, "e")
    expect(desk.locator("#edit-text")).to_have_value("a lighthouse under clouds")
    press(desk, "Control+Enter")
    shows(desk, "d-2")
    says(desk, "Saved")
    decision = Decision.objects.get()
    assert decision.saw["unaided_text"] == "a lighthouse under clouds"
