"""One look at a run's batches: what is due is done, and nothing is waited for."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event

from django.db import DatabaseError, InterfaceError
from django.db.models import F, QuerySet
from django.utils import timezone

from generation.batch_runs.collecting import collect, conclude_batch
from generation.batch_runs.ending import drop_files, refuse
from generation.batch_runs.hold import Hold, LetGo
from generation.batch_runs.server import NOT_THERE, Remote, Server, Trouble
from generation.batch_runs.submitting import adopt, is_certain, prepare
from generation.models import Batch, BatchState, Endpoint, Run, RunStatus
from generation.runs import leasing, lifecycle

logger = logging.getLogger(__name__)

# A batch is looked at often while it is young, and its server left alone while it is in trouble.
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0
WAIT_BY_AGE = 0.1
# With those pauses about five minutes.
MOST_TROUBLES = 10
# A server that knows nothing of a batch so long after its day is over has lost it.
GONE_AFTER = timedelta(hours=48)
ON_ITS_WAY_OUT = {"cancelling", "cancelled"}


def step(run: Run, worker: uuid.UUID, enough: Event | None = None) -> None:
    """Brings the batches of a run that this worker holds one step further, where one is due.

    `enough` ends the filling of a batch early: it goes out with what is in it.
    """
    hold = Hold(run.pk, worker, enough)
    waiting = list(_open(run.pk))
    due = [batch for batch in waiting if _is_due(batch)]
    if waiting and not due:
        return
    with suppress(LetGo):
        for batch in due:
            _advance(batch, run, hold)
        for endpoint in _endpoints(run):
            _begin(run, endpoint, hold)


def tend(run_id: int) -> None:
    """Looks after the batches of a run that rests: what is paid for comes in, nothing new leaves.

    What a person stopped is cancelled at its server. Returns at once where another worker is at it.
    """
    worker = uuid.uuid4()
    if not leasing.take_resting_run(run_id, worker):
        return
    try:
        run = Run.objects.select_related("dataset", "prompt", "rubric").get(pk=run_id)
        with suppress(LetGo):
            for batch in _open(run_id):
                _wind_up(batch, run, Hold(run_id, worker))
    finally:
        leasing.let_run_go(run_id, worker)
    lifecycle.conclude(run_id)


def resting_with_batches() -> list[int]:
    """Runs that nobody drains, though something of theirs is still with a server."""
    waiting = Batch.objects.open().exclude(run__status=RunStatus.RUNNING)
    return list(waiting.order_by("run").values_list("run", flat=True).distinct())


def _open(run_id: int) -> QuerySet[Batch]:
    return Batch.objects.open().filter(run=run_id).select_related("endpoint")


def _is_due(batch: Batch) -> bool:
    """What has no remote id yet was interrupted, and goes on at once unless its server failed."""
    if batch.asked_at is None or (batch.state == BatchState.PREPARING and not batch.failures):
        return True
    age = (timezone.now() - batch.created).total_seconds()
    by_trouble = FIRST_WAIT * 2.0 ** min(batch.failures, 10)
    seconds = min(LONGEST_WAIT, max(by_trouble, WAIT_BY_AGE * age))
    return timezone.now() >= batch.asked_at + timedelta(seconds=seconds)


def _endpoints(run: Run) -> list[Endpoint]:
    used = Endpoint.objects.filter(pk__in=run.items.pending().values("endpoint"), has_batches=True)
    return list(used.order_by("pk"))


def _begin(run: Run, endpoint: Endpoint, hold: Hold) -> None:
    """Makes a new batch of what waits; one that is still being prepared comes first."""
    hold.keep_going()
    preparing = _open(run.pk).filter(endpoint=endpoint, state=BatchState.PREPARING)
    if hold.has_enough() or preparing.exists() or not leasing.waits(run, in_batch_at=endpoint):
        return
    _advance(Batch.objects.create(run=run, endpoint=endpoint), run, hold)


def _advance(batch: Batch, run: Run, hold: Hold) -> None:
    with _at_server(batch, hold) as server:
        if batch.state == BatchState.PREPARING:
            prepare(batch, run, server, hold)
        else:
            _look(batch, run, server, hold)


def _wind_up(batch: Batch, run: Run, hold: Hold) -> None:
    unwanted = run.status == RunStatus.STOPPED and batch.remote_status not in ON_ITS_WAY_OUT
    if not _is_due(batch) and (batch.failures or not unwanted):
        return
    with _at_server(batch, hold) as server:
        if batch.state == BatchState.PREPARING:
            _take_back(batch, server)
            return
        if unwanted:
            _cancel(batch, server)
        _look(batch, run, server, hold)


@contextmanager
def _at_server(batch: Batch, hold: Hold) -> Iterator[Server]:
    """Whatever goes wrong with one batch is kept with it, and does not hold up the others."""
    try:
        with Server(batch.endpoint, hold.keep) as server:
            yield server
    except Trouble as trouble:
        _note(batch, trouble)
    except (LetGo, DatabaseError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("Batch %s", batch.pk)
        _note(batch, Trouble(f"An error of ReCQR: {type(error).__name__}: {error}"))


def _take_back(batch: Batch, server: Server) -> None:
    """Drops a batch that has not left; one that has is taken up, and seen to by the next step."""
    if batch.input_file and (adopt(batch, server) or not is_certain(batch)):
        return
    drop_files(batch, server)
    batch.delete()


def _cancel(batch: Batch, server: Server) -> None:
    """What the server has done by then is paid for, and comes in all the same."""
    try:
        _show(batch, server.cancel(batch.remote_id))
    except Trouble as trouble:
        logger.info("Batch %s was not cancelled: %s", batch.pk, trouble)


def _look(batch: Batch, run: Run, server: Server, hold: Hold) -> None:
    try:
        remote = server.look(batch.remote_id)
        _show(batch, remote)
        if remote.was_refused:
            refuse(batch, remote.problem or "It gave no reason.")
            drop_files(batch, server, remote)
        elif remote.has_ended:
            collect(batch, run, remote, server, hold)
        elif batch.failures:
            Batch.objects.filter(pk=batch.pk).update(failures=0, problem="")
    except Trouble as trouble:
        if trouble.status != NOT_THERE or timezone.now() - batch.created < GONE_AFTER:
            raise
        conclude_batch(batch, run, hold, f"Its batch was lost. {trouble}")


def _show(batch: Batch, remote: Remote) -> None:
    Batch.objects.filter(pk=batch.pk).update(
        remote_status=remote.status[:32],
        lines_done=remote.completed + remote.failed,
        asked_at=timezone.now(),
    )


def _note(batch: Batch, trouble: Trouble) -> None:
    """Keeps what went wrong; a run whose server stays in trouble rests, and says why."""
    logger.warning("Batch %s of run %s: %s", batch.pk, batch.run_id, trouble)
    changes = {"problem": str(trouble), "failures": F("failures") + 1, "asked_at": timezone.now()}
    Batch.objects.filter(pk=batch.pk).update(**changes)
    failures = batch.failures + 1
    if trouble.is_final or failures % MOST_TROUBLES == 0:
        lifecycle.rest(run_id=batch.run_id, note=f"Batches of {batch.endpoint}: {trouble}")
