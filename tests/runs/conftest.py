"""A rewrite run of Carol's with one item, as the pages of runs and of their calls show it."""

from collections.abc import Callable

import pytest

from generation.models import Call, CallOutcome, Endpoint, EndpointKind, Run, RunItem, RunKind
from review.models import Dataset, Dialogue, User


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    return Endpoint.objects.create(name="offline", kind=EndpointKind.OFFLINE)


@pytest.fixture
def run(dataset: Dataset, carol: User, endpoint: Endpoint) -> Run:
    return Run.objects.create(dataset=dataset, kind=RunKind.REWRITE, by=carol)


@pytest.fixture
def item(run: Run, dialogue: Dialogue, endpoint: Endpoint) -> RunItem:
    return RunItem.objects.create(run=run, dialogue=dialogue, endpoint=endpoint)


@pytest.fixture
def make_call(db: None) -> Callable[..., Call]:
    def make(item: RunItem, **fields: object) -> Call:
        usual = {"endpoint": item.endpoint, "request_hash": "h", "outcome": CallOutcome.OK}
        return Call.objects.create(run=item.run, item=item, **{**usual, **fields})

    return make
