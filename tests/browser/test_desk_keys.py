"""A reviewer at the desk with the keyboard alone: every key, the next dialogue, nothing lost."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from review.models import Assignment, Decision, Dialogue, Image, Stage, User, Verdict
from tests.conftest import TEXTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[User, str], Page]
MakeDialogue = Callable[..., Dialogue]

DESK = "/datasets/coast/desk/"
# After this the desk takes a key for the dialogue that it shows, not for the one before.
SETTLED_MS = 350


@pytest.fixture
def desk(alice: User, make_dialogue: MakeDialogue, visit: Visit) -> Page:
    for number in range(1, 4):
        make_dialogue(f"d-{number}")
    page = visit(alice, DESK)
    # Without htmx the same keys send plain forms, which is another test's promise.
    page.wait_for_function("() => window.htmx !== undefined")
    return page


def _shows(page: Page, external_id: str) -> None:
    expect(page.locator(".chat h2 a")).to_have_text(external_id)
    page.wait_for_timeout(SETTLED_MS)


def _chosen(page: Page) -> str | None:
    return page.locator(".card:has(.choice:checked) .text").text_content()


def test_enter_accepts_the_chosen_candidate_and_the_next_comes_at_once(desk: Page) -> None:
    desk.keyboard.press("2")
    assert _chosen(desk) == TEXTS[1]
    desk.keyboard.press("Enter")
    _shows(desk, "d-2")
    approved = Dialogue.objects.get(external_id="d-1").approved_candidate
    assert approved is not None
    assert approved.text == TEXTS[1]
    expect(desk.locator("#saved")).to_contain_text("Saved")
    expect(desk.locator("#today")).to_contain_text("1 of 3")
    assert desk.url.endswith(DESK)


def test_arrows_and_letters_walk_through_the_cards(desk: Page) -> None:
    for key, expected in [("j", 1), ("ArrowDown", 2), ("j", 2), ("k", 1), ("ArrowUp", 0)]:
        desk.keyboard.press(key)
        assert _chosen(desk) == TEXTS[expected]


def test_the_chosen_candidates_phrases_are_marked_in_the_chat(desk: Page) -> None:
    marked = desk.locator(".turns .on")
    desk.keyboard.press("1")
    expect(marked.filter(has_text="breakwater")).to_have_count(1)
    desk.keyboard.press("2")
    expect(marked.filter(has_text="breakwater")).to_have_count(0)


def test_an_edit_starts_from_the_chosen_text_and_ctrl_enter_saves_it(desk: Page) -> None:
    desk.keyboard.press("3")
    desk.keyboard.press("e")
    field = desk.locator("#edit-text")
    expect(field).to_be_focused()
    expect(field).to_have_value(TEXTS[2])
    desk.keyboard.type(" 2 r")
    expect(desk.locator("#edit-count")).to_contain_text("7 words")
    desk.keyboard.press("Control+Enter")
    _shows(desk, "d-2")
    decision = Decision.objects.get()
    assert decision.candidate is not None
    assert decision.candidate.text == f"{TEXTS[2]} 2 r"


def test_escape_leaves_the_edit_and_keeps_its_words(desk: Page) -> None:
    desk.keyboard.press("e")
    desk.keyboard.type(" and more")
    desk.keyboard.press("Escape")
    expect(desk.locator("#edit-text")).to_be_hidden()
    desk.keyboard.press("2")
    desk.keyboard.press("e")
    expect(desk.locator("#edit-text")).to_have_value(f"{TEXTS[0]} and more")


def test_an_empty_edit_is_told_at_the_field(desk: Page) -> None:
    desk.keyboard.press("e")
    desk.locator("#edit-text").fill(" ")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("the text is empty")
    expect(desk.locator("#edit-text")).to_be_focused()
    assert not Decision.objects.exists()


def test_a_number_picks_the_reason_of_a_rejection(desk: Page) -> None:
    for key in ["r", "3", "Enter"]:
        desk.keyboard.press(key)
    _shows(desk, "d-2")
    assert Decision.objects.get().reason == "wrong-target"


def test_a_note_goes_to_the_models_with_more(desk: Page) -> None:
    desk.keyboard.press("m")
    desk.keyboard.type("say which lighthouse")
    desk.keyboard.press("Control+Enter")
    _shows(desk, "d-2")
    assert Dialogue.objects.get(external_id="d-1").note_to_models == "say which lighthouse"


def test_skip_and_undo_bring_the_same_dialogue_back(desk: Page) -> None:
    desk.keyboard.press("s")
    _shows(desk, "d-2")
    desk.keyboard.press("u")
    _shows(desk, "d-1")
    expect(desk.get_by_text("Taken back.")).to_be_visible()
    assert Assignment.objects.held().get().dialogue.external_id == "d-1"


def test_a_key_pressed_twice_decides_once(desk: Page) -> None:
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")
    _shows(desk, "d-2")
    assert Decision.objects.count() == 1
    assert Dialogue.objects.get(external_id="d-2").stage == Stage.JUDGED


def test_a_double_click_decides_once(desk: Page) -> None:
    desk.get_by_role("button", name=re.compile("Accept")).dblclick()
    _shows(desk, "d-2")
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("key", ["Control+e", "Alt+s", "Meta+r", "Control+u"])
def test_keys_of_the_browser_are_left_to_it(desk: Page, key: str) -> None:
    desk.evaluate("addEventListener('keydown', e => { window.taken = e.defaultPrevented })")
    desk.evaluate(
        """key => {
          const [modifier, letter] = key.split('+');
          const held = { Control: 'ctrlKey', Alt: 'altKey', Meta: 'metaKey' }[modifier];
          document.body.dispatchEvent(new KeyboardEvent('keydown', {
            key: letter, [held]: true, bubbles: true, cancelable: true }));
        }""",
        key,
    )
    assert desk.evaluate("window.taken") is False
    assert not Decision.objects.exists()


def test_an_input_method_keeps_its_keys(desk: Page) -> None:
    desk.evaluate(
        """() => document.body.dispatchEvent(new KeyboardEvent('keydown', {
          key: 's', isComposing: true, bubbles: true, cancelable: true }))"""
    )
    expect(desk.locator(".chat h2 a")).to_have_text("d-1")
    assert not Decision.objects.exists()


def test_question_mark_shows_all_keys_and_escape_hides_them(desk: Page) -> None:
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="All keys")).to_be_visible()
    desk.keyboard.press("s")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    assert not Decision.objects.exists()


def test_the_last_decision_leaves_a_kind_empty_desk(desk: Page) -> None:
    for following in ["d-2", "d-3"]:
        desk.keyboard.press("Enter")
        _shows(desk, following)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Everything is settled")).to_be_visible()
    desk.wait_for_timeout(SETTLED_MS)
    desk.keyboard.press("u")
    _shows(desk, "d-3")


def test_a_lost_connection_is_said_and_the_same_press_works_later(desk: Page) -> None:
    desk.context.set_offline(True)
    desk.keyboard.press("2")
    desk.keyboard.press("Enter")
    expect(desk.locator("#saved")).to_contain_text("not saved yet")
    desk.context.set_offline(False)
    desk.keyboard.press("Enter")
    _shows(desk, "d-2")
    assert Decision.objects.count() == 1


def test_signing_out_elsewhere_does_not_lose_the_page(desk: Page) -> None:
    desk.keyboard.press("e")
    desk.keyboard.type(" with care")
    desk.context.clear_cookies(name="recqr_session")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#saved")).to_contain_text("you were signed out")
    expect(desk.locator("#edit-text")).to_have_value(f"{TEXTS[0]} with care")


def test_another_panel_opens_by_its_key_from_the_reasons(desk: Page) -> None:
    desk.keyboard.press("r")
    desk.keyboard.press("m")
    desk.keyboard.type("keep the colour")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#saved")).to_contain_text("Saved")
    decision = Decision.objects.get()
    assert (decision.verdict, decision.note) == ("more", "keep the colour")


def test_a_lost_place_keeps_the_text_on_the_page(desk: Page) -> None:
    desk.keyboard.press("e")
    desk.keyboard.type(" with care")
    place = Assignment.objects.held().get()
    Assignment.objects.filter(pk=place.pk).update(state="expired", ended_at=place.expires_at)
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("Your time for this dialogue ended")
    expect(desk.get_by_label("What you wrote")).to_have_value(f"{TEXTS[0]} with care")
    assert not Decision.objects.exists()


def test_pages_fit_every_width_and_ask_nobody_else(desk: Page, images: list[Image]) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    for width, height in [(1440, 900), (820, 1180), (390, 844)]:
        desk.set_viewport_size({"width": width, "height": height})
        desk.reload()
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
    origin = re.match(r"https?://[^/]+", desk.url)
    assert origin is not None
    assert [url for url in asked if not url.startswith((origin[0], "data:"))] == []


def test_a_usual_dialogue_needs_no_scrolling(desk: Page) -> None:
    desk.set_viewport_size({"width": 1440, "height": 900})
    hidden = "e => e.scrollHeight - e.clientHeight"
    for part in [".chat", ".cards-place", ".evidence"]:
        assert desk.locator(part).evaluate(hidden) <= 0, part
    assert desk.evaluate("document.documentElement.scrollHeight") <= 900


def test_without_javascript_the_same_desk_decides(
    alice: User, make_dialogue: MakeDialogue, visit: Visit
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    page = visit(alice, "/")
    plain = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    desk = plain.new_page()
    desk.goto(re.sub(r"/$", DESK, page.url))
    desk.get_by_text(TEXTS[1], exact=True).click()
    desk.get_by_role("button", name=re.compile("Accept")).click()
    expect(desk.locator(".chat h2 a")).to_have_text("d-2")
    desk.locator("summary", has_text="Reject").click()
    desk.get_by_label("What the user means is unclear").check()
    desk.locator(".panel-foot button[value=reject]").click()
    expect(desk.get_by_role("heading", name="Everything is settled")).to_be_visible()
    verdicts = Decision.objects.values_list("verdict", flat=True)
    assert list(verdicts) == [Verdict.ACCEPT, Verdict.REJECT]
    plain.close()
