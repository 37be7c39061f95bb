"""Programs of admins change the policy by the same rules as the page."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from review import policy
from review.models import Dataset, Dialogue, User

Program = Callable[[User], Client]
ADDRESS = "/api/v1/datasets/coast/policy/"


def patch(program: Client, body: Any, query: str = "") -> Any:
    return program.patch(f"{ADDRESS}{query}", body, content_type="application/json")


def test_a_dataset_shows_its_whole_policy(alice: User, dataset: Dataset, program_of: Any) -> None:
    body = program_of(alice).get("/api/v1/datasets/coast/").json()
    assert body["policy"] == policy.values(dataset)


def test_an_admin_changes_fields_and_hears_what_follows(
    carol: User, dialogue: Dialogue, dataset: Dataset, program_of: Any
) -> None:
    changes = {"queue_order": "lowest", "arms": {"blind": 0.25}}
    asked = patch(program_of(carol), changes, "?dry_run=true").json()
    assert asked["changed"] == {}
    dataset.refresh_from_db()
    assert dataset.queue_order == "oldest"
    body = patch(program_of(carol), changes).json()
    assert body["changed"] == {
        "queue_order": {"before": "oldest", "after": "lowest"},
        "arms": {"before": {}, "after": {"blind": 0.25}},
    }
    assert body["consequences"] == asked["consequences"]
    assert body["consequences"] == [
        "1 dialogue that waits is put in the new order; people go on meanwhile."
    ]
    assert body["policy"]["queue_order"] == "lowest"
    assert patch(program_of(carol), changes).json()["changed"] == {}


def test_what_cannot_be_is_named_field_by_field(carol: User, program_of: Any) -> None:
    response = patch(program_of(carol), {"quorum": 9, "arms": {"blind": "all"}})
    assert response.status_code == 400
    fields = [error["field"] for error in response.json()["errors"]]
    assert fields == ["quorum", "arms.blind"]
    assert patch(program_of(carol), [1]).status_code == 400


def test_only_admins_may(alice: User, bob: User, dave: User, program_of: Any) -> None:
    answers = [patch(program_of(user), {"hide_scores": True}) for user in (alice, bob, dave)]
    assert [answer.status_code for answer in answers] == [403, 403, 404]
