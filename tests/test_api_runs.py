"""Runs by the API: estimated, started, followed and rested by a program, for admins alone."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation.models import Call, Endpoint, Run, RunStatus
from generation.runs import lifecycle
from generation.runs.draining import drain
from review.models import Dataset, Dialogue, Stage, User
from tests.model_server import Fault, ModelServer

Program = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
ADDRESS = "/api/v1/datasets/coast/runs/"
JSON = "application/json"


@pytest.fixture
def program(carol: User, program_of: Program) -> Client:
    return program_of(carol)


@pytest.fixture
def endpoint(
    dataset: Dataset, make_dialogue: MakeDialogue, make_endpoint: Callable[..., Endpoint]
) -> Endpoint:
    for number in range(3):
        make_dialogue(f"d-{number}", stage=Stage.IMPORTED)
    return make_endpoint(dataset=dataset, sees_images=True)


@pytest.fixture
def run(dataset: Dataset, endpoint: Endpoint) -> Run:
    return lifecycle.start(dataset=dataset, kind="rewrite")


def post(program: Client, address: str = ADDRESS, **sent: Any) -> Any:
    return program.post(address, sent, content_type=JSON)


def test_a_run_is_started_and_followed_to_its_end(program: Client, endpoint: Endpoint) -> None:
    made = post(program, kind="rewrite", candidates=2, budget="1.50")
    assert made.status_code == 201
    begun = made.json()
    assert (begun["status"], begun["planned"], begun["pending"]) == ("running", 3, 3)
    assert (begun["by"], begun["budget_usd"]) == ("carol", "1.5")
    drain(begun["id"])
    done = program.get(f"{ADDRESS}{begun['id']}/").json()
    assert (done["status"], done["done"], done["failed"], done["calls"]) == ("done", 3, 0, 3)
    assert (done["known_usd"], done["calls_of_unknown_cost"]) == ("0.00087", 0)


def test_an_estimate_starts_nothing(program: Client, endpoint: Endpoint) -> None:
    answer = post(program, kind="rewrite", estimate=True)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["planned"], found["done"], found["calls"]) == (3, 0, 3)
    assert [share["endpoint"] for share in found["shares"]] == ["remote"]
    assert Decimal(found["cost_usd"]) > 0
    assert not Run.objects.exists()


def test_all_that_a_run_may_be_is_kept_with_it(program: Client, endpoint: Endpoint) -> None:
    said = {
        "words": "cloudy",
        "stage": "imported",
        "sample": 2,
        "limit": 1,
        "images": {"longest_side": 300},
        "target": ["caption"],
    }
    kept = post(program, kind="rewrite", **said).json()["parameters"]
    assert kept["filter"] == {"words": "cloudy", "stage": "imported", "sample": 2}
    assert kept["images"] == {"longest_side": 300, "format": "jpeg", "most": 8}
    assert (kept["target"], kept["limit"]) == (["caption"], 1)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "dream"}, "kind"),
        ({}, "kind"),
        ({"kind": "rewrite", "candidates": 99}, "candidates"),
        ({"kind": "rewrite", "candidates": "4"}, "candidates"),
        ({"kind": "rewrite", "endpoints": ["gpt"]}, "endpoints"),
        ({"kind": "rewrite", "import_id": 99}, "import_id"),
        ({"kind": "rewrite", "stage": "later"}, "stage"),
        ({"kind": "rewrite", "sample": 0}, "sample"),
        ({"kind": "rewrite", "images": {"longest_side": 9}}, "longest_side"),
        ({"kind": "rewrite", "target": ["image"]}, "target"),
        ({"kind": "rewrite", "budget": -1}, "budget"),
        ({"kind": "judge", "pairwise": True, "best": 1}, "best"),
    ],
)
@pytest.mark.parametrize("estimated", [False, True])
def test_what_cannot_be_is_said_at_its_field(
    sent: dict[str, Any], field: str, estimated: bool, program: Client, endpoint: Endpoint
) -> None:
    answer = post(program, **sent, estimate=estimated)
    assert answer.status_code in {400, 404}
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field
    assert not Run.objects.exists()


def test_a_run_is_paused_resumed_stopped_and_retried(
    program: Client, run: Run, model_server: ModelServer
) -> None:
    one = f"{ADDRESS}{run.pk}/"
    assert post(program, f"{one}pause/").json()["status"] == "paused"
    assert post(program, f"{one}resume/").json()["status"] == "running"
    model_server.fail(Fault.answers(400))
    drain(run.pk)
    assert post(program, f"{one}retry/").json()["pending"] == 1
    assert post(program, f"{one}stop/").json()["status"] == "stopped"
    assert post(program, f"{one}stop/").status_code == 409


def test_calls_come_with_request_and_reply_and_may_be_narrowed(
    program: Client, run: Run, model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(400))
    drain(run.pk)
    address = f"{ADDRESS}{run.pk}/calls/"
    rows = program.get(address).json()["results"]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert len(rows) == 3
    [failed] = program.get(address, {"outcome": "failed"}).json()["results"]
    assert (failed["status_code"], failed["cost_usd"]) == (400, None)
    other = {"outcome": "ok", "endpoint": "remote"}
    good = program.get(address, other).json()["results"]
    assert {row["cost_usd"] for row in good} == {"0.00029"}
    assert good[0]["request"]["messages"]
    assert "choices" in good[0]["reply"]
    by_id = program.get(address, {"dialogue": good[0]["dialogue"]}).json()["results"]
    assert [row["id"] for row in by_id] == [good[0]["id"]]
    assert program.get(address, {"outcome": "odd"}).status_code == 400


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_have_runs(
    person: str, status: int, request: pytest.FixtureRequest, run: Run, program_of: Program
) -> None:
    other = program_of(request.getfixturevalue(person))
    one = f"{ADDRESS}{run.pk}/"
    for address in (ADDRESS, one, f"{one}calls/"):
        assert other.get(address).status_code == status
    for address in (ADDRESS, *(f"{one}{act}/" for act in ("pause", "resume", "stop", "retry"))):
        assert post(other, address, kind="rewrite").status_code == status
    run.refresh_from_db()
    assert (run.status, Run.objects.count()) == (RunStatus.RUNNING, 1)


def test_a_run_of_another_dataset_is_out_of_reach(program: Client, dataset: Dataset) -> None:
    other = Dataset.objects.create(slug="other", title="Other")
    run = Run.objects.create(dataset=other, kind="judge")
    assert program.get(f"{ADDRESS}{run.pk}/").status_code == 404
    assert program.get(f"{ADDRESS}{run.pk}/calls/").status_code == 404
    assert post(program, f"{ADDRESS}{run.pk}/stop/").status_code == 404


def test_more_runs_and_calls_cost_no_more_queries(
    program: Client, run: Run, endpoint: Endpoint
) -> None:
    def counted() -> list[int]:
        counts = []
        for address in (ADDRESS, f"{ADDRESS}{run.pk}/calls/"):
            with CaptureQueriesContext(connection) as queries:
                assert program.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    drain(run.pk)
    few = counted()
    for _ in range(3):
        Run.objects.create(dataset=run.dataset, kind="judge")
        Call.objects.create(run=run, item=run.items.first(), endpoint=endpoint, request_hash="h")
    assert counted() == few
