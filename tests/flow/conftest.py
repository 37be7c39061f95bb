"""A key of its own in the real Redis that the flow of calls is kept in."""

import secrets
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from generation.calls import flow
from tests.flow.sharing import lose


@pytest.fixture(autouse=True)
def _quick_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "REVIEW_SECONDS", 0.05)


@pytest.fixture
def server() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as found:
        yield found


@pytest.fixture
def key(server: Redis) -> Iterator[str]:
    made = f"test-{secrets.token_hex(4)}"
    yield made
    lose(server, made)
