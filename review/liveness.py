"""Whether a worker is there: each one writes a key to Redis every two seconds.

One read of a key is quick enough for every page, and says *no* when Redis itself is gone.
"""

import threading
from contextlib import suppress
from functools import cache
from typing import Any

from celery import signals
from django.conf import settings
from redis import Redis, RedisError

BEAT_SECONDS = 2.0
GONE_AFTER_SECONDS = 6
KEY = "recqr:worker:{queue}"

_ended = threading.Event()
_queues: list[str] = []


def worker_alive(queue: str = "llm") -> bool:
    """Whether some worker takes tasks of `queue` now, or did so seconds ago."""
    try:
        return bool(_redis().exists(KEY.format(queue=queue)))
    except RedisError:
        return False


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


@signals.worker_ready.connect
def show_life(sender: Any, **_: Any) -> None:
    """Begins when a worker takes tasks; a thread, so that no long task keeps it from beating."""
    _queues.extend(sender.app.amqp.queues.consume_from)
    threading.Thread(target=_beat, name="liveness", daemon=True).start()


@signals.worker_shutdown.connect
def end_life(**_: Any) -> None:
    """Other workers of the same queues write their keys again within seconds."""
    _ended.set()
    with suppress(RedisError):
        _redis().delete(*_keys())


def _beat() -> None:
    while not _ended.is_set():
        with suppress(RedisError):
            _write()
        _ended.wait(BEAT_SECONDS)


def _write() -> None:
    with _redis().pipeline() as pipe:
        for key in _keys():
            pipe.set(key, 1, ex=GONE_AFTER_SECONDS)
        pipe.execute()


def _keys() -> list[str]:
    return [KEY.format(queue=queue) for queue in _queues]
