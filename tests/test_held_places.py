"""Who holds what: admins see it, take it back, and nothing that was written is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from review import assignments
from review.models import Assignment, Dataset, Dialogue, PlaceState, User
from review.places import drafts

SignIn = Callable[[User], Client]
MEMBERS = "/datasets/coast/members/"


def test_an_admin_sees_what_each_holds_and_takes_it_back(
    dataset: Dataset,
    alice: User,
    carol: User,
    dialogue: Dialogue,
    claim: Callable[[User], Assignment],
    client_of: SignIn,
) -> None:
    place = claim(alice)
    drafts.save(assignment=place, draft=drafts.Draft("the old lighthouse"))
    browser = client_of(carol)
    page = browser.get(MEMBERS).content.decode()
    assert "in hand since just now" in page
    assert "Take back" not in client_of(alice).get(MEMBERS).content.decode()

    address = f"/datasets/coast/places/{place.pk}/take-back/"
    assert client_of(alice).post(address).status_code == 403
    answer = browser.post(address, follow=True)
    assert "Dialogue d-1 is free again" in answer.content.decode()
    place.refresh_from_db()
    assert (place.state, place.draft) == (PlaceState.RETURNED, "the old lighthouse")
    again = browser.post(address, follow=True).content.decode()
    assert "alice does not hold dialogue d-1 any more" in again

    told = client_of(alice).post(
        f"/places/{place.pk}/decide/", {"verdict": "edit", "text": "a lighthouse", "key": "k"}
    )
    assert "was given back, by you elsewhere or by an admin" in told.content.decode()
    place.refresh_from_db()
    assert place.draft == "a lighthouse"


def test_a_program_of_an_admin_sees_and_frees_places(
    dataset: Dataset,
    alice: User,
    carol: User,
    dialogue: Dialogue,
    claim: Callable[[User], Assignment],
    program_of: Callable[[User], Client],
) -> None:
    place = claim(alice)
    address = "/api/v1/datasets/coast/places/"
    admin = program_of(carol)
    [held] = admin.get(address).json()
    assert (held["reviewer"], held["dialogue"]) == ("alice", "d-1")
    members = {row["user"]: row for row in admin.get("/api/v1/datasets/coast/members/").json()}
    assert members["alice"]["holds"] == [held]
    assert members["carol"]["holds"] == []
    assert admin.delete(f"{address}{place.pk}/").status_code == 204
    assert admin.delete(f"{address}{place.pk}/").status_code == 409
    assert admin.delete(f"{address}{place.pk + 1}/").status_code == 404
    for path in [address, "/api/v1/datasets/coast/members/"]:
        assert program_of(alice).get(path).status_code == 403


def test_who_signs_out_leaves_the_desk_of_every_dataset(
    dataset: Dataset,
    alice: User,
    make_dialogue: Callable[..., Dialogue],
    claim: Callable[[User], Assignment],
    client_of: SignIn,
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    in_hand = claim(alice)
    ahead = assignments.claim_ahead(dataset=dataset, by=alice)
    assert ahead is not None
    until = in_hand.expires_at
    assert client_of(alice).post("/logout/").status_code == 302
    in_hand.refresh_from_db()
    ahead.refresh_from_db()
    assert (in_hand.is_open(), ahead.is_open()) == (True, False)
    assert in_hand.expires_at < until


@pytest.mark.parametrize("action", ["pause", "remove"])
def test_who_is_paused_or_removed_holds_nothing(
    action: str,
    alice: User,
    carol: User,
    dialogue: Dialogue,
    claim: Callable[[User], Assignment],
    client_of: SignIn,
) -> None:
    place = claim(alice)
    member = alice.memberships.get()
    client_of(carol).post(f"{MEMBERS}{member.pk}/{action}/", {"paused": "1"})
    place.refresh_from_db()
    assert not place.is_open()


def test_of_many_places_sent_back_the_first_are_shown_and_the_others_counted(
    dataset: Dataset,
    make_dialogue: Callable[..., Dialogue],
    alice: User,
    carol: User,
    client_of: SignIn,
    program_of: Callable[[User], Client],
) -> None:
    later = timezone.now() + timedelta(days=6, hours=1)
    for number in range(8):
        Assignment.objects.create(
            dialogue=make_dialogue(f"s-{number}"),
            reviewer=alice,
            place=0,
            claimed_at=timezone.now(),
            sent_back_at=timezone.now(),
            expires_at=later,
        )
    page = client_of(carol).get(MEMBERS).content.decode()
    assert page.count("6 days left") == 5
    assert "and 3 more" in page
    members = program_of(carol).get("/api/v1/datasets/coast/members/").json()
    [row] = [row for row in members if row["user"] == "alice"]
    assert (row["held"], len(row["holds"])) == (8, 5)
    assert len(program_of(carol).get("/api/v1/datasets/coast/places/").json()) == 8
