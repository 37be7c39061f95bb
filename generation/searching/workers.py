"""Questions that a page cannot answer itself: asked of a worker of `retrieval`, for a second.

A page answers with an index that lies on its own machine: mapped, it takes milliseconds and no
memory worth counting, and needs nobody. Where web servers and workers share no disk, or a
retriever needs a model that no web process may load, the question goes through Redis. A thread
of each process that works on tasks takes it, so that it waits behind no task and shares the models
that these have loaded. Whoever asks waits a second, then says so and goes on.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from celery import current_app, signals
from celery.concurrency import prefork
from django.conf import settings
from django.db import close_old_connections
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

QUEUE = "retrieval"
QUESTIONS = "recqr:questions"
ANSWER = "recqr:answer:{key}"
PATIENCE_SECONDS = 1.0
# How long a worker sleeps at a time while nobody asks.
IDLE_SECONDS = 2

Parts = dict[str, Any]
Answering = Callable[[Parts], Parts]

_ended = threading.Event()


class NoAnswer(Exception):
    """No worker answered in time, or Redis is gone."""


def ask(question: Parts) -> Parts:
    """What some worker answers. Raises `NoAnswer` after `PATIENCE_SECONDS`."""
    key = secrets.token_hex(8)
    sent = orjson.dumps({"key": key, "until": time.time() + PATIENCE_SECONDS, "question": question})
    try:
        _redis().rpush(QUESTIONS, sent)
        reply: Any = _redis().blpop([ANSWER.format(key=key)], timeout=PATIENCE_SECONDS)
    except RedisError as error:
        raise NoAnswer(str(error)) from error
    if reply is None:
        raise NoAnswer("No worker answered in time.")
    answer: Parts = orjson.loads(reply[1])
    return answer


def take_one(answering: Answering, seconds: float = IDLE_SECONDS) -> bool:
    """Answers the next question, if one comes within `seconds`."""
    taken: Any = _redis().blpop([QUESTIONS], timeout=seconds)
    if taken is None:
        return False
    asked = orjson.loads(taken[1])
    # Of questions that nobody waits for any more a worker that comes back may find many.
    if asked["until"] >= time.time():
        place = ANSWER.format(key=asked["key"])
        with _redis().pipeline() as pipe:
            pipe.rpush(place, orjson.dumps(answering(asked["question"])))
            pipe.expire(place, 10)
            pipe.execute()
    return True


def is_first(name: str, seconds: int) -> bool:
    """Whether nobody said this name within these seconds: for what one of many should do."""
    try:
        return bool(_redis().set(f"recqr:first:{name}", 1, nx=True, ex=seconds))
    except RedisError:
        return False


def answer_with(answering: Answering) -> None:
    """From now on, a worker of `retrieval` that starts in this process, or below it, answers so."""

    def begin_beside_tasks(**_: Any) -> None:
        """Where tasks run in processes of their own, each of these answers."""
        _begin(answering)

    def begin(sender: Any, **_: Any) -> None:
        if not isinstance(sender.pool, prefork.TaskPool):
            _begin(answering)

    signals.worker_process_init.connect(begin_beside_tasks, weak=False, dispatch_uid="answers")
    signals.worker_ready.connect(begin, weak=False, dispatch_uid="answers")
    signals.worker_shutdown.connect(lambda **_: _ended.set(), weak=False, dispatch_uid="answers")


def _begin(answering: Answering) -> None:
    named = f"answers-{QUEUE}"
    begun = {thread.name for thread in threading.enumerate()}
    if QUEUE in current_app.amqp.queues.consume_from and named not in begun:
        threading.Thread(target=_serve, args=(answering,), name=named, daemon=True).start()


def _serve(answering: Answering) -> None:
    while not _ended.is_set():
        try:
            take_one(answering)
        except RedisError:
            _ended.wait(IDLE_SECONDS)
        except Exception:
            logger.exception("A question was not answered")
        finally:
            close_old_connections()


@cache
def _redis() -> Redis:
    # Longer than any wait of ours, or each would end as an error.
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=IDLE_SECONDS + 1, socket_connect_timeout=0.5
    )
