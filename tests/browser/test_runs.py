"""The form that starts a run, as a person fills it: what belongs to the kind, and what it takes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from review.models import Dialogue, Stage, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[User, str], Page]


def test_the_form_shows_what_belongs_to_its_kind_and_estimates_as_it_is_filled(
    make_dialogue: Callable[..., Dialogue], carol: User, visit: Visit
) -> None:
    for number in range(3):
        make_dialogue(f"d-{number}", stage=Stage.IMPORTED)
    page = visit(carol, "/datasets/coast/runs/")
    estimate = page.locator("#estimate")
    expect(estimate).to_contain_text("Done here, without a model")
    page.get_by_label("Candidates per dialogue").fill("99")
    expect(page.locator("#id_candidates_errors")).to_contain_text("from 1 to 20")
    expect(estimate).to_contain_text("No estimate yet")
    page.get_by_label("Candidates per dialogue").fill("3")
    expect(page.locator("#id_candidates_errors")).to_be_empty()
    page.get_by_text("Which dialogues").click()
    page.get_by_label("Words").fill("nowhere")
    expect(estimate).to_contain_text("nothing to do")
    page.get_by_label("Judge").check()
    expect(page.get_by_label("Candidates per dialogue")).to_be_hidden()
    page.get_by_text("How judges go about it").click()
    expect(page.get_by_label("How many of the best")).to_be_hidden()
    page.get_by_label("Compare the best in pairs").check()
    expect(page.get_by_label("How many of the best")).to_be_visible()
    page.get_by_label("Check", exact=False).first.check()
    expect(page.get_by_text("Who does it")).to_be_hidden()
