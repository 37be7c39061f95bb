"""A reviewer at the desk with the keyboard alone: every key, the next dialogue, nothing lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from review.models import Assignment, Dataset, Decision, Dialogue, Stage, User, Verdict
from tests.browser.desks import DESK, SETTLED_MS, press, says, shows
from tests.conftest import TEXTS
from tests.plugins.records import within

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _chosen(page: Page) -> str | None:
    return page.locator(".card:has(.choice:checked) .text").text_content()


def test_enter_accepts_the_chosen_candidate_and_the_next_comes_at_once(desk: Page) -> None:
    desk.keyboard.press("2")
    assert _chosen(desk) == TEXTS[1]
    desk.keyboard.press("Enter")
    shows(desk, "d-2")
    says(desk, "Saved")
    approved = Dialogue.objects.get(external_id="d-1").approved_candidate
    assert approved is not None
    assert approved.text == TEXTS[1]
    expect(desk.locator("#today")).to_contain_text("1 today · 2 wait")
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
    expect(desk.locator("[data-count-of=edit-text]")).to_contain_text("7 words")
    desk.keyboard.press("Control+Enter")
    shows(desk, "d-2")
    says(desk, "Saved")
    decision = Decision.objects.get()
    assert decision.candidate is not None
    assert decision.candidate.text == f"{TEXTS[2]} 2 r"


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
    says(desk, "Saved")
    assert Decision.objects.get().reason == "wrong-target"


def test_a_note_goes_to_the_models_with_more(desk: Page) -> None:
    desk.keyboard.press("m")
    desk.keyboard.type("say which lighthouse")
    desk.keyboard.press("Control+Enter")
    says(desk, "Saved")
    assert Dialogue.objects.get(external_id="d-1").note_to_models == "say which lighthouse"


def test_skip_asks_for_a_reason_and_takes_the_first_at_a_second_press(desk: Page) -> None:
    press(desk, "s", "s")
    shows(desk, "d-2")
    press(desk, "s", "2", "Enter")
    shows(desk, "d-3")
    says(desk, "Saved")
    assert list(Decision.objects.values_list("reason", flat=True)) == ["unsure", "language"]


def test_a_marks_further_candidates_as_right(desk: Page) -> None:
    press(desk, "2", "a", "3", "a", "a", "1", "Enter")
    shows(desk, "d-2")
    says(desk, "Saved")
    assert [also.text for also in Decision.objects.get().also.all()] == [TEXTS[1]]


def test_undo_goes_back_decision_by_decision(desk: Page) -> None:
    for following in ["d-2", "d-3"]:
        desk.keyboard.press("Enter")
        shows(desk, following)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Everything is settled")).to_be_visible()
    for back in ["d-3", "d-2", "d-1"]:
        desk.wait_for_timeout(SETTLED_MS)
        desk.keyboard.press("u")
        shows(desk, back)
        says(desk, "Taken back")
    assert Assignment.objects.held().filter(begun_at__isnull=False).get().dialogue.external_id == (
        "d-1"
    )
    assert Decision.objects.filter(verdict=Verdict.UNDO).count() == 3


def test_an_older_decision_is_taken_back_from_the_list(desk: Page) -> None:
    for following in ["d-2", "d-3"]:
        desk.keyboard.press("Enter")
        shows(desk, following)
    says(desk, "Saved")
    desk.get_by_text("Last 2").click()
    desk.get_by_role("button", name="Take back d-1").click()
    shows(desk, "d-1")


def test_own_keys_are_shown_and_the_usual_ones_rest(alice: User, desk: Page) -> None:
    User.objects.filter(pk=alice.pk).update(keys={"reject": "x", "skip": ""})
    desk.reload()
    expect(desk.locator("[data-panel=reject] > summary")).to_have_text("Reject X")
    expect(desk.locator("[data-panel=skip] > summary")).to_have_text("Skip")
    press(desk, "r", "s")
    expect(desk.locator(".choose[open]")).to_have_count(0)
    press(desk, "x")
    expect(desk.get_by_text("Why is no rewrite approved?")).to_be_visible()


def test_keys_work_where_another_script_is_on(desk: Page) -> None:
    desk.evaluate(
        """() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {
          key: 'у', code: 'KeyE', bubbles: true, cancelable: true }))"""
    )
    expect(desk.locator("#edit-text")).to_be_focused()


def test_what_a_rule_blocks_is_accepted_with_a_reason(desk: Page, dataset: Dataset) -> None:
    Dataset.objects.update(validators={"too-long": "block"}, most_words=4)
    desk.reload()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("alert")).to_contain_text("the most is 4")
    desk.keyboard.type("all of it counts")
    desk.keyboard.press("Control+Enter")
    says(desk, "Saved")
    assert Decision.objects.get().override == "all of it counts"


# In one go: between two messages to a busy browser more time may pass than between two presses.
TWICE = """
const press = () => new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
for (const event of [press(), press()]) document.activeElement.dispatchEvent(event);
"""


def test_a_key_pressed_twice_decides_once(desk: Page) -> None:
    desk.evaluate(TWICE)
    shows(desk, "d-2")
    says(desk, "Saved")
    assert Decision.objects.count() == 1
    assert Dialogue.objects.get(external_id="d-2").stage == Stage.JUDGED


# Whatever lies there at each of the two.
CLICK_TWICE = """
button => {
  const { left, top, width, height } = button.getBoundingClientRect();
  const click = () => document.elementFromPoint(left + width / 2, top + height / 2).click();
  click();
  click();
}
"""


def test_a_double_click_decides_once(desk: Page) -> None:
    desk.get_by_role("button", name=re.compile("Accept")).evaluate(CLICK_TWICE)
    shows(desk, "d-2")
    says(desk, "Saved")
    assert Decision.objects.count() == 1


def test_keys_of_the_browser_are_left_to_it(desk: Page) -> None:
    taken = desk.evaluate(
        """() => [['e', 'ctrlKey'], ['s', 'altKey'], ['r', 'metaKey'], ['u', 'ctrlKey']].map(
          ([key, held]) => !document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {
            key, [held]: true, bubbles: true, cancelable: true })))"""
    )
    assert taken == [False] * 4
    assert not Decision.objects.exists()


def test_an_input_method_keeps_its_keys(desk: Page) -> None:
    desk.evaluate(
        """() => document.body.dispatchEvent(new KeyboardEvent('keydown', {
          key: 's', isComposing: true, bubbles: true, cancelable: true }))"""
    )
    expect(desk.locator("#dialogue-title a")).to_have_text("d-1")
    assert not Decision.objects.exists()


def test_undo_passes_by_what_has_to_stay(desk: Page) -> None:
    desk.keyboard.press("Enter")
    shows(desk, "d-2")
    desk.keyboard.press("m")
    desk.keyboard.type("shorter")
    desk.keyboard.press("Control+Enter")
    shows(desk, "d-3")
    # “Saved” may still be of the decision before: its own undo is there once this one has arrived.
    more = within(10, lambda: Decision.objects.filter(verdict=Verdict.MORE).first())
    expect(desk.locator("#undo")).to_have_attribute("action", f"/decisions/{more.pk}/undo/")
    # The models answer at once.
    Dialogue.objects.filter(external_id="d-2").update(stage=Stage.PROPOSED)
    desk.keyboard.press("u")
    expect(desk.locator("#notes")).to_contain_text("The models have written since")
    expect(desk.locator("#notes")).to_contain_text("Undo takes back the one before it")
    shows(desk, "d-3")
    desk.keyboard.press("u")
    shows(desk, "d-1")
    expect(desk.locator("#notes")).to_be_empty()


def test_guidelines_open_beside_the_dialogue(desk: Page, dataset: Dataset) -> None:
    desk.keyboard.press("g")
    expect(desk.get_by_role("dialog", name="Guidelines")).to_contain_text("no guidelines")


def test_a_number_with_a_nought_chooses_one_of_many(desk: Page, dataset: Dataset) -> None:
    dialogue = Dialogue.objects.get(external_id="d-1")
    for number in range(20):
        text = f"the lighthouse and {number} boats"
        dialogue.candidates.create(text=text, text_key=text, kind="model", author="m", round=1)
    desk.reload()
    desk.keyboard.press("0")
    expect(desk.locator("#candidate-1")).to_be_checked()
    press(desk, "2", "0")
    expect(desk.locator("#candidate-20")).to_be_checked()


def test_question_mark_shows_all_keys_and_escape_hides_them(desk: Page) -> None:
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="All keys")).to_be_visible()
    desk.keyboard.press("s")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    assert not Decision.objects.exists()


def test_another_panel_opens_by_its_key_from_the_reasons(desk: Page) -> None:
    desk.keyboard.press("r")
    desk.keyboard.press("m")
    desk.keyboard.type("keep the colour")
    desk.keyboard.press("Control+Enter")
    says(desk, "Saved")
    decision = Decision.objects.get()
    assert (decision.verdict, decision.note) == ("more", "keep the colour")
