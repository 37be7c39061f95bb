"""A model server on loopback for the tests that talk to one, and an endpoint that names it."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.apps import apps

from tests.model_server import MODEL, ModelServer, serving

# Dollars per million tokens, from long ago on; with the server's 100 tokens in (20 cached) and 50
# out, one call costs 80 x 1 + 20 x 0.5 + 50 x 4 = 290 millionths.
PRICES = {"input": 1, "cached": "0.5", "output": 4}
LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """Pauses between attempts are short, unless the server itself asks for longer ones."""
    monkeypatch.setattr("generation.calls.asking.FIRST_PAUSE", 0.01)
    with serving() as server:
        yield server


@pytest.fixture
def make_endpoint(db: None, model_server: ModelServer) -> Callable[..., Any]:
    def make(name: str = "remote", prices: Any = PRICES, **fields: Any) -> Any:
        values = {"base_url": model_server.base_url, "model": MODEL, **fields}
        endpoint = apps.get_model("generation.Endpoint").objects.create(name=name, **values)
        if prices is not None:
            endpoint.prices.create(since=LONG_AGO, **prices)
        return endpoint

    return make
