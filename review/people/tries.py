"""How often something was tried lately, so that nobody can try passwords one after the other.

Counted in Redis, which forgets by itself. Without Redis nothing is refused: people must be able to
sign in.
"""

from functools import cache

from django.conf import settings
from redis import Redis, RedisError

KEY = "recqr:tries:{name}"


def count(name: str, *, minutes: int) -> int:
    """Counts one more try; how many there were since the first, which is forgotten in `minutes`."""
    key = KEY.format(name=name)
    try:
        with _redis().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, minutes * 60, nx=True)
            return int(pipe.execute()[0])
    except RedisError:
        return 0


def counted(name: str) -> int:
    """How many tries there were lately."""
    try:
        return int(_redis().get(KEY.format(name=name)) or 0)
    except RedisError:
        return 0


def forget(name: str) -> None:
    try:
        _redis().delete(KEY.format(name=name))
    except RedisError:
        return


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
