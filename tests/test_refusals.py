"""A refusal is a page with a sentence and the right status, or a line where htmx asked."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from review import errors
from review.models import User
from review.refusals import STATUS, RefusalMiddleware

SignIn = Callable[[User], Client]


def test_every_kind_of_refusal_has_a_status() -> None:
    kinds = {error.kind for error in vars(errors).values() if _is_refusal(error)}
    assert kinds == STATUS.keys()


def _is_refusal(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, errors.ReviewError)


def test_a_refusal_says_its_sentence_on_a_page(dave: User, client_of: SignIn) -> None:
    response = client_of(dave).get("/datasets/secret/")
    assert response.status_code == 404
    text = response.content.decode()
    assert "There is no dataset “secret” among yours." in text
    assert "<html" in text


def test_htmx_gets_the_sentence_alone(dave: User, client_of: SignIn) -> None:
    response = client_of(dave).get("/datasets/secret/", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert "<html" not in response.content.decode()
    assert 'role="alert"' in response.content.decode()


def test_markup_in_an_address_is_not_run(dave: User, client_of: SignIn) -> None:
    response = client_of(dave).get("/help/<img src=x>/")
    assert response.status_code == 404
    assert "<img src=x" not in response.content.decode()


def test_an_error_of_ours_is_left_to_django() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    request = RequestFactory().get("/")
    assert RefusalMiddleware(answer).process_exception(request, ValueError("a fault")) is None


def test_an_unknown_address_has_a_page_of_ours(dave: User, client_of: SignIn) -> None:
    response = client_of(dave).get("/no/such/address/")
    assert response.status_code == 404
    assert "No such page" in response.content.decode()


def test_a_forged_form_is_told_what_to_do(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    response = browser.post("/places/1/decide/", {"verdict": "skip"})
    assert response.status_code == 403
    assert "Please send it again" in response.content.decode()


@pytest.mark.parametrize("address", ["/", "/datasets/coast/desk/", "/help/formats/"])
def test_a_stranger_is_asked_to_sign_in(db: None, address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 302
    assert response["Location"] == f"/login/?next={address}"


def test_a_wrong_password_is_named_and_kept_off_the_page(alice: User) -> None:
    response = Client().post("/login/", {"username": "alice", "password": "not-hers"})
    text = response.content.decode()
    assert "Please enter a correct username" in text
    assert 'value="alice"' in text
    assert "not-hers" not in text
