"""What the API refuses, it refuses as problem JSON that says what, where and how to mend it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from review.models import Decision, Dialogue, Membership, User
from review.rulings import LONGEST_REWRITE

Program = Callable[[User], Client]
CLAIM = "/api/v1/datasets/coast/claim/"


@pytest.fixture
def place(dialogue: Dialogue, alice: User, program_of: Program) -> str:
    """The address of a decision at Alice's place."""
    return f"/api/v1/assignments/{program_of(alice).post(CLAIM).json()['assignment']}/decision/"


def assert_problem(response: Any, status: int, kind: str, field: str | None = None) -> str:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["kind"]) == (status, kind)
    assert body["title"]
    assert body["detail"]
    if field is not None:
        assert field in [error["field"] for error in body["errors"]]
    return str(body["detail"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer nobody", "Bearer a b", "Bearer \xff", "Token x", "Basic YTpi"]
)
def test_without_a_known_token_nothing_opens(db: None, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    response = Client().get("/api/v1/datasets/", headers=headers)
    known = header.startswith("Bearer")
    assert_problem(response, 401, "authentication-failed" if known else "not-authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="recqr"'


def test_a_disabled_account_opens_nothing(alice: User, program_of: Program) -> None:
    program = program_of(alice)
    alice.is_active = False
    alice.save()
    assert "disabled" in assert_problem(program.post(CLAIM), 401, "authentication-failed")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["", "claim/", "dialogues/", "dialogues/d-1/"])
def test_to_an_outsider_a_dataset_does_not_exist(
    dialogue: Dialogue, dave: User, program_of: Program, method: str, path: str
) -> None:
    response = getattr(program_of(dave), method)(f"/api/v1/datasets/coast/{path}")
    allowed = (method == "post") == (path == "claim/")
    assert_problem(
        response, 404 if allowed else 405, "missing" if allowed else "method-not-allowed"
    )


def test_to_a_paused_member_it_does_not_exist_either(
    place: str, alice: User, program_of: Program
) -> None:
    Membership.objects.filter(user=alice).update(paused=True)
    program = program_of(alice)
    assert_problem(program.post(CLAIM), 404, "missing")
    sent = program.post(place, {"verdict": "skip"}, content_type="application/json")
    assert_problem(sent, 403, "not-allowed")
    assert not Decision.objects.exists()


def test_nobody_decides_at_anothers_place(
    place: str, bob: User, carol: User, dave: User, erin: User, program_of: Program
) -> None:
    for user in (bob, carol, dave, erin):
        response = program_of(user).post(place, {"verdict": "skip"}, "application/json")
        assert_problem(response, 404, "missing")
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "approve"}, "verdict"),
        ({"verdict": "undo"}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"verdict": ["accept"]}, "verdict"),
        ({"verdict": "accept"}, "candidate"),
        ({"verdict": "accept", "candidate": None}, "candidate"),
        ({"verdict": "accept", "candidate": "1"}, "candidate"),
        ({"verdict": "accept", "candidate": True}, "candidate"),
        ({"verdict": "accept", "candidate": 1.5}, "candidate"),
        ({"verdict": "accept", "candidate": -1}, "candidate"),
        ({"verdict": "accept", "candidate": 2**70}, "candidate"),
        ({"verdict": "accept", "candidate": 999_999}, "candidate"),
        ({"verdict": "edit"}, "text"),
        ({"verdict": "edit", "text": ""}, "text"),
        ({"verdict": "edit", "text": " \n "}, "text"),
        ({"verdict": "edit", "text": 7}, "text"),
        ({"verdict": "edit", "text": None}, "text"),
        ({"verdict": "edit", "text": {"a": 1}}, "text"),
        ({"verdict": "edit", "text": "nul \x00 here"}, "text"),
        ({"verdict": "edit", "text": "half \ud800 here"}, "text"),
        ({"verdict": "edit", "text": "bell \x07 here"}, "text"),
        ({"verdict": "edit", "text": "x" * (LONGEST_REWRITE + 1)}, "text"),
        ({"verdict": "reject"}, "reason"),
        ({"verdict": "reject", "reason": "because"}, "reason"),
        ({"verdict": "skip", "reason": "x" * 65}, "reason"),
        ({"verdict": "more", "note": "x" * 4001}, "note"),
        ({"verdict": "more", "note": "nul \x00"}, "note"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(
    place: str, alice: User, program_of: Program, body: dict[str, Any], field: str
) -> None:
    response = program_of(alice).post(place, body, "application/json")
    assert_problem(response, 400, "invalid", field)
    assert not Decision.objects.exists()


def test_a_candidate_of_another_dialogue_is_refused(
    place: str, alice: User, program_of: Program, make_dialogue: Callable[..., Dialogue]
) -> None:
    other = make_dialogue("d-2").candidates.first()
    assert other is not None
    body = {"verdict": "accept", "candidate": other.pk}
    response = program_of(alice).post(place, body, "application/json")
    assert_problem(response, 400, "invalid", "candidate")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"accept"',
        b"null",
        b'{"verdict": NaN}',
        b'{"verdict": "\xff"}',
        b"[" * 100_000,
        b'{"verdict": "accept", "candidate": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_as_it_should_be_is_refused(
    place: str, alice: User, program_of: Program, body: bytes
) -> None:
    response = program_of(alice).post(place, body, "application/json")
    assert_problem(response, 400, "invalid")


def test_a_huge_body_is_not_read(place: str, alice: User, program_of: Program) -> None:
    response = program_of(alice).post(place, b" " * 300_000 + b"{}", "application/json")
    assert_problem(response, 413, "too-large")


def test_a_form_is_not_taken_for_json(place: str, alice: User, program_of: Program) -> None:
    response = program_of(alice).post(place, {"verdict": "skip"})
    assert_problem(response, 415, "unsupported-media-type")


def test_a_key_that_was_used_for_another_decision_is_a_conflict(
    place: str, alice: User, program_of: Program
) -> None:
    program, key = program_of(alice), {"Idempotency-Key": "k"}
    program.post(place, {"verdict": "skip"}, "application/json", headers=key)
    again = {"verdict": "reject", "reason": "unusable"}
    assert_problem(program.post(place, again, "application/json", headers=key), 409, "conflict")


def test_a_key_that_is_too_long_is_refused(place: str, alice: User, program_of: Program) -> None:
    key = {"Idempotency-Key": "k" * 129}
    response = program_of(alice).post(place, {"verdict": "skip"}, "application/json", headers=key)
    assert_problem(response, 400, "invalid", "Idempotency-Key")


@pytest.mark.parametrize("path", ["d-9/", "nul%00/", "%2E%2E/"])
def test_a_dialogue_that_is_not_there_is_missing(
    dialogue: Dialogue, carol: User, program_of: Program, path: str
) -> None:
    response = program_of(carol).get(f"/api/v1/datasets/coast/dialogues/{path}")
    assert_problem(response, 404, "missing")


@pytest.mark.parametrize(
    ("query", "status"), [("?stage=lost", 400), ("?cursor=broken", 404), ("?page_size=x", 200)]
)
def test_a_list_refuses_what_it_does_not_know(
    dialogue: Dialogue, carol: User, program_of: Program, query: str, status: int
) -> None:
    response = program_of(carol).get(f"/api/v1/datasets/coast/dialogues/{query}")
    assert response.status_code == status


def test_an_address_that_is_none_is_a_problem_too(alice: User, program_of: Program) -> None:
    detail = assert_problem(program_of(alice).get("/api/v1/dataset"), 404, "missing")
    assert "slash" in detail


def test_a_browser_session_needs_its_csrf_token(place: str, alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.get("/api/v1/datasets/").status_code == 200
    assert_problem(browser.post(place, {"verdict": "skip"}, "application/json"), 403, "not-allowed")
    browser.cookies["recqr_csrf"] = "a" * 32
    token = {"X-CSRFToken": "a" * 32}
    sent = browser.post(place, {"verdict": "skip"}, "application/json", headers=token)
    assert sent.status_code == 201
