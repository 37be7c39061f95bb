"""A dataset and an endpoint whose runs go through the Batch API."""

from collections.abc import Callable

import pytest

from generation.batch_runs import (
    stepping,
)
from generation.models import (
    Endpoint,
    Run,
)
from generation.runs import lifecycle
from review.models import Dataset, Dialogue, Stage

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(stepping, "WAIT_BY_AGE", 0.0)


@pytest.fixture
def dialogues(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{number:02}", stage=Stage.IMPORTED) for number in range(8)]


@pytest.fixture
def start(dataset: Dataset, make_endpoint: MakeEndpoint) -> Callable[..., Run]:
    make_endpoint(has_batches=True)

    def begin(**options: object) -> Run:
        values = {"kind": "rewrite", "endpoints": ["remote"], "batch": True, **options}
        return lifecycle.start(dataset=dataset, **values)

    return begin
