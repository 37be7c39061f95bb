"""A lost connection, a sign-out, another tab, another reviewer: every decision arrives once."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from review.models import Assignment, Decision, User
from tests.browser.conftest import Visit
from tests.browser.desks import DESK, SETTLED_MS, press, says, shows
from tests.plugins.records import within

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _decided() -> list[str]:
    return list(Decision.objects.values_list("dialogue__external_id", flat=True))


def test_decisions_made_offline_wait_and_are_sent_once(desk: Page) -> None:
    desk.context.set_offline(True)
    press(desk, "2", "Enter")
    shows(desk, "d-2")
    says(desk, "Not connected: 1 decision waits and will be sent")
    press(desk, "Enter")
    says(desk, "Not connected: 2 decisions wait and will be sent")
    expect(desk.get_by_text("comes when you are connected again")).to_be_visible()
    desk.context.set_offline(False)
    shows(desk, "d-3")
    says(desk, "Saved")
    assert _decided() == ["d-1", "d-2"]


def test_the_next_comes_by_itself_after_the_one_decision_that_waited(desk: Page) -> None:
    press(desk, "Enter")
    shows(desk, "d-2")
    press(desk, "Enter")
    shows(desk, "d-3")
    says(desk, "Saved")
    desk.context.set_offline(True)
    press(desk, "Enter")
    expect(desk.get_by_text("comes when you are connected again")).to_be_visible()
    says(desk, "Not connected: 1 decision waits")
    desk.context.set_offline(False)
    expect(desk.get_by_role("heading", name="Everything is settled")).to_be_visible()


def test_the_next_comes_once_however_it_was_asked_for(desk: Page) -> None:
    slow: list[Route] = []

    def hold(route: Route) -> None:
        if len(slow) < 2:
            slow.append(route)
        else:
            route.continue_()

    desk.route("**/desk/ahead/", hold)
    desk.route("**/desk/", hold)
    press(desk, "Enter")
    shows(desk, "d-2")
    within(10, lambda: desk.wait_for_timeout(20) or slow)
    # It is not there yet, so it is asked for as soon as this has arrived.
    press(desk, "Enter")
    within(10, lambda: desk.wait_for_timeout(20) or slow[1:])
    with desk.expect_response("**/desk/ahead/"):
        slow[0].continue_()
    desk.wait_for_timeout(2 * SETTLED_MS)
    press(desk, "Enter")
    slow[1].continue_()
    shows(desk, "d-3")
    says(desk, "Saved")
    assert _decided() == ["d-1", "d-2"]


def test_what_was_decided_on_is_not_brought_back_by_an_answer_of_before(desk: Page) -> None:
    asked: dict[str, list[Route]] = {"ahead": [], "decide": []}
    desk.route("**/desk/ahead/", lambda route: asked["ahead"].append(route))
    desk.route("**/decide/", lambda route: asked["decide"].append(route))

    def nth(kind: str, number: int) -> Route:
        within(10, lambda: desk.wait_for_timeout(20) or asked[kind][number:])
        return asked[kind][number]

    press(desk, "Enter")
    shows(desk, "d-2")
    nth("decide", 0).continue_()
    first_ahead = nth("ahead", 0)
    press(desk, "Enter")
    second_decision = nth("decide", 1)
    first_ahead.continue_()
    shows(desk, "d-3")
    # The server does not know yet that it is in hand: it would have it next.
    second_decision.continue_()
    slow = nth("ahead", 1)
    answer = slow.fetch()
    assert "d-3" in answer.text()
    press(desk, "Enter")
    nth("decide", 2).abort()
    away = desk.get_by_text("comes when you are connected again")
    expect(away).to_be_visible()
    slow.fulfill(response=answer)
    desk.wait_for_timeout(SETTLED_MS)
    expect(away).to_be_visible()
    nth("decide", 3).continue_()
    expect(desk.get_by_role("heading", name="Everything is settled")).to_be_visible()
    assert _decided() == ["d-1", "d-2", "d-3"]


def test_an_answer_that_was_lost_is_asked_for_again(desk: Page) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    desk.route("**/decide/", lose_the_answer, times=1)
    press(desk, "Enter")
    says(desk, "Saved")
    shows(desk, "d-2")
    assert _decided() == ["d-1"]


def test_what_waits_survives_a_reload_and_goes_first(alice: User, desk: Page) -> None:
    desk.route("**/decide/", lambda route: route.abort())
    press(desk, "Enter")
    shows(desk, "d-2")
    says(desk, "1 decision waits")
    desk.unroute("**/decide/")
    desk.reload()
    shows(desk, "d-2")
    says(desk, "Saved")
    assert _decided() == ["d-1"]


def test_what_was_sent_while_the_page_was_on_its_way_is_not_shown_again(desk: Page) -> None:
    undecided = desk.request.get(DESK).text()
    press(desk, "Enter")
    shows(desk, "d-2")
    says(desk, "Saved")
    given: list[Route] = []

    def give_the_page_of_before(route: Route) -> None:
        given.append(route)
        if given[1:]:
            route.continue_()
        else:
            route.fulfill(body=undecided, content_type="text/html")

    desk.route("**/desk/", give_the_page_of_before)
    desk.reload()
    shows(desk, "d-2")
    assert len(given) == 2


def test_signed_out_meanwhile_it_waits_for_the_same_person(alice: User, desk: Page) -> None:
    kept = [c for c in desk.context.cookies() if c["name"] == settings.SESSION_COOKIE_NAME]
    desk.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    press(desk, "Enter")
    says(desk, "Signed out: 1 decision waits")
    expect(desk.get_by_role("link", name="Sign in again")).to_be_visible()
    assert _decided() == []
    desk.context.add_cookies(kept)  # type: ignore[arg-type]
    says(desk, "Saved")
    assert _decided() == ["d-1"]


def test_two_tabs_decide_on_one_dialogue_once(alice: User, desk: Page, visit: Visit) -> None:
    other = visit(alice, DESK)
    press(other, "Enter")
    says(other, "Saved")
    press(desk, "2", "Enter")
    expect(desk.get_by_role("alert")).to_contain_text("You have decided on this dialogue already")
    assert _decided() == ["d-1"]
    shows(desk, "d-2")


def test_two_reviewers_at_once_have_dialogues_of_their_own(
    alice: User, erin: User, desk: Page, visit: Visit
) -> None:
    hers = visit(erin, DESK)
    shows(hers, "d-3")
    press(desk, "Enter")
    press(hers, "Enter")
    shows(desk, "d-2")
    says(desk, "Saved")
    says(hers, "Saved")
    assert sorted(_decided()) == ["d-1", "d-3"]


def test_a_closed_desk_frees_what_it_held_ahead(alice: User, desk: Page) -> None:
    desk.goto("/datasets/coast/")
    held = Assignment.objects.held()
    within(5, lambda: [place.dialogue.external_id for place in held.all()] == ["d-1"])
