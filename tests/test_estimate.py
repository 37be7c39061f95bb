"""An estimate says what a run would take, saves nothing and asks nobody."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation.models import Endpoint, Run, RunItem
from generation.runs import lifecycle
from generation.runs.drafting import RunOptions, draft
from generation.runs.draining import drain
from generation.runs.estimating import Estimate, estimate
from generation.seeing import ImageSettings
from review.errors import Invalid
from review.models import Dataset, Dialogue, Image, Stage
from review.selecting import Selection
from tests.model_server import ModelServer

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture
def dialogues(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{number}", stage=Stage.IMPORTED) for number in range(6)]


def estimated(dataset: Dataset, kind: str = "rewrite", **options: Any) -> Estimate:
    return estimate(draft(dataset=dataset, kind=kind, options=RunOptions(**options), asking=False))


def test_offline_work_is_planned_and_costs_nothing(
    dataset: Dataset, dialogues: list[Dialogue]
) -> None:
    found = estimated(dataset)
    assert (found.planned, found.done, found.calls, found.tokens) == (6, 0, 0, 0)
    assert (found.cost_usd, found.seconds) == (0, None)


def test_nothing_is_saved_and_nobody_asked(
    dataset: Dataset,
    dialogues: list[Dialogue],
    settings: LazySettings,
    model_server: ModelServer,
) -> None:
    settings.OPENAI_BASE_URL = model_server.base_url
    found = estimated(dataset)
    assert [share.endpoint.name for share in found.shares] == ["default"]
    assert found.calls == 6
    assert not model_server.seen
    assert not Run.objects.exists()
    assert not RunItem.objects.exists()


def test_the_first_guess_is_priced_exactly(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    found = estimated(dataset, endpoints=["remote"], candidates=2)
    [share] = found.shares
    assert (share.calls, share.tokens_output) == (6, 6 * 2 * 60)
    assert share.tokens_input > 6 * 200
    dollars = Decimal(share.tokens_input + 4 * share.tokens_output) / 1_000_000
    assert found.cost_usd == dollars
    assert found.seconds == pytest.approx(3)
    assert not found.is_measured


def test_what_was_done_before_is_not_paid_again(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    drain(lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"], limit=5).pk)
    found = estimated(dataset, endpoints=["remote"])
    assert (found.planned, found.done, found.calls) == (6, 5, 1)


def test_the_last_calls_of_an_endpoint_correct_the_guess(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    drain(lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"], limit=5).pk)
    found = estimated(dataset, endpoints=["remote"])
    assert found.is_measured
    # The server counts 100 tokens in and 50 out whatever it is asked.
    assert found.shares[0].tokens_output == 50
    assert found.shares[0].tokens_input == pytest.approx(100, rel=0.05)
    assert found.seconds is not None
    assert found.seconds < 1
    assert not estimated(dataset, endpoints=["remote"], candidates=9).is_measured


def test_one_unknown_price_makes_the_cost_unknown(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    make_endpoint("free", prices=None)
    found = estimated(dataset, endpoints=["remote", "free", "offline"])
    assert [share.cost_usd is None for share in found.shares] == [False, True, False]
    assert found.cost_usd is None
    assert (found.planned, found.calls) == (18, 12)


def test_a_batch_costs_half_and_comes_when_it_comes(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(has_batches=True)
    live, batch = (estimated(dataset, endpoints=["remote"], batch=batch) for batch in (False, True))
    assert live.cost_usd
    assert batch.cost_usd == live.cost_usd / 2
    assert batch.seconds is None
    assert batch.in_batches


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({}, 1),
        ({"both_orders": True}, 2),
        ({"pairwise": True, "best": 3}, 6),
        ({"pairwise": True, "best": 2}, 2),
    ],
)
def test_a_judge_is_asked_as_often_as_the_run_would(
    dataset: Dataset,
    dialogue: Dialogue,
    make_endpoint: MakeEndpoint,
    options: dict[str, Any],
    calls: int,
) -> None:
    make_endpoint()
    assert estimated(dataset, "judge", endpoints=["remote"], **options).calls == calls


def test_limits_a_minute_make_it_last(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(requests_per_minute=2)
    assert estimated(dataset, endpoints=["remote"]).seconds == pytest.approx(120)


def test_pictures_are_counted_where_they_are_seen_and_never_encoded(
    dataset: Dataset,
    dialogues: list[Dialogue],
    make_endpoint: MakeEndpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.objects.filter(external_id="pier").update(file="gone.jpg", sha256="a" * 64)
    make_endpoint()
    make_endpoint("eyes", sees_images=True)
    monkeypatch.setattr("generation.seeing.encoded", lambda *_: pytest.fail("a picture was read"))
    shares = {}
    for images in (None, ImageSettings()):
        found = estimated(dataset, endpoints=["remote", "eyes"], images=images)
        shares[images] = {share.endpoint.name: share.tokens_input for share in found.shares}
    blind, seeing = shares[None], shares[ImageSettings()]
    assert seeing["remote"] == blind["remote"]
    assert seeing["eyes"] - blind["eyes"] >= 6 * 1000


def test_only_the_chosen_dialogues_are_planned(
    dataset: Dataset, dialogues: list[Dialogue], make_dialogue: Make
) -> None:
    make_dialogue("other", stage=Stage.IMPORTED, turns=[{"role": "user", "text": "A red boat"}])
    assert estimated(dataset, selection=Selection(words="red boat")).planned == 1
    assert estimated(dataset, selection=Selection(sample=3)).planned == 3
    assert estimated(dataset, selection=Selection(words="cloudy"), limit=2).planned == 2


def test_what_a_run_would_refuse_the_estimate_refuses(
    dataset: Dataset, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(prices=None)
    with pytest.raises(Invalid, match="no budget can be kept") as refused:
        estimated(dataset, endpoints=["remote"], budget=Decimal(1))
    assert refused.value.field == "budget"


def test_it_asks_the_database_no_more_for_more_dialogues(
    dataset: Dataset,
    make_dialogue: Make,
    make_endpoint: MakeEndpoint,
) -> None:
    make_endpoint()
    make_dialogue("first", stage=Stage.IMPORTED)
    estimated(dataset, endpoints=["remote"])
    with CaptureQueriesContext(connection) as few:
        estimated(dataset, endpoints=["remote"])
    for number in range(20):
        make_dialogue(f"more-{number}", stage=Stage.IMPORTED)
    with CaptureQueriesContext(connection) as many:
        estimated(dataset, endpoints=["remote"])
    assert len(many) == len(few)
