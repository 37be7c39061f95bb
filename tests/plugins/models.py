"""A model server on loopback for the tests that talk to one, and an endpoint that names it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps

from tests.model_server import MODEL, ModelServer, serving

# Dollars per million tokens; with the server's 100 tokens in (20 cached) and 50 out, one call
# costs 80 x 1 + 20 x 0.5 + 50 x 4 = 290 millionths.
PRICES = {"price_input": 1, "price_cached": "0.5", "price_output": 4}


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """Pauses between attempts are short, unless the server itself asks for longer ones."""
    monkeypatch.setattr("generation.asking.FIRST_PAUSE", 0.01)
    with serving() as server:
        yield server


@pytest.fixture
def make_endpoint(db: None, model_server: ModelServer) -> Callable[..., Any]:
    def make(name: str = "remote", **fields: Any) -> Any:
        values = {"base_url": model_server.base_url, "model": MODEL, **PRICES, **fields}
        return apps.get_model("generation.Endpoint").objects.create(name=name, **values)

    return make
