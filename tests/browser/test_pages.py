"""The pages around the desk in a real browser: filters, keys and live progress without a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from generation.models import ItemState, Run, RunItem, RunKind, RunStatus
from review import relevance
from review.models import Dialogue, QueryForm, RetrievalCheck, Stage, User
from review.pages.listing import PAGE_SIZE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[User, str], Page]
MakeDialogue = Callable[..., Dialogue]

# After this a page takes a key for the dialogue that it shows, not for the one before.
SETTLED_MS = 350


def test_typing_filters_the_list_and_keeps_its_state_in_the_address(
    alice: User, make_dialogue: MakeDialogue, visit: Visit
) -> None:
    make_dialogue("d-1", final_query="Show me the red boat")
    make_dialogue("d-2")
    page = visit(alice, "/datasets/coast/dialogues/")
    page.get_by_label("Search").fill("red boat")
    expect(page.get_by_role("status").filter(has_text="1 dialogue of 2")).to_be_visible()
    expect(page.locator(".dialogue-row")).to_have_count(1)
    assert "q=red+boat" in page.url

    page.reload()
    expect(page.locator(".dialogue-row")).to_have_count(1)
    page.locator(".chip").click()
    expect(page.locator(".dialogue-row")).to_have_count(2)
    expect(page.get_by_label("Search")).to_have_value("")


def test_n_turns_the_page_but_not_while_one_types(
    alice: User, make_dialogue: MakeDialogue, visit: Visit
) -> None:
    for number in range(PAGE_SIZE + 1):
        make_dialogue(f"d-{number:03}", stage=Stage.IMPORTED)
    page = visit(alice, "/datasets/coast/dialogues/")
    page.get_by_label("Search").press("n")
    expect(page.get_by_label("Search")).to_have_value("n")
    page.goto("/datasets/coast/dialogues/")
    page.keyboard.press("n")
    expect(page.locator(".dialogue-row")).to_have_count(1)


def test_enter_leads_from_home_to_the_desk(alice: User, dialogue: Dialogue, visit: Visit) -> None:
    page = visit(alice, "/")
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/coast/desk/")


def test_a_member_is_added_after_a_mistake_was_named(carol: User, visit: Visit) -> None:
    page = visit(carol, "/datasets/coast/members/")
    page.get_by_label("Username").fill("no good name")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be a username")
    page.get_by_label("Username").fill("frida")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_text("frida is now an annotator")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("")


def test_a_run_shows_its_progress_by_itself_and_then_rests(
    carol: User, dialogue: Dialogue, visit: Visit
) -> None:
    run = Run.objects.create(dataset=dialogue.dataset, kind=RunKind.CHECK)
    RunItem.objects.create(run=run, dialogue=dialogue)
    page = visit(carol, f"/datasets/coast/runs/{run.pk}/")
    expect(page.get_by_text("0 of 1 done")).to_be_visible()
    run.items.update(state=ItemState.DONE)
    Run.objects.update(status=RunStatus.DONE)
    expect(page.get_by_text("1 of 1 done")).to_be_visible()
    expect(page.locator("#live")).not_to_have_attribute("hx-trigger", "every 2s")


def test_no_page_is_wider_than_a_phone(carol: User, dialogue: Dialogue, visit: Visit) -> None:
    page = visit(carol, "/")
    page.set_viewport_size({"width": 390, "height": 844})
    parts = ["", "dialogues/", "releases/", "members/", "runs/"]
    for address in ["/", "/help/formats/", *(f"/datasets/coast/{part}" for part in parts)]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_images_of_one_dialogue_after_the_other_are_judged_by_keys(
    carol: User, make_dialogue: MakeDialogue, visit: Visit
) -> None:
    first, second = approved(make_dialogue("d-1"), rank=3), approved(make_dialogue("d-2"), rank=2)
    page = visit(carol, "/datasets/coast/relevance/")
    page.wait_for_timeout(SETTLED_MS)
    for key in ["1", "ArrowRight", " ", " ", "Enter"]:
        page.keyboard.press(key)
    page.wait_for_url("**/relevance/d-2/")
    assert relevance.others([first.pk])[first.pk] == {"cabin": True, "lighthouse-sunny": False}
    page.wait_for_timeout(SETTLED_MS)
    # A mark is seen to go before “none” is sent.
    for key in ["2", "n", "n"]:
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="All 2 are judged")).to_be_focused()
    assert not any(relevance.others([second.pk])[second.pk].values())


def approved(dialogue: Dialogue, *, rank: int) -> Dialogue:
    """Approved, and checked: the cabin and the sunny lighthouse were found beside the target."""
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED,
        approved_candidate=dialogue.candidates.all()[0],
        lowest_place=rank,
    )
    dialogue.refresh_from_db()
    RetrievalCheck.objects.create(
        dialogue=dialogue,
        candidate=dialogue.approved_candidate,
        form=QueryForm.REWRITE,
        retriever="bm25",
        corpus_version=1,
        corpus_size=3,
        rank=rank,
        tied=1,
        top=[["cabin", 2.0], ["lighthouse-sunny", 1.0]],
    )
    return dialogue
