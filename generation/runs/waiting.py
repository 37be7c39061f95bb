"""Which endpoints of a run let nobody in for now: their servers asked to be left alone."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from redis import Redis, RedisError

from generation.calls.asking import gate_key
from generation.calls.flow import place_of
from generation.models import Endpoint, Run


@dataclass(frozen=True)
class Wait:
    endpoint: str
    seconds: float


def waits_of(run: Run) -> list[Wait]:
    """In one question to Redis; none where it does not answer, since a page can do without."""
    names = list(run.parameters.get("models", {}))
    endpoints = list(Endpoint.objects.within(run.dataset).filter(name__in=names))
    keys = [place_of(gate_key(one, run.model_of(one)), "shut") for one in endpoints]
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.pttl(key)
            left = pipeline.execute()
    except RedisError:
        return []
    return [Wait(one.name, ms / 1000) for one, ms in zip(endpoints, left, strict=True) if ms > 0]


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
