"""Who signs in again comes back to the page that they were on."""

import pytest
from django.test import Client

from review.models import User


def login_of(client: Client, path: str, **headers: str) -> str:
    return client.post(path, headers=headers).headers["Location"]


def test_a_page_is_shown_after_signing_in(db: None) -> None:
    answer = Client().get("/datasets/coast/desk/?x=1")
    assert answer.headers["Location"] == "/login/?next=/datasets/coast/desk/%3Fx%3D1"


def test_a_form_leads_back_to_the_page_that_it_stands_on(db: None) -> None:
    sender = "http://testserver/datasets/coast/desk/?after=2"
    location = login_of(Client(), "/places/1/decide/", referer=sender)
    assert location == "/login/?next=/datasets/coast/desk/%3Fafter%3D2"


@pytest.mark.parametrize("sender", ["", "http://elsewhere.example/trap", "javascript:alert(1)"])
def test_a_form_from_elsewhere_leads_to_the_first_page(db: None, sender: str) -> None:
    assert login_of(Client(), "/places/1/decide/", referer=sender) == "/login/?next=/"


def test_a_wrong_password_is_told_at_the_form(alice: User) -> None:
    answer = Client().post("/login/", {"username": "alice", "password": "wrong"})
    assert answer.status_code == 200
    assert "correct username and password" in answer.content.decode()


def test_a_closed_account_cannot_sign_in(alice: User) -> None:
    User.objects.update(is_active=False)
    password = "alice-of-the-coast"
    answer = Client().post("/login/", {"username": "alice", "password": password})
    assert answer.status_code == 200


def test_after_many_wrong_passwords_nobody_tries_on(alice: User, bob: User) -> None:
    # An address of its own: what was tried from it outlives the test.
    stranger = Client(REMOTE_ADDR="192.0.2.99")
    for _ in range(10):
        stranger.post("/login/", {"username": "alice", "password": "wrong"})
    right = {"username": "alice", "password": "alice-of-the-coast"}
    answer = stranger.post("/login/", right)
    assert answer.status_code == 200
    assert "Too many wrong passwords" in answer.content.decode()
    assert Client().post("/login/", right).status_code == 302
    others = {"username": "bob", "password": "bob-of-the-coast"}
    assert stranger.post("/login/", others).status_code == 302


def test_a_person_chooses_a_password_of_their_own(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    sent = {
        "old_password": "alice-of-the-coast",
        "new_password1": "fog-over-the-breakwater",
        "new_password2": "fog-over-the-breakwater",
    }
    assert browser.post("/password/", sent)["Location"] == "/"
    assert Client().login(username="alice", password="fog-over-the-breakwater")


def test_a_demo_account_lets_in_nobody_from_afar(alice: User) -> None:
    User.objects.update(is_demo=True)
    sent = {"username": "alice", "password": "alice-of-the-coast"}
    answer = Client(REMOTE_ADDR="192.0.2.7").post("/login/", sent)
    assert answer.status_code == 200
    assert "Demo accounts open on the machine alone" in answer.content.decode()
    assert Client(REMOTE_ADDR="127.0.0.1").post("/login/", sent).status_code == 302
