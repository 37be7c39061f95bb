"""Closing the page at the desk: its places are free for others, those of another page stay."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from review import assignments
from review.errors import Conflict
from review.models import Assignment, Dialogue, PlaceState, User

SignIn = Callable[[User], Client]
DESK = "/datasets/coast/desk/"


def held_on(page: HttpResponse) -> str:
    """The place of a page and the end of its lease, as its program tells them when it is closed."""
    words = page.content.decode()
    place = re.search(r'data-assignment="([^"]+)"', words)
    end = re.search(r'data-expires="([^"]+)"', words)
    assert place
    assert end
    return f"{place[1]} {end[1]}"


@pytest.fixture
def desk_page(
    make_dialogue: Callable[..., Dialogue], alice: User, client_of: SignIn
) -> tuple[Client, list[str]]:
    """A browser whose page shows one dialogue and keeps the next one ready, and what it holds."""
    make_dialogue("d-1")
    make_dialogue("d-2")
    browser = client_of(alice)
    return browser, [held_on(browser.get(f"{DESK}{part}")) for part in ("", "ahead/")]


def minutes_left(place: Assignment) -> int:
    return round((place.expires_at - timezone.now()).total_seconds() / 60)


def test_a_page_that_is_closed_frees_what_it_holds(desk_page: tuple[Client, list[str]]) -> None:
    browser, held = desk_page
    assert browser.post(f"{DESK}leave/", {"held": held}).status_code == 204
    in_hand, ahead = Assignment.objects.order_by("pk")
    assert (in_hand.state, minutes_left(in_hand)) == (PlaceState.OPEN, 5)
    assert ahead.state == PlaceState.RETURNED


def test_a_page_that_is_closed_late_frees_nothing_of_the_one_that_is_open(
    desk_page: tuple[Client, list[str]],
) -> None:
    browser, held = desk_page
    for part in ("", "ahead/"):
        browser.get(f"{DESK}{part}")
    browser.post(f"{DESK}leave/", {"held": held})
    in_hand, ahead = Assignment.objects.order_by("pk")
    assert [place.state for place in (in_hand, ahead)] == [PlaceState.OPEN] * 2
    assert [minutes_left(place) for place in (in_hand, ahead)] == [30, 30]


@pytest.mark.parametrize("held", ["", "17", "x 2026-11-26T16:30:00Z", "17 2026-11-26T16:30:00"])
def test_what_a_closed_page_cannot_tell_frees_nothing(
    desk_page: tuple[Client, list[str]], held: str
) -> None:
    browser, _ = desk_page
    assert browser.post(f"{DESK}leave/", {"held": held}).status_code == 204
    assert Assignment.objects.held().count() == 2


def test_what_is_kept_ready_stays_while_its_page_asks_for_it(
    desk_page: tuple[Client, list[str]],
) -> None:
    browser, _ = desk_page
    nearly = timezone.now() + timedelta(minutes=1)
    Assignment.objects.filter(begun_at=None).update(expires_at=nearly)
    browser.get(f"{DESK}ahead/")
    assert minutes_left(Assignment.objects.get(begun_at=None)) == 30


def test_a_lost_place_of_an_earlier_round_is_not_taken_up_again(
    dialogue: Dialogue, alice: User, claim: Callable[[User], Assignment]
) -> None:
    place = claim(alice)
    assignments.give_back(assignment=place)
    Dialogue.objects.update(round=1)
    with pytest.raises(Conflict, match="went back to the models"):
        assignments.reclaim(assignment=place, by=alice)
    assert Dialogue.objects.get().places_taken == 0
