"""Every approval gets its check, once, however many workers drain and whatever fails between."""

import socket
import time
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from threading import Barrier, Thread

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from django.db import connections, transaction
from django.utils import timezone

from generation import checks
from generation.checks import tasks as check_tasks
from review import decisions
from review.models import (
    Approval,
    Assignment,
    CheckOutcome,
    Dataset,
    Dialogue,
    RetrievalCheck,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling

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
    approved: Callable[[int], list[Dialogue]], dataset: Dataset
) -> None:
    approved(checks.BATCH * 2 + 3)
    assert list(checks.datasets_due()) == [dataset]
    assert checks.drain(dataset.pk) == checks.BATCH * 2 + 3
    assert checks.drain(dataset.pk) == 0
    assert rewrites_checked() == checks.BATCH * 2 + 3
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

    yield point
    conf.broker_url, conf.broker_write_url = before


@pytest.fixture
def hanging_broker() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    # Not in `tmp_path`: the path of a Unix socket ends at 107 bytes.
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/redis.sock")
        listener.listen(8)
        yield f"redis+socket://{folder}/redis.sock?virtual_host=0"


def approve(claim: Callable[[User], Assignment], alice: User) -> tuple[Dialogue, float]:
    """An approval, and the seconds that it took."""
    place = claim(alice)
    ruling = Ruling(Verdict.EDIT, text="old lighthouse under a cloudy sky")
    start = time.monotonic()
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    return Dialogue.objects.get(pk=place.dialogue_id), time.monotonic() - start


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["gone", "hanging"])
def test_a_dead_broker_costs_the_decision_nothing(
    kind: str,
    dialogue: Dialogue,
    alice: User,
    claim: Callable[[User], Assignment],
    broker_at: Callable[[str], None],
    hanging_broker: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = "redis+socket:///nowhere/redis.sock?virtual_host=0"
    broker_at(gone if kind == "gone" else hanging_broker)
    approved, seconds = approve(claim, alice)
    assert approved.stage == Stage.APPROVED
    assert seconds < 1
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
        approved, _ = approve(claim, alice)
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
    with start_worker(
        current_app, pool="solo", queues=["retrieval"], perform_ping_check=False, loglevel="WARNING"
    ):
        approved, _ = approve(claim, alice)
        deadline = time.monotonic() + 10
        while approved.checked_at is None and time.monotonic() < deadline:
            time.sleep(0.05)
            approved.refresh_from_db()
    assert approved.check_outcome in CheckOutcome.values
