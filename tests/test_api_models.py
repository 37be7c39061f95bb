"""Endpoints, prompts and the rubric by the API: for admins, with every refusal named."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from generation.models import Call, Endpoint, Prompt
from review import rubrics
from review.models import Dataset, Dialogue, Rubric, User
from tests.model_server import Fault, ModelServer

MakeEndpoint = Callable[..., Endpoint]
DATASET = "/api/v1/datasets/coast/"
ENDPOINTS = f"{DATASET}endpoints/"
REMOTE = f"{ENDPOINTS}remote/"
LOCAL = {"name": "local", "base_url": "http://127.0.0.1:8001/v1", "model": "tiny"}
PRICE = {"since": "2026-01-31", "input": "0.15", "output": 0.6}


@pytest.fixture
def endpoint(dataset: Dataset, make_endpoint: MakeEndpoint) -> Endpoint:
    return make_endpoint(dataset=dataset)


@pytest.fixture
def program(carol: User, program_of: Callable[[User], Client]) -> Client:
    return program_of(carol)


def send(program: Client, method: str, address: str, body: Any) -> Any:
    return getattr(program, method)(address, body, content_type="application/json")


def test_the_list_has_its_own_and_the_sites(program: Client, endpoint: Endpoint) -> None:
    own, offline = program.get(ENDPOINTS).json()
    assert (own["name"], own["site"], own["price"]["cached"]) == ("remote", False, "0.5")
    assert own["health"] == {
        "calls": 0,
        "ok": 0,
        "median_seconds": None,
        "problem": "",
        "problem_at": None,
    }
    assert (offline["name"], offline["site"], offline["prices"]) == ("offline", True, [])
    assert program.get(f"{ENDPOINTS}offline/").json() == offline


def test_a_model_is_connected_changed_and_retired(program: Client) -> None:
    made = send(program, "post", ENDPOINTS, {**LOCAL, "prices": [PRICE], "jobs": ["judge"]})
    assert made.status_code == 201
    assert made.json()["prices"] == [
        {
            "since": "2026-01-31",
            "input": "0.15",
            "cached": None,
            "output": "0.6",
            "batch_share": "0.5",
        }
    ]
    changed = send(
        program, "patch", f"{ENDPOINTS}local/", {"timeout_seconds": 9, "requests_per_minute": 60}
    )
    assert (changed.json()["timeout_seconds"], changed.json()["jobs"]) == (9, ["judge"])
    assert len(changed.json()["prices"]) == 1
    cleared = send(
        program, "patch", f"{ENDPOINTS}local/", {"prices": [], "requests_per_minute": None}
    )
    assert (cleared.json()["price"], cleared.json()["requests_per_minute"]) == (None, None)
    assert program.delete(f"{ENDPOINTS}local/").status_code == 204
    assert program.get(f"{ENDPOINTS}local/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": "default"}, "name"),
        ({"name": 5}, "name"),
        ({"base_url": "http://u:p@h/v1"}, "base_url"),
        ({"model": "\ud800"}, "model"),
        ({"key_variable": "SECRET_KEY"}, "key_variable"),
        ({"key_variable": "sk-1234"}, "key_variable"),
        ({"jobs": ["paint"]}, "jobs"),
        ({"structured_output": "yaml"}, "structured_output"),
        ({"extra_parameters": {"model": "x"}}, "extra_parameters"),
        ({"extra_parameters": [1]}, "extra_parameters"),
        ({"most_in_flight": "8"}, "most_in_flight"),
        ({"most_in_flight": 0}, "most_in_flight"),
        ({"prices": [{}]}, "since"),
        ({"prices": [PRICE, PRICE]}, "prices"),
        ({"prices": [{**PRICE, "input": -1}]}, "input"),
        ({"prices": [{**PRICE, "input": "many"}]}, "input"),
    ],
)
def test_what_cannot_be_is_a_problem_at_its_field(
    program: Client, endpoint: Endpoint, sent: dict[str, Any], field: str
) -> None:
    for method, address in (("post", ENDPOINTS), ("patch", REMOTE)):
        body = {**LOCAL, **sent} if method == "post" else sent
        response = send(program, method, address, body)
        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["errors"][0]["field"] == field
    assert Endpoint.objects.get() == endpoint


def test_a_taken_name_and_work_in_hand_are_conflicts(program: Client, endpoint: Endpoint) -> None:
    taken = send(program, "post", ENDPOINTS, {**LOCAL, "name": "remote"})
    assert (taken.status_code, taken.json()["kind"]) == (409, "conflict")
    send(program, "post", f"{REMOTE}try/", {})
    renamed = send(program, "patch", REMOTE, {"name": "other"})
    assert (renamed.status_code, renamed.json()["errors"][0]["field"]) == (409, "name")


def test_a_try_makes_one_call(
    program: Client, endpoint: Endpoint, model_server: ModelServer
) -> None:
    good = send(program, "post", f"{REMOTE}try/", {}).json()
    assert good["works"]
    assert len(good["rewrites"]) == 2
    assert (good["outcome"], good["tokens_input"], good["cost_usd"]) == ("ok", 100, "0.00029")
    model_server.fail(Fault.answers(401))
    bad = send(program, "post", f"{REMOTE}try/", {}).json()
    assert not bad["works"]
    assert (bad["status_code"], bad["cost_usd"]) == (401, None)
    assert "wants a key" in bad["mend"]
    assert Call.objects.count() == 2
    blind = send(program, "post", f"{REMOTE}try/", {"with_image": True})
    assert blind.json()["errors"][0]["field"] == "with_image"
    offline = send(program, "post", f"{ENDPOINTS}offline/try/", {}).json()
    assert (offline["works"], offline["call"]) == (True, None)


def test_a_try_may_ask_for_a_vector(program: Client, endpoint: Endpoint) -> None:
    found = send(program, "post", f"{REMOTE}try/", {"job": "embed"}).json()
    assert (found["works"], found["dimensions"], found["rewrites"]) == (True, 16, [])
    assert (found["tokens_output"], found["cost_usd"]) == (0, "0.00001")


def test_the_sites_are_not_changed(program: Client) -> None:
    assert send(program, "patch", f"{ENDPOINTS}offline/", {"model": "x"}).status_code == 404
    assert program.delete(f"{ENDPOINTS}offline/").status_code == 404


def test_a_prompt_is_read_and_saved(program: Client, dataset: Dataset) -> None:
    address = f"{DATASET}prompts/rewrite/"
    assert program.get(address).json()["shipped"]
    saved = send(program, "put", address, {"text": "Write $count."}).json()
    assert (saved["version"], saved["by"], saved["shipped"]) == (1, "carol", False)
    assert program.get(address).json() == saved
    wrong = send(program, "put", address, {"text": "Write."})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "text")
    assert send(program, "put", address, {"text": "$count \ud800"}).status_code == 400
    assert program.get(f"{DATASET}prompts/poem/").status_code == 404
    assert Prompt.objects.filter(dataset=dataset).count() == 1


def test_the_rubric_is_read_and_saved(
    program: Client, dataset: Dataset, dialogue: Dialogue
) -> None:
    address = f"{DATASET}rubric/"
    shipped = program.get(address).json()
    assert (shipped["shipped"], shipped["reckoned"]) == (True, True)
    criteria = shipped["criteria"]
    same = send(program, "put", address, {"criteria": criteria}).json()
    assert same == shipped
    criteria[2]["weight"] = 9
    saved = send(program, "put", address, {"criteria": criteria}).json()
    assert (saved["version"], saved["by"], saved["reckoned"]) == (1, "carol", False)
    assert saved["hash"] == shipped["hash"]
    assert program.get(address).json() == saved
    assert rubrics.current(dataset).weights()["clarity"] == 9


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"weight": -1}, "clarity-weight"),
        ({"pass_mark": 9}, "clarity-pass-mark"),
        ({"question": ""}, "clarity-question"),
        ({"key": "beauty"}, "key"),
        ({"levels": {"5": "only"}}, "4"),
        ({"weight": "much"}, "weight"),
    ],
)
def test_a_rubric_that_cannot_be_is_a_problem(
    program: Client, dataset: Dataset, change: dict[str, Any], field: str
) -> None:
    criteria = program.get(f"{DATASET}rubric/").json()["criteria"]
    criteria[2] |= change
    response = send(program, "put", f"{DATASET}rubric/", {"criteria": criteria})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert not Rubric.objects.filter(dataset=dataset).exists()


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_reach_it(
    person: str,
    status: int,
    request: pytest.FixtureRequest,
    endpoint: Endpoint,
    program_of: Callable[[User], Client],
) -> None:
    theirs = program_of(request.getfixturevalue(person))
    prompt, rubric = f"{DATASET}prompts/judge/", f"{DATASET}rubric/"
    for address in (ENDPOINTS, REMOTE, prompt, rubric):
        assert theirs.get(address).status_code == status
    assert send(theirs, "post", ENDPOINTS, LOCAL).status_code == status
    assert send(theirs, "post", f"{REMOTE}try/", {}).status_code == status
    assert send(theirs, "patch", REMOTE, {}).status_code == status
    assert send(theirs, "put", prompt, {"text": "$rubric"}).status_code == status
    assert theirs.delete(REMOTE).status_code == status
    assert not Call.objects.exists()


def test_a_wrong_method_and_a_stranger_are_told(program: Client, endpoint: Endpoint) -> None:
    assert program.get(f"{REMOTE}try/").status_code == 405
    assert program.post(f"{DATASET}rubric/").status_code == 405
    assert Client().get(ENDPOINTS).status_code == 401
