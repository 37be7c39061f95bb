"""What an endpoint may be, what it costs from when, how it ends, and what a try shows."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from generation.calls.trying import try_endpoint
from generation.connecting import (
    Price,
    remove_price,
    retire_endpoint,
    save_endpoint,
    set_price,
)
from generation.connections import Connection, parameters_in
from generation.models import Call, CallOutcome, Endpoint, StructuredOutput
from generation.runs import lifecycle
from generation.runs.draining import drain
from generation.standing import standings
from review.errors import Conflict, Invalid, NotAllowed
from review.models import Dataset, Dialogue, Stage, User
from tests.model_server import BROKEN_JSON, CUT, MODEL, REFUSAL, Fault, ModelServer

MakeEndpoint = Callable[..., Endpoint]
GOOD = {"name": "local", "base_url": "http://127.0.0.1:8001/v1", "model": "tiny"}


def connect(dataset: Dataset, by: User | None = None, **values: Any) -> Endpoint:
    return save_endpoint(dataset=dataset, by=by, connection=Connection(**{**GOOD, **values}))


@pytest.fixture
def endpoint(dataset: Dataset, make_endpoint: MakeEndpoint) -> Endpoint:
    return make_endpoint(dataset=dataset)


def test_an_admin_connects_a_model(dataset: Dataset, carol: User) -> None:
    made = connect(dataset, carol, jobs=["judge"], extra_parameters={"top_k": 5})
    assert (made.dataset, made.jobs, made.extra_parameters) == (dataset, ["judge"], {"top_k": 5})
    again = save_endpoint(
        dataset=dataset,
        by=carol,
        endpoint=made,
        connection=Connection(**{**GOOD, "name": "renamed", "timeout_seconds": 9}),
    )
    assert (again.pk, again.name, again.timeout_seconds) == (made.pk, "renamed", 9)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "default"),
        ("name", "offline"),
        ("name", "Big"),
        ("name", ""),
        ("name", "a" * 65),
        ("base_url", "127.0.0.1:8001/v1"),
        ("base_url", "ftp://host/v1"),
        ("base_url", "http:///v1"),
        ("base_url", "http://user:word@host/v1"),
        ("base_url", "http://host/v1?key=1"),
        ("base_url", "http://host/v1#x"),
        ("base_url", "http://host:port/v1"),
        ("base_url", "http://ho st/v1"),
        ("base_url", "http://host/v1/chat/completions"),
        ("model", " "),
        ("model", "two\nlines"),
        ("model", "m" * 201),
        ("jobs", ["paint"]),
        ("structured_output", "yaml"),
        ("most_in_flight", 0),
        ("most_in_flight", 2001),
        ("most_in_flight", True),
        ("requests_per_minute", 0),
        ("tokens_per_minute", -1),
        ("timeout_seconds", 0),
        ("timeout_seconds", 3601),
        ("extra_parameters", ["temperature"]),
        ("extra_parameters", {"model": "other"}),
        ("extra_parameters", {"messages": []}),
        ("extra_parameters", {"api_key": "sk-abc"}),
        ("extra_parameters", {"Authorization": "Bearer x"}),
        ("extra_parameters", {"stream": True}),
        ("extra_parameters", {"x": "y" * 4100}),
        ("extra_parameters", {"x": float("nan")}),
        ("extra_parameters", {"x": "\x00"}),
        ("extra_parameters", {"x": [[[[[[[[[1]]]]]]]]]}),
        ("own_family", "f" * 65),
    ],
)
def test_what_cannot_be_is_named_at_its_field(dataset: Dataset, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        connect(dataset, **{field: value})
    assert refused.value.field == field
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("sk-proj-abc123DEF", "never the key itself"),
        ("gsk_1234567890", "never the key itself"),
        ("SECRET_KEY", "secret of this server"),
        ("CLIENT_SECRET_TOKEN", "secret of this server"),
        ("DATABASE_URL", "secret of this server"),
        ("REDIS_TOKEN", "secret of this server"),
        ("AWS_SECRET_ACCESS_KEY", "secret of this server"),
        ("AWS_ACCESS_KEY_ID", "secret of this server"),
        ("DJANGO_KEY", "secret of this server"),
        ("DB_PASSWORD", "secret of this server"),
        ("HOME", "has KEY or TOKEN"),
        ("OPENAI_API_KEY", "nowhere else"),
    ],
)
def test_no_secret_of_the_server_goes_to_an_address_of_an_admin(
    dataset: Dataset, variable: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        connect(dataset, key_variable=variable)
    assert refused.value.field == "key_variable"
    assert "sk-proj" not in str(refused.value)


def test_the_operators_key_goes_where_the_operator_sends_it(
    dataset: Dataset, settings: Any
) -> None:
    connect(
        dataset,
        name="openai",
        base_url="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
    )
    settings.OPENAI_BASE_URL = "http://127.0.0.1:8001/v1"
    connect(dataset, key_variable="OPENAI_API_KEY")
    for lookalike in ("http://api.openai.com/v1", "https://api.openai.com.evil.example/v1"):
        with pytest.raises(Invalid):
            connect(dataset, name="x", base_url=lookalike, key_variable="OPENAI_API_KEY")


@pytest.mark.parametrize("text", ["{", "[1]", "5", '{"x": NaN}', "[" * 5000])
def test_typed_parameters_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parameters_in(text)


def test_a_name_is_once_in_a_dataset_and_free_in_another(dataset: Dataset) -> None:
    connect(dataset)
    with pytest.raises(Conflict) as refused:
        connect(dataset)
    assert refused.value.field == "name"
    connect(Dataset.objects.create(slug="other", title="Other"))


def test_only_admins_connect_and_nobody_changes_the_sites(
    dataset: Dataset, alice: User, carol: User
) -> None:
    with pytest.raises(NotAllowed):
        connect(dataset, alice)
    shared = Endpoint.objects.create(name="default", base_url="http://h/v1", model="m")
    for change in (
        lambda: save_endpoint(
            dataset=dataset, by=carol, endpoint=shared, connection=Connection(**GOOD)
        ),
        lambda: retire_endpoint(endpoint=shared, by=carol),
        lambda: set_price(endpoint=shared, price=Price(date(2026, 1, 1)), by=carol),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_an_unused_endpoint_is_deleted(dataset: Dataset) -> None:
    made = connect(dataset)
    set_price(endpoint=made, price=Price(date(2026, 1, 1), Decimal(1), None, Decimal(2)))
    assert retire_endpoint(endpoint=made)
    assert not Endpoint.objects.exists()


def test_a_used_one_stays_for_the_ledger_under_its_name_and_frees_it(
    dataset: Dataset, endpoint: Endpoint, make_dialogue: Callable[..., Dialogue]
) -> None:
    make_dialogue(stage=Stage.IMPORTED)
    run = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"])
    with pytest.raises(Conflict, match="still has work"):
        retire_endpoint(endpoint=endpoint)
    drain(run.pk)
    with pytest.raises(Conflict, match="its name stays"):
        save_endpoint(dataset=dataset, endpoint=endpoint, connection=Connection(**GOOD))
    assert not retire_endpoint(endpoint=endpoint)
    assert run.calls.get().endpoint.retired
    connect(dataset, name="remote")


def test_a_new_price_holds_from_its_day_on(dataset: Dataset, endpoint: Endpoint) -> None:
    today = timezone.now().date()
    first = try_endpoint(dataset=dataset, endpoint=endpoint).call
    set_price(endpoint=endpoint, price=Price(today, Decimal(2), None, Decimal(8)))
    set_price(
        endpoint=endpoint, price=Price(today + timedelta(days=1), Decimal(9), None, Decimal(9))
    )
    second = try_endpoint(dataset=dataset, endpoint=endpoint).call
    assert first
    assert second
    first.refresh_from_db()
    assert (first.cost_usd, second.cost_usd) == (Decimal("0.00029"), Decimal("0.0006"))
    remove_price(endpoint=endpoint, since=today)
    again = endpoint.price_on(today)
    assert again is not None
    assert again.input == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"input": Decimal(-1)}, "input"),
        ({"input": Decimal(1)}, "output"),
        ({"output": Decimal(1)}, "input"),
        ({"output": Decimal("NaN")}, "output"),
        ({"cached": Decimal("1e9")}, "cached"),
        ({"input": Decimal("0.0000001")}, "input"),
        ({"batch_share": Decimal(2)}, "batch_share"),
    ],
)
def test_a_price_that_cannot_be_is_refused(
    dataset: Dataset, values: dict[str, Decimal], field: str
) -> None:
    made = connect(dataset)
    with pytest.raises(Invalid) as refused:
        set_price(endpoint=made, price=Price(date(2026, 1, 1), **values))
    assert refused.value.field == field


def test_a_try_is_one_call_in_the_ledger(
    dataset: Dataset, carol: User, endpoint: Endpoint, model_server: ModelServer
) -> None:
    tried = try_endpoint(dataset=dataset, endpoint=endpoint, by=carol)
    call = Call.objects.get()
    assert len(tried.texts) == 2
    assert tried.call == call
    assert (call.dataset, call.run, call.outcome, call.model) == (
        dataset,
        None,
        CallOutcome.OK,
        MODEL,
    )
    assert call.request == model_server.completions[0].body
    assert call.prompt is not None
    assert (call.tokens_input, call.cost_usd) == (100, Decimal("0.00029"))


@pytest.mark.parametrize("way", StructuredOutput.values)
def test_a_try_uses_the_endpoints_own_way_and_parameters(
    dataset: Dataset, make_endpoint: MakeEndpoint, model_server: ModelServer, way: str
) -> None:
    chosen = make_endpoint(structured_output=way, extra_parameters={"top_k": 3})
    assert try_endpoint(dataset=dataset, endpoint=chosen).texts
    body = model_server.completions[0].body
    assert body["top_k"] == 3
    assert body.get("response_format", {"type": "text"})["type"] == way


def test_a_try_shows_a_picture_to_those_that_see(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer
) -> None:
    with pytest.raises(Invalid):
        try_endpoint(dataset=dataset, endpoint=endpoint, with_image=True)
    endpoint.sees_images = True
    tried = try_endpoint(dataset=dataset, endpoint=endpoint, with_image=True)
    assert tried.pictured
    parts = model_server.completions[0].body["messages"][1]["content"]
    assert parts[-1]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert "triangle" not in str(parts[0])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.answers(401), "wants a key"),
        (Fault.answers(404), "no model “tiny-test-model”"),
        (Fault.answers(400), "another way of structured output"),
        (Fault.rate_limited(0.1), "fewer calls"),
        (Fault.answers(503), "own log|its log"),
        (BROKEN_JSON, "keep to the form"),
        (CUT, "max_tokens"),
        (REFUSAL, "Another model"),
    ],
)
def test_a_failed_try_says_what_to_mend(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer, fault: Fault, words: str
) -> None:
    model_server.fail(fault)
    tried = try_endpoint(dataset=dataset, endpoint=endpoint)
    assert tried.problem
    assert any(part in tried.mend for part in words.split("|"))
    assert len(model_server.completions) == 1
    assert Call.objects.get().outcome != CallOutcome.OK


def test_a_try_that_finds_nobody_says_so(dataset: Dataset, endpoint: Endpoint) -> None:
    endpoint.base_url = "http://127.0.0.1:9/v1"
    tried = try_endpoint(dataset=dataset, endpoint=endpoint)
    assert "Nothing answers at http://127.0.0.1:9/v1" in tried.mend


def test_a_try_waits_no_longer_than_the_endpoint_may_take(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer
) -> None:
    endpoint.timeout_seconds = 1
    model_server.fail(Fault.hangs(20))
    tried = try_endpoint(dataset=dataset, endpoint=endpoint)
    assert "No reply within 1 second" in tried.problem
    assert "load the model" in tried.mend


def test_a_try_keeps_to_the_limits_of_the_endpoint(
    dataset: Dataset, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.calls.trying.MOST_SECONDS", 1.5)
    endpoint.requests_per_minute = 1
    assert try_endpoint(dataset=dataset, endpoint=endpoint).texts
    tried = try_endpoint(dataset=dataset, endpoint=endpoint)
    assert "could not leave" in tried.problem
    assert Call.objects.count() == 1


def test_the_offline_one_is_tried_without_a_call(dataset: Dataset) -> None:
    offline = Endpoint(name="offline", kind="offline")
    assert try_endpoint(dataset=dataset, endpoint=offline).texts
    assert not Call.objects.exists()


def test_how_an_endpoint_stands(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer
) -> None:
    try_endpoint(dataset=dataset, endpoint=endpoint)
    model_server.fail(Fault.answers(500))
    try_endpoint(dataset=dataset, endpoint=endpoint)
    Call.objects.create(
        dataset=dataset, endpoint=endpoint, request_hash="h", outcome=CallOutcome.FAILED
    )
    Call.objects.filter(request_hash="h").update(created=timezone.now() - timedelta(days=3))
    [own, offline] = standings(dataset)
    assert (own.health.calls, own.health.ok) == (2, 1)
    assert own.health.median_seconds is not None
    assert "500" in own.health.problem
    assert own.price is not None
    assert (offline.endpoint.name, offline.of_the_site, offline.health.calls) == (
        "offline",
        True,
        0,
    )
