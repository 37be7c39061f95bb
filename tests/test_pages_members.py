"""The members page: who belongs, in which role; secrets are shown once and never again."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from review.models import ApiToken, Assignment, Dataset, Dialogue, Membership, Role, User

SignIn = Callable[[User], Client]

ADDRESS = "/datasets/coast/members/"


def _secret(page: str) -> str:
    return re.findall(r'<code class="copy">([^<]+)</code>', page)[0]


def test_everybody_in_the_dataset_sees_its_members(
    alice: User, bob: User, client_of: SignIn
) -> None:
    page = client_of(alice).get(ADDRESS).content.decode()
    assert "bob" in page
    assert "Add a member" not in page


def test_a_new_account_gets_a_password_that_works_and_is_shown_once(
    carol: User, client_of: SignIn
) -> None:
    browser = client_of(carol)
    response = browser.post(f"{ADDRESS}add/", {"username": "frida", "role": "annotator"})
    password = _secret(response.content.decode())
    assert "no-store" in response["Cache-Control"]
    assert Client().login(username="frida", password=password)
    assert password not in browser.get(ADDRESS).content.decode()


def test_an_account_that_exists_keeps_its_password(
    carol: User, dave: User, dataset: Dataset, client_of: SignIn
) -> None:
    response = client_of(carol).post(f"{ADDRESS}add/", {"username": "dave", "role": "adjudicator"})
    assert "They had an account" in response.content.decode()
    assert Membership.objects.get(user=dave, dataset=dataset).role == Role.ADJUDICATOR
    assert Client().login(username="dave", password="dave-of-the-coast")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"username": "", "role": "annotator"}, "Give the username of the person to add."),
        ({"username": "x", "role": "queen"}, "Choose one of the three roles."),
        ({"username": "a b!", "role": "annotator"}, "cannot be a username"),
        ({"username": "x" * 151, "role": "annotator"}, "150"),
    ],
)
def test_bad_input_is_named_at_its_field_and_adds_nobody(
    sent: dict[str, str], words: str, carol: User, client_of: SignIn
) -> None:
    response = client_of(carol).post(f"{ADDRESS}add/", sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Membership.objects.count() == 1


def test_htmx_gets_the_people_alone(carol: User, client_of: SignIn) -> None:
    response = client_of(carol).post(
        f"{ADDRESS}add/", {"username": "frida", "role": "annotator"}, headers={"HX-Request": "true"}
    )
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="people"' in page


def test_an_admin_changes_pauses_and_removes(
    alice: User, carol: User, dataset: Dataset, client_of: SignIn
) -> None:
    browser = client_of(carol)
    member = Membership.objects.get(user=alice)
    browser.post(f"{ADDRESS}{member.pk}/role/", {"role": "adjudicator"})
    member.refresh_from_db()
    assert member.role == Role.ADJUDICATOR

    browser.post(f"{ADDRESS}{member.pk}/pause/", {"paused": "1"})
    assert client_of(alice).get(ADDRESS).status_code == 404
    browser.post(f"{ADDRESS}{member.pk}/pause/", {"paused": "0"})
    assert client_of(alice).get(ADDRESS).status_code == 200

    browser.post(f"{ADDRESS}{member.pk}/remove/")
    assert not Membership.objects.filter(user=alice).exists()


def test_the_last_admin_stays(carol: User, client_of: SignIn) -> None:
    browser = client_of(carol)
    member = Membership.objects.get(user=carol)
    for address, sent in [
        ("role", {"role": "annotator"}),
        ("pause", {"paused": "1"}),
        ("remove", {}),
    ]:
        response = browser.post(f"{ADDRESS}{member.pk}/{address}/", sent)
        assert response.status_code == 409
        assert "only admin" in response.content.decode()


def test_a_paused_member_gives_their_place_back(
    alice: User,
    carol: User,
    dialogue: Dialogue,
    claim: Callable[[User], Assignment],
    client_of: SignIn,
) -> None:
    place = claim(alice)
    member = Membership.objects.get(user=alice)
    client_of(carol).post(f"{ADDRESS}{member.pk}/pause/", {"paused": "1"})
    place.refresh_from_db()
    assert not place.is_open()


def test_a_token_is_ones_own_and_kept_only_as_a_digest(alice: User, client_of: SignIn) -> None:
    response = client_of(alice).post(f"{ADDRESS}token/")
    token = _secret(response.content.decode())
    assert ApiToken.objects.get(digest=ApiToken.digest_of(token)).user == alice
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("action", ["add/", "{pk}/role/", "{pk}/pause/", "{pk}/remove/"])
@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_change_members(
    action: str,
    person: str,
    status: int,
    request: pytest.FixtureRequest,
    carol: User,
    client_of: SignIn,
) -> None:
    member = Membership.objects.get(user=carol)
    browser = client_of(request.getfixturevalue(person))
    sent = {"username": "frida", "role": "annotator", "paused": "1"}
    response = browser.post(ADDRESS + action.format(pk=member.pk), sent)
    assert response.status_code == status
    member.refresh_from_db()
    assert (member.role, member.paused) == (Role.ADMIN, False)


@pytest.mark.parametrize("action", ["add/", "token/", "1/role/", "1/pause/", "1/remove/"])
def test_no_change_is_a_link(action: str, carol: User, client_of: SignIn) -> None:
    assert client_of(carol).get(ADDRESS + action).status_code == 405


def test_a_member_of_another_dataset_is_out_of_reach(
    alice: User, carol: User, client_of: SignIn
) -> None:
    other = Dataset.objects.create(slug="other", title="Other")
    stranger = Membership.objects.create(dataset=other, user=alice, role=Role.ADMIN)
    assert client_of(carol).post(f"{ADDRESS}{stranger.pk}/remove/").status_code == 404
    assert Membership.objects.filter(pk=stranger.pk).exists()


def test_more_members_cost_no_more_queries(
    carol: User, dataset: Dataset, client_of: SignIn
) -> None:
    browser = client_of(carol)
    few = _queries(browser)
    for number in range(5):
        user = User.objects.create(username=f"person-{number}")
        Membership.objects.create(dataset=dataset, user=user, role=Role.ANNOTATOR)
    assert _queries(browser) == few


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(ADDRESS).status_code == 200
    return len(queries)
