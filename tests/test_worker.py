"""A real Celery worker on a real Redis: it takes runs, and a killed one loses nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai  # noqa: F401 - half a second on first use, which would be a worker's whole turn here
import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from redis import Redis

from generation.models import Call, CallOutcome, ConfiguredRetriever, Endpoint, ItemState, RunStatus
from generation.retrievers.stored import Edition
from generation.runs import lifecycle
from generation.searching import Quest
from generation.searching import workers as asking
from generation.searching.trying import OF_ROW, Question
from generation.tasks import drain_run, sweep
from review.liveness import KEY, worker_alive
from review.models import Dataset, Dialogue, Stage
from tests.model_server import ModelServer
from tests.plugins.records import PROJECT, within

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Dialogue]
# Leases of seconds, so that the test need not wait for those of a killed worker.
WORKER = """
from datetime import timedelta
import django
from recqr_site.celery import app
django.setup()
from generation.runs import draining, leasing
from generation.calls import flow
leasing.LEASE, draining.PULSE_SECONDS = timedelta(seconds=3), 0.5
flow.SLOT_SECONDS, flow.RENEW_SECONDS = 3.0, 0.5
app.worker_main(["worker", "-Q", "llm,default,retrieval", "--concurrency", "2",
                 "--without-mingle", "--without-gossip", "--loglevel", "WARNING"])
"""


class Workers:
    """Worker processes on the test's own database, each with its pool in one process group."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> "subprocess.Popen[bytes]":
        before, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        url = f"{before}/{connection.settings_dict['NAME']}"
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"},
            start_new_session=True,
        )
        self.started.append(process)
        within(30, worker_alive)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """kill -9 of the worker with all its pool."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def lose_queues() -> None:
    """As if Redis had lost its data; no more than ours, since it may be a developer's own."""
    ours = ["llm", "retrieval", "default", "unacked", "unacked_index", "unacked_mutex"]
    alive = [KEY.format(queue=queue) for queue in ours[:3]]
    Redis.from_url(settings.REDIS_URL).delete(*ours, *alive)


@pytest.fixture
def workers() -> Iterator[Workers]:
    lose_queues()
    found = Workers()
    yield found
    for process in found.started:
        found.kill(process)
    lose_queues()


@pytest.fixture
def dialogues(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{number:02}", stage=Stage.IMPORTED) for number in range(20)]


def state(run: Any) -> str:
    run.refresh_from_db()
    return run.status


def answers_a_page(dataset: Dataset) -> bool:
    """Whether a process of the pool answers what a page asks: here that it has no such index."""
    row = ConfiguredRetriever(dataset=dataset, name="bm25", kind="bm25")
    question = Question(
        retriever={name: getattr(row, name) for name in OF_ROW},
        edition=Edition(dataset.pk, 1, 0, "none"),
        quest=Quest([], []),
        leaves_out=True,
        texts=["a lighthouse"],
    )
    return asking.ask(vars(question)) == {"found": [], "edition": None, "lacks": ""}


def test_a_worker_shows_life_takes_a_run_and_is_missed_when_it_ends(
    dataset: Dataset, dialogues: list[Dialogue], workers: Workers
) -> None:
    assert not worker_alive()
    worker = workers.start()
    assert answers_a_page(dataset)
    call_command("start_run", "coast", "rewrite", "--wait", "--json")
    assert set(Dialogue.objects.values_list("stage", flat=True)) == {Stage.PROPOSED}
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    assert not worker_alive()


def test_a_killed_workers_run_is_finished_by_another_with_one_outcome_each(
    dataset: Dataset,
    dialogues: list[Dialogue],
    workers: Workers,
    make_endpoint: Callable[..., Endpoint],
    model_server: ModelServer,
) -> None:
    make_endpoint(most_in_flight=2)
    model_server.latency = 0.2
    first = workers.start()
    run = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"], candidates=2)
    drain_run.delay(run.pk)
    within(20, lambda: run.items.filter(state=ItemState.DONE).count() >= 4)
    workers.kill(first)
    # The queue is lost as well: only the rows know what remains.
    lose_queues()
    assert state(run) == RunStatus.RUNNING
    workers.start()

    def swept() -> bool:
        sweep.delay()
        return state(run) == RunStatus.DONE

    within(30, swept)
    assert run.items.filter(state=ItemState.DONE).count() == 20
    assert {d.candidates.count() for d in dialogues} == {2}
    calls = Call.objects.filter(run=run)
    unanswered = calls.filter(outcome=CallOutcome.LOST).count()
    assert not calls.filter(outcome=CallOutcome.SENT).exists()
    assert unanswered <= 2
    # At most what was in flight, or answered and not yet recorded, was asked twice.
    assert calls.count() <= 20 + 3
    # No request without its row; a row may have been killed before its request left.
    assert len(model_server.completions) <= calls.count() <= len(model_server.completions) + 2


def test_waiting_goes_on_by_itself_when_the_worker_dies(
    dataset: Dataset,
    dialogues: list[Dialogue],
    workers: Workers,
    make_endpoint: Callable[..., Endpoint],
    model_server: ModelServer,
) -> None:
    make_endpoint(most_in_flight=2)
    model_server.latency = 0.2
    workers.start()
    command = [sys.executable, "manage.py", "start_run", "coast", "rewrite", "--endpoint"]
    before, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    url = f"{before}/{connection.settings_dict['NAME']}"
    waiting = subprocess.Popen(
        [*command, "remote", "--wait"], cwd=PROJECT, env={**os.environ, "DATABASE_URL": url}
    )
    within(20, lambda: Dialogue.objects.filter(stage=Stage.PROPOSED).count() >= 4)
    workers.kill(workers.started[0])
    assert waiting.wait(60) == 0
    assert Dialogue.objects.filter(stage=Stage.PROPOSED).count() == 20


def test_a_long_run_lets_others_have_their_turn(
    dataset: Dataset,
    dialogues: list[Dialogue],
    workers: Workers,
    make_endpoint: Callable[..., Endpoint],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("generation.tasks.TURN_SECONDS", 2.0)
    make_endpoint(most_in_flight=1)
    model_server.latency = 0.3
    run = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"])
    drain_run(run.pk)
    assert 0 < run.items.filter(state=ItemState.DONE).count() < 20
    assert not run.items.exclude(leased_until=None).exists()
    assert Redis.from_url(settings.REDIS_URL).llen("llm") == 1


def test_a_run_is_started_at_once_where_no_broker_answers(
    dataset: Dataset, dialogues: list[Dialogue], caplog: pytest.LogCaptureFixture
) -> None:
    conf, before = current_app.conf, current_app.conf.broker_url
    conf.broker_url = "redis://127.0.0.1:9/0"
    try:
        began = time.monotonic()
        with transaction.atomic():
            run = lifecycle.start(dataset=dataset, kind="rewrite")
            drain_run.delay_on_commit(run.pk)
        assert time.monotonic() - began < 2
    finally:
        conf.broker_url = before
    assert "wait for the sweep" in caplog.text
    assert state(run) == RunStatus.RUNNING


def test_without_redis_no_worker_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=0.2)
    monkeypatch.setattr("review.liveness._redis", lambda: gone)
    assert not worker_alive()
