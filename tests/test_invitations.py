"""Invitations: a link by which people join, until it is used up, has expired or is taken back."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from review.errors import Conflict, Invalid, Missing, NotAllowed
from review.models import Dataset, Invitation, Membership, User
from review.people import invitations

SignIn = Callable[[User], Client]
MEMBERS = "/datasets/coast/members/"
NEW = {"username": "frida", "password": "a-lighthouse-in-fog"}


def invited(dataset: Dataset, by: User, **more: Any) -> tuple[Invitation, str]:
    return invitations.make(dataset=dataset, by=by, **{"role": "annotator", **more})


def test_a_link_makes_an_account_and_a_member_at_once(
    dataset: Dataset, carol: User, client_of: SignIn
) -> None:
    answer = client_of(carol).post(
        f"{MEMBERS}invite/", {"role": "adjudicator", "most_uses": "2", "days": "7"}
    )
    page = answer.content.decode()
    link = page.split('<code class="copy">')[1].split("</code>")[0]
    assert "no-store" in answer["Cache-Control"]

    stranger = Client()
    path = link.removeprefix("http://testserver")
    assert "carol invites you as <b>adjudicator</b>" in stranger.get(path).content.decode()
    assert stranger.post(path, NEW)["Location"] == "/datasets/coast/"
    assert stranger.get("/datasets/coast/desk/").status_code == 200
    assert Membership.objects.get(user__username="frida").role == "adjudicator"
    assert Client().login(**NEW)
    secret = path.split("/")[2]
    assert secret not in client_of(carol).get(MEMBERS).content.decode()
    assert not Invitation.objects.filter(digest=secret).exists()


def test_who_has_an_account_joins_with_it_and_is_counted_once(
    dataset: Dataset, carol: User, dave: User, client_of: SignIn
) -> None:
    made, secret = invited(dataset, carol, languages=["de"])
    browser = client_of(dave)
    for _ in range(2):
        assert browser.post(f"/join/{secret}/")["Location"] == "/datasets/coast/"
    made.refresh_from_db()
    assert made.uses == 1
    assert Membership.objects.get(user=dave).languages == ["de"]


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ({"revoked_at": timezone.now()}, "was taken back"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "has expired"),
        ({"uses": 1}, "is used up"),
    ],
)
def test_a_link_that_has_ended_says_so_and_whom_to_ask(
    ending: dict[str, Any], words: str, dataset: Dataset, carol: User
) -> None:
    made, secret = invited(dataset, carol)
    Invitation.objects.filter(pk=made.pk).update(**ending)
    for answer in [Client().get(f"/join/{secret}/"), Client().post(f"/join/{secret}/", NEW)]:
        assert answer.status_code == 409
        assert f"to coast {words}. Ask carol" in answer.content.decode()
    assert not User.objects.filter(username="frida").exists()


def test_an_admin_takes_a_link_back(dataset: Dataset, carol: User, client_of: SignIn) -> None:
    made, secret = invited(dataset, carol)
    browser = client_of(carol)
    assert "used 0 of 1" in browser.get(MEMBERS).content.decode()
    browser.post(f"{MEMBERS}invitations/{made.pk}/revoke/")
    assert "used 0 of 1" not in browser.get(MEMBERS).content.decode()
    with pytest.raises(Conflict, match="taken back"):
        invitations.named(secret)


def test_a_link_that_is_cut_off_says_so(dataset: Dataset, carol: User) -> None:
    _, secret = invited(dataset, carol)
    answer = Client().get(f"/join/{secret[:-1]}/")
    assert answer.status_code == 404
    assert "whole" in answer.content.decode()
    with pytest.raises(Missing):
        invitations.sign_up(secret=secret[:-1], **NEW)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"username": "Carol", "password": NEW["password"]}, "is taken"),
        ({"username": "a b", "password": NEW["password"]}, "cannot be a username"),
        ({"username": "frida", "password": "12345"}, "too short"),
        ({"username": "frida", "password": "password123"}, "too common"),
        ({"username": "", "password": ""}, "Choose a name."),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said_at_its_field(
    sent: dict[str, str], words: str, dataset: Dataset, carol: User
) -> None:
    made, secret = invited(dataset, carol)
    answer = Client().post(f"/join/{secret}/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    made.refresh_from_db()
    assert made.uses == 0
    assert User.objects.count() == 1


def test_only_admins_invite_and_within_bounds(
    dataset: Dataset, alice: User, carol: User, client_of: SignIn
) -> None:
    with pytest.raises(NotAllowed):
        invited(dataset, alice)
    for wrong in [{"most_uses": 0}, {"days": 1000}, {"role": "queen"}, {"languages": ["!"]}]:
        with pytest.raises(Invalid):
            invited(dataset, carol, **wrong)
    assert client_of(alice).post(f"{MEMBERS}invite/", {"role": "admin"}).status_code == 403
    assert not Invitation.objects.exists()


def test_a_paused_member_does_not_come_back_by_a_link(
    dataset: Dataset, alice: User, carol: User, client_of: SignIn
) -> None:
    _, secret = invited(dataset, carol)
    Membership.objects.filter(user=alice).update(paused=True)
    answer = client_of(alice).post(f"/join/{secret}/")
    assert answer.status_code == 409
    assert "Ask carol to let you in again" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_at_once_one_finds_the_last_use_gone(dataset: Dataset, carol: User) -> None:
    made, secret = invited(dataset, carol)
    barrier, refused = threading.Barrier(2), []

    def come(name: str) -> None:
        barrier.wait(5)
        try:
            invitations.sign_up(secret=secret, username=name, password=NEW["password"])
        except Conflict as error:
            refused.append(str(error))
        finally:
            connection.close()

    people = [threading.Thread(target=come, args=[name]) for name in ("frida", "gustav")]
    for person in people:
        person.start()
    for person in people:
        person.join(10)
    made.refresh_from_db()
    assert made.uses == 1
    [sentence] = refused
    assert "used up" in sentence
    assert User.objects.filter(username__in=["frida", "gustav"]).count() == 1


def test_a_program_invites(
    dataset: Dataset, carol: User, alice: User, program_of: Callable[[User], Client]
) -> None:
    address = "/api/v1/datasets/coast/invitations/"
    sent = {"role": "annotator", "languages": ["pt-BR"], "most_uses": 3}
    made = program_of(carol).post(address, sent, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["languages"] == ["pt"]
    path = made.json()["link"].removeprefix("http://testserver")
    assert Client().get(path).status_code == 200
    refused = program_of(alice).post(address, sent, content_type="application/json")
    assert refused.status_code == 403
