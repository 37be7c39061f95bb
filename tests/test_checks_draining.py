"""Every approval gets its check, once, however many workers drain and whatever fails between."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from typing import Any

import pytest
from celery import current_app, signals
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from generation import checks, retrievers
from generation.checks import draining
from generation.checks import tasks as check_tasks
from generation.encoders.protocol import Encoded
from generation.models import ConfiguredRetriever
from generation.tasks import sweep
from generation.vectors.tasks import fill_vectors
from review import decisions
from review.events import announce_approval
from review.models import (
    Approval,
    Assignment,
    Candidate,
    CheckOutcome,
    Dataset,
    Dialogue,
    RetrievalCheck,
    Stage,
    User,
    Verdict,
)
from review.models.candidates import text_key
from review.rulings import Ruling
from tests.cheap_encoder import CheapEncoder, CheapKind

Make = Callable[..., Dialogue]


@pytest.fixture
def approved(make_dialogue: Make) -> Callable[[int], list[Dialogue]]:
    """That many dialogues, each approved with its first candidate and not yet checked."""

    def make(count: int) -> list[Dialogue]:
        made = [make_dialogue(f"d-{n}", stage=Stage.PROPOSED) for n in range(count)]
        for dialogue in made:
            Dialogue.objects.filter(pk=dialogue.pk).update(
                stage=Stage.APPROVED,
                approval=Approval.ACCEPTED,
                approved_candidate=dialogue.candidates.first(),
                settled_at=timezone.now(),
                checks_due=True,
            )
        return made

    return make


def rewrites_checked() -> int:
    return RetrievalCheck.objects.filter(form="rewrite").count()


def test_draining_checks_all_that_waits(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "BATCH", 4)
    approved(11)
    assert list(checks.datasets_due()) == [dataset]
    assert checks.drain(dataset.pk) == 11
    assert checks.drain(dataset.pk) == 0
    assert rewrites_checked() == 11
    assert not checks.datasets_due()


def test_draining_a_dataset_that_is_gone_does_nothing(db: None) -> None:
    assert checks.drain(999_999) == 0


def test_one_dialogue_that_fails_does_not_hold_up_the_others(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    broken = approved(5)[1]
    Dialogue.objects.filter(pk=broken.pk).update(turns=[{"role": "user"}])
    assert checks.drain(dataset.pk) == 4
    assert str(broken.pk) in caplog.text
    broken.refresh_from_db()
    assert broken.checked_at is None


class Choosy(CheapEncoder):
    """A model that cannot take every text."""

    def texts(self, texts: Sequence[str]) -> Encoded:
        encoded = super().texts(texts)
        refused = [place for place, text in enumerate(texts) if "unspeakable" in text]
        encoded.vectors[refused] = 0
        return replace(encoded, reasons=dict.fromkeys(refused, "The model takes no such text."))


@pytest.fixture
def vectors(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> ConfiguredRetriever:
    """A second retriever, whose vectors are not made yet."""
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(Choosy()))
    retrievers.primary(dataset)
    return ConfiguredRetriever.objects.create(dataset=dataset, name="vectors", kind="dense")


def test_a_retriever_that_is_not_ready_holds_up_no_other_and_checks_once_it_is(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset, vectors: ConfiguredRetriever
) -> None:
    approved(3)
    assert checks.drain(dataset.pk) == 3
    outcomes = dict(Dialogue.objects.values_list("check_outcome", "checks_due"))
    assert outcomes == {"same": True}
    assert list(checks.datasets_due()) == [dataset]
    fill_vectors.apply(args=[vectors.pk], throw=True)
    assert checks.drain(dataset.pk) == 3
    assert checks.drain(dataset.pk) == 0
    assert not checks.datasets_due()
    rows = RetrievalCheck.objects.filter(form="rewrite").values_list("retriever", flat=True)
    assert sorted(rows) == ["bm25"] * 3 + ["vectors"] * 3
    assert set(Dialogue.objects.values_list("check_outcome", flat=True)) == {"same"}


def test_a_text_that_a_model_refuses_is_unranked_with_its_reason_and_holds_up_nothing(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset, vectors: ConfiguredRetriever
) -> None:
    first, *_ = approved(4)
    first.candidates.update(text="unspeakable")
    fill_vectors.apply(args=[vectors.pk], throw=True)
    assert checks.drain(dataset.pk) == 4 + 4
    assert not checks.datasets_due()
    found = RetrievalCheck.objects.filter(form="rewrite", retriever="vectors")
    [unranked] = found.filter(rank=None)
    assert (unranked.dialogue, unranked.outcome) == (first, CheckOutcome.UNRANKED)
    assert "The model takes no such text." in unranked.unranked_reason
    assert first.retrieval_checks.get(form="history", retriever="vectors").rank is not None


def test_what_has_waited_long_keeps_nobody_from_sending_the_task(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset
) -> None:
    stuck, fresh = approved(2)
    assert checks.others_wait(dataset.pk, fresh.pk)
    Dialogue.objects.filter(pk=stuck.pk).update(settled_at=timezone.now() - timedelta(minutes=1))
    assert not checks.others_wait(dataset.pk, fresh.pk)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_check_each_dialogue_once(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset
) -> None:
    approved(30)
    barrier, counts = Barrier(2), []

    def work() -> None:
        try:
            barrier.wait(10)
            counts.append(checks.drain(dataset.pk))
        finally:
            connections.close_all()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sum(counts) == 30
    assert rewrites_checked() == 30


@pytest.mark.django_db(transaction=True)
def test_a_dialogue_that_somebody_holds_is_passed_over(
    approved: Callable[[int], list[Dialogue]], dataset: Dataset
) -> None:
    held = approved(3)[0]
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(checks.drain(dataset.pk))
        finally:
            connections.close_all()

    with transaction.atomic():
        Dialogue.objects.select_for_update().get(pk=held.pk)
        worker = Thread(target=work)
        worker.start()
        worker.join(20)
    assert counts == [2]
    assert checks.drain(dataset.pk) == 1


@pytest.fixture
def broker_at() -> Iterator[Callable[[str], None]]:
    """Points Celery at another broker until the test ends."""
    conf = current_app.conf
    before = conf.broker_url, conf.broker_write_url

    def point(url: str) -> None:
        conf.broker_url = conf.broker_write_url = url
        current_app.amqp._producer_pool = None  # it would keep to the one it was made with

    yield point
    point(before[0])
    conf.broker_url, conf.broker_write_url = before


@pytest.fixture
def hanging_broker() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    # Not in `tmp_path`: the path of a Unix socket ends at 107 bytes.
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/redis.sock")
        listener.listen(8)
        yield f"redis+socket://{folder}/redis.sock?virtual_host=0"


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each sending of a task held up who decides."""
    seconds: list[float] = []
    send = check_tasks.publish

    def timed(*words: Any, **options: Any) -> bool:
        start = time.monotonic()
        sent = send(*words, **options)
        seconds.append(time.monotonic() - start)
        return sent

    monkeypatch.setattr(check_tasks, "publish", timed)
    return seconds


def approve(claim: Callable[[User], Assignment], alice: User) -> Dialogue:
    place = claim(alice)
    ruling = Ruling(Verdict.EDIT, text="old lighthouse under a cloudy sky")
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    return Dialogue.objects.get(pk=place.dialogue_id)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["gone", "hanging"])
def test_a_dead_broker_costs_the_decision_nothing(
    kind: str,
    dialogue: Dialogue,
    alice: User,
    claim: Callable[[User], Assignment],
    broker_at: Callable[[str], None],
    hanging_broker: str,
    waited: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = "redis+socket:///nowhere/redis.sock?virtual_host=0"
    broker_at(gone if kind == "gone" else hanging_broker)
    approved = approve(claim, alice)
    assert approved.stage == Stage.APPROVED
    assert len(waited) == 1
    assert sum(waited) < 1
    assert "wait for the sweep" in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert checks.drain(approved.dataset_id) == 1


@pytest.mark.django_db(transaction=True)
def test_an_approval_asks_a_worker_for_its_check(
    dialogue: Dialogue, alice: User, claim: Callable[[User], Assignment]
) -> None:
    with current_app.connection_for_write() as link:
        queue = link.SimpleQueue("retrieval")
        queue.clear()
        approved = approve(claim, alice)
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.headers["task"] == check_tasks.drain_checks.name
    assert message.payload[0] == [approved.dataset_id]


def test_the_task_drains(approved: Callable[[int], list[Dialogue]], dataset: Dataset) -> None:
    dialogue = approved(1)[0]
    check_tasks.drain_checks.apply(args=[dataset.pk], throw=True)
    dialogue.refresh_from_db()
    assert dialogue.check_outcome in CheckOutcome.values


@pytest.mark.django_db(transaction=True)
def test_a_worker_checks_an_approval_within_seconds(
    dialogue: Dialogue, alice: User, claim: Callable[[User], Assignment]
) -> None:
    with worker_here():
        approved = approve(claim, alice)
        deadline = time.monotonic() + 10
        while approved.checked_at is None and time.monotonic() < deadline:
            time.sleep(0.05)
            approved.refresh_from_db()
    assert approved.check_outcome in CheckOutcome.values


@contextmanager
def worker_here() -> Iterator[None]:
    """A worker in this process, whose threads end with it: they would answer other tests."""
    options = {"pool": "solo", "queues": ["retrieval"], "loglevel": "WARNING"}
    try:
        with start_worker(current_app, perform_ping_check=False, **options):
            yield
    finally:
        signals.worker_shutdown.send(sender=current_app)


# `make bench` does the same with 10,000.
MANY = 300
DRAIN = """
from generation import checks
from generation.checks import draining
draining.BATCH = 2
checks.drain({dataset})
"""


@pytest.mark.django_db(transaction=True)
def test_approvals_while_redis_was_down_are_checked_once_each_though_a_worker_is_killed(
    make_dialogue: Make, dataset: Dataset, broker_at: Callable[[str], None]
) -> None:
    there = current_app.conf.broker_url
    broker_at("redis+socket:///nowhere/redis.sock?virtual_host=0")
    approve_many(make_dialogue(), MANY)
    for dialogue in Dialogue.objects.filter(checks_due=True)[:2]:
        announce_approval(dialogue)
    with killed(DRAIN.format(dataset=dataset.pk)):
        wait_for(rewrites_checked)
    assert 0 < rewrites_checked() < MANY
    broker_at(there)
    sweep.apply(throw=True)
    with worker_here():
        wait_for(lambda: not checks.datasets_due())
    assert rewrites_checked() == MANY
    assert RetrievalCheck.objects.filter(form="candidate").count() == MANY
    assert not Dialogue.objects.awaiting_check().exists()


def approve_many(like: Dialogue, count: int) -> None:
    """As many approvals, with one candidate each, as their decisions leave them."""
    names = ["dataset", "turns", "final_query", "target_images", "content_hash"]
    same = {name: getattr(like, name) for name in names}
    rows = [
        Dialogue(external_id=f"many-{number}", checks_due=True, **same) for number in range(count)
    ]
    Dialogue.objects.bulk_create(rows)
    text = "the old lighthouse under clouds"
    made = [
        Candidate(dialogue=row, text=text, text_key=text_key(text), kind="model", author="writer")
        for row in rows
    ]
    Candidate.objects.bulk_create(made)
    for candidate in made:
        row = candidate.dialogue
        row.stage, row.approved_candidate, row.settled_at = "approved", candidate, timezone.now()
    Dialogue.objects.bulk_update(rows, ["stage", "approved_candidate", "settled_at"])


@contextmanager
def killed(script: str) -> Iterator[None]:
    """A process that runs a script over this record, and dies without a word at the end."""
    address = os.environ["DATABASE_URL"].split("?")
    address[0] = f"{address[0].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script]
    environment = {**os.environ, "DATABASE_URL": "?".join(address)}
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def wait_for(happens: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)
