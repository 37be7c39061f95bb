"""What calls cost: the sum of calls, a run's total and the dataset's bill are the same, exactly."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation.models import Call, CallOutcome, Endpoint, EndpointKind, Run, RunKind
from generation.runs.progress import number, progress_of
from generation.spending import Bill, Spend, bill_of, spend_of
from generation.templatetags.spending import exact, spent
from review.models import Dataset, User

SignIn = Callable[[User], Client]
ADDRESS = "/datasets/coast/spending/"


@pytest.fixture
def endpoints(db: None) -> list[Endpoint]:
    return [
        Endpoint.objects.create(name=name, kind=EndpointKind.OPENAI, model="m")
        for name in ("gpt", "llama")
    ]


@pytest.fixture
def runs(dataset: Dataset) -> list[Run]:
    return [Run.objects.create(dataset=dataset, kind=RunKind.REWRITE) for _ in range(3)]


def drawn(draw: random.Random, dataset: Dataset, run: Run | None, endpoint: Endpoint) -> Call:
    """A call as a bad day makes them: any outcome, any price to the eighth decimal, or none."""
    outcome = draw.choice(CallOutcome.values)
    is_paid = outcome in {CallOutcome.OK, CallOutcome.UNUSABLE} and draw.random() < 0.8
    return Call(
        dataset=dataset,
        run=run,
        endpoint=endpoint,
        request_hash="h",
        outcome=outcome,
        tokens_input=draw.choice([None, draw.randrange(5000)]),
        tokens_output=draw.choice([None, draw.randrange(900)]),
        cost_usd=Decimal(draw.randrange(10**9)).scaleb(-8) if is_paid else None,
        created=datetime(2026, draw.randrange(1, 13), 15, tzinfo=UTC),
    )


@pytest.fixture(params=range(3))
def calls(
    request: pytest.FixtureRequest, dataset: Dataset, endpoints: list[Endpoint], runs: list[Run]
) -> list[Call]:
    draw = random.Random(request.param)  # noqa: S311
    made = [
        drawn(draw, dataset, draw.choice([*runs, None]), draw.choice(endpoints)) for _ in range(200)
    ]
    return Call.objects.bulk_create(made)


def added(calls: list[Call]) -> Decimal:
    return sum((call.cost_usd for call in calls if call.cost_usd is not None), Decimal(0))


def unknown(calls: list[Call]) -> int:
    may = {CallOutcome.OK, CallOutcome.UNUSABLE, CallOutcome.LOST}
    return sum(call.cost_usd is None and call.outcome in may for call in calls)


def in_all(bill: Bill) -> list[Spend]:
    """The bill added up along each of its ways."""
    ways = [
        [line.spend for line in bill.by_endpoint],
        [line.spend for line in bill.by_month],
        [*(line.spend for line in bill.by_run), bill.tries, bill.earlier],
    ]
    return [sum(way, Spend()) for way in ways]


def test_calls_runs_and_bill_have_the_same_sum(dataset: Dataset, calls: list[Call]) -> None:
    bill = bill_of(dataset)
    assert bill.total.known_usd == added(calls)
    assert bill.total.unknown == unknown(calls)
    assert bill.total.calls == len(calls)
    assert in_all(bill) == [bill.total] * 3
    for line in bill.by_run:
        own = [call for call in calls if call.run == line.subject]
        assert line.spend == spend_of(line.subject)
        assert (line.spend.known_usd, line.spend.unknown) == (added(own), unknown(own))
    tries = [call for call in calls if call.run is None]
    assert bill.tries.known_usd == added(tries)


def test_the_page_shows_every_digit(
    dataset: Dataset, calls: list[Call], carol: User, client_of: SignIn
) -> None:
    page = client_of(carol).get(ADDRESS)
    assert exact(added(calls)) in page.content.decode()
    assert page.context["bill"].total.known_usd == added(calls)


def test_a_run_says_the_same_as_a_number_without_losing_a_digit(
    dataset: Dataset, calls: list[Call], runs: list[Run]
) -> None:
    for run in runs:
        own = [c for c in calls if c.run == run and c.outcome != CallOutcome.LOST]
        said = progress_of(run).as_json()["cost_usd"]
        assert said == (None if unknown(own) else float(added(own)))
    assert str(number(Decimal("1234567.12345678"))) == "1234567.12345678"
    assert number(Decimal("0.30000000")) == 0.3


def test_an_unknown_price_is_shown_as_unknown(
    dataset: Dataset, endpoints: list[Endpoint], runs: list[Run], carol: User, client_of: SignIn
) -> None:
    for outcome in (CallOutcome.OK, CallOutcome.LOST, CallOutcome.FAILED):
        Call.objects.create(dataset=dataset, run=runs[0], endpoint=endpoints[0], outcome=outcome)
    assert bill_of(dataset).total.unknown == 2
    assert progress_of(runs[0]).cost_usd is None
    browser = client_of(carol)
    for address in (ADDRESS, f"/datasets/coast/runs/{runs[0].pk}/", "/datasets/coast/runs/"):
        assert "unknown" in browser.get(address).content.decode()
    assert spent(spend_of(runs[0])) == "unknown (2 calls)"


def test_known_and_unknown_stand_side_by_side() -> None:
    assert spent(Spend(calls=9, known_usd=Decimal("1.5"), unknown=4)) == (
        "$1.50 and 4 calls of unknown cost"
    )


def test_calls_of_other_datasets_are_on_their_own_bill(
    dataset: Dataset, endpoints: list[Endpoint]
) -> None:
    other = Dataset.objects.create(slug="other", title="Other")
    Call.objects.create(dataset=other, endpoint=endpoints[0], outcome="ok", cost_usd=Decimal(7))
    assert bill_of(dataset).total == Spend()


def test_more_runs_than_fit_are_one_line_of_the_bill(
    dataset: Dataset, endpoints: list[Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.spending.RUNS_SHOWN", 2)
    for number_of in range(5):
        run = Run.objects.create(dataset=dataset, kind=RunKind.JUDGE)
        cost = Decimal(number_of + 1)
        Call.objects.create(
            dataset=dataset, run=run, endpoint=endpoints[0], outcome="ok", cost_usd=cost
        )
    bill = bill_of(dataset)
    assert [line.spend.known_usd for line in bill.by_run] == [5, 4]
    assert (bill.earlier_runs, bill.earlier.known_usd) == (3, 6)
    assert in_all(bill) == [bill.total] * 3


def test_an_empty_bill_says_so(carol: User, client_of: SignIn) -> None:
    assert "Nothing was spent" in client_of(carol).get(ADDRESS).content.decode()


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_see_the_bill(
    person: str, status: int, request: pytest.FixtureRequest, dataset: Dataset, client_of: SignIn
) -> None:
    browser = client_of(request.getfixturevalue(person))
    assert browser.get(ADDRESS).status_code == status
    assert browser.post(ADDRESS).status_code in {403, 404, 405}


def test_the_bill_asks_no_more_for_more_calls(
    dataset: Dataset, endpoints: list[Endpoint], carol: User, client_of: SignIn
) -> None:
    browser = client_of(carol)
    counts = []
    for _ in range(2):
        run = Run.objects.create(dataset=dataset, kind=RunKind.JUDGE)
        for endpoint in endpoints:
            Call.objects.create(dataset=dataset, run=run, endpoint=endpoint, outcome="ok")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(ADDRESS).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
