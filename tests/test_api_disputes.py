"""Disputes, sending back and comments by the API, under the rules of the pages."""

from collections.abc import Callable

import pytest
from django.test import Client

from review import decisions
from review.models import Assignment, Dataset, Decision, Dialogue, User, Verdict
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
Program = Callable[[User], Client]

API = "/api/v1/datasets/coast"
JSON = "application/json"


@pytest.fixture
def disputed(
    dataset: Dataset, dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> Dialogue:
    Dataset.objects.update(decisions_needed=2)
    for number, person in enumerate((alice, erin)):
        place = claim(person)
        chosen = place.dialogue.candidates.order_by("pk")[number]
        ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
        decisions.decide(assignment=place, ruling=ruling, by=person)
    return dialogue


def test_a_program_claims_a_dispute_and_settles_it_once(
    disputed: Dialogue, bob: User, program_of: Program
) -> None:
    program = program_of(bob)
    claimed = program.post(f"{API}/disputes/claim/").json()
    assert claimed["dialogue"]["id"] == "d-1"
    assert len(claimed["dialogue"]["decisions"]) == 2
    candidate = claimed["dialogue"]["candidates"][1]["id"]
    sent = {"verdict": "accept", "candidate": candidate}
    answers = [
        program.post(
            f"{API}/dialogues/d-1/adjudication/", sent, JSON, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["dialogue"] == {"id": "d-1", "stage": "approved"}
    assert program.post(f"{API}/disputes/claim/").status_code == 204


def test_a_decision_is_sent_back_with_a_comment(
    disputed: Dialogue, alice: User, bob: User, dave: User, program_of: Program
) -> None:
    address = f"/api/v1/decisions/{Decision.objects.get(reviewer=alice).pk}/send-back/"
    sent = {"comment": "The sky?"}
    assert program_of(dave).post(address, sent, JSON).status_code == 404
    assert program_of(alice).post(address, sent, JSON).status_code == 403
    assert program_of(bob).post(address, {}, JSON).status_code == 400
    answer = program_of(bob).post(address, sent, JSON)
    assert answer.status_code == 201
    assert answer.json()["reviewer"] == "alice"
    assert program_of(bob).post(address, sent, JSON).status_code == 409


def test_comments_are_read_and_written(
    disputed: Dialogue, alice: User, dave: User, program_of: Program
) -> None:
    address = f"{API}/dialogues/d-1/comments/"
    program = program_of(alice)
    assert program.post(address, {"text": "why?"}, JSON).status_code == 201
    assert program.post(address, {"text": 3}, JSON).status_code == 400
    thread = program.get(address).json()
    assert (thread["whole"], [line["text"] for line in thread["comments"]]) == (True, ["why?"])
    assert program_of(dave).get(address).status_code == 404
