"""The first page tells each person what is theirs, what waits, and what to do next."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from review.models import Assignment, Dataset, Dialogue, Membership, Role, Stage, User

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]


def test_it_asks_a_stranger_to_sign_in(client: Client, db: None) -> None:
    response = client.get(reverse("home"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


def test_an_annotator_sees_what_waits_and_the_way_to_it(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    page = client_of(alice).get(reverse("home")).content.decode()
    assert "you are an annotator" in page
    assert "Review 1 dialogue" in page
    assert reverse("desk", kwargs={"slug": "coast"}) in page


def test_an_open_place_comes_before_what_waits(
    alice: User, dialogue: Dialogue, claim: Callable[[User], Assignment], client_of: SignIn
) -> None:
    claim(alice)
    page = client_of(alice).get(reverse("home")).content.decode()
    assert "Go on where you stopped" in page


def test_disputes_are_shown_to_those_who_settle_them(
    alice: User, bob: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue()
    Dialogue.objects.update(stage=Stage.DISPUTED)
    assert "1 dispute to settle" in client_of(bob).get(reverse("home")).content.decode()
    assert "to settle" not in client_of(alice).get(reverse("home")).content.decode()


def test_an_outsider_learns_how_to_begin_and_of_no_dataset(
    dave: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    page = client_of(dave).get(reverse("home")).content.decode()
    assert "manage.py import_dialogues my-dataset PATH" in page
    assert "manage.py add_member my-dataset dave admin" in page
    assert "Coast" not in page


def test_a_paused_member_no_longer_sees_the_dataset(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    alice.memberships.update(paused=True)
    assert "Coast" not in client_of(alice).get(reverse("home")).content.decode()


def test_it_takes_no_post(alice: User, client_of: SignIn) -> None:
    assert client_of(alice).post(reverse("home")).status_code == 405


def test_more_datasets_cost_no_more_queries(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    few = _queries(browser)
    for number in range(5):
        other = Dataset.objects.create(slug=f"more-{number}", title=f"More {number}")
        Membership.objects.create(dataset=other, user=alice, role=Role.ADMIN)
    assert _queries(browser) == few


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(reverse("home")).status_code == 200
    return len(queries)
