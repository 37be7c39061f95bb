"""Handing a batch to its server, once: what a crash leaves half done is found and finished."""

import logging
from datetime import timedelta
from decimal import Decimal
from tempfile import TemporaryFile

from django.utils import timezone

from generation.batch_runs import filling
from generation.batch_runs.ending import TOO_MANY_TOKENS, drop_files, refuse
from generation.batch_runs.filling import Filling, Room
from generation.batch_runs.hold import Hold, LetGo
from generation.batch_runs.server import Remote, Server, Trouble
from generation.calls import ledger
from generation.models import Batch, BatchState, Run
from generation.runs import lifecycle

logger = logging.getLogger(__name__)

# How long a batch that was asked for may take to show in the server's list.
CERTAIN_AFTER = timedelta(seconds=60)
QUEUE_PAUSE = timedelta(seconds=60)


def most_lines(batch: Batch) -> int:
    """How many lines a new batch may have; 0 while there is to be none.

    Providers let only so many tokens of one customer wait, and do not say how many. Who was refused
    for that goes on with one batch at a time, of half as many lines.
    """
    at = Batch.objects.filter(endpoint=batch.endpoint_id).exclude(pk=batch.pk)
    refused = at.filter(
        run=batch.run_id, state=BatchState.FAILED, problem__contains=TOO_MANY_TOKENS
    ).last()
    if refused is None or refused.ended is None:
        return filling.MOST_LINES
    is_early = timezone.now() - refused.ended < QUEUE_PAUSE
    return 0 if is_early or at.open().exists() else max(1, refused.lines // 2)


def prepare(batch: Batch, run: Run, server: Server, hold: Hold) -> None:
    """Brings a batch that has no remote id yet to the server. Raises `Trouble`."""
    if not batch.input_file:
        _fill(batch, run, server, hold)
    elif not adopt(batch, server) and is_certain(batch):
        _create(batch, server, hold)


def adopt(batch: Batch, server: Server) -> bool:
    """Takes up a batch that the server has made; False where it has none of ours."""
    remote = server.find(batch)
    if remote is not None:
        logger.warning("Batch %s was found at its server as %s", batch.pk, remote.id)
        store(batch, remote)
    return remote is not None


def is_certain(batch: Batch) -> bool:
    """Whether a batch that is not in the server's list will not come into it any more."""
    return batch.asked_at is None or timezone.now() - batch.asked_at > CERTAIN_AFTER


def store(batch: Batch, remote: Remote) -> bool:
    """Enters the server's name for a batch, unless it was given up meanwhile."""
    waiting = Batch.objects.filter(pk=batch.pk, state=BatchState.PREPARING)
    changes = {
        "state": BatchState.SUBMITTED,
        "remote_id": remote.id,
        "remote_status": remote.status[:32],
        "asked_at": timezone.now(),
        "problem": "",
        "failures": 0,
    }
    return bool(waiting.update(**changes))


def _fill(batch: Batch, run: Run, server: Server, hold: Hold) -> None:
    _empty(batch)
    most = most_lines(batch)
    if not most:
        batch.delete()
        return
    server.greet()
    room = Room(most, filling.MOST_BYTES, dollars_left(run))
    with TemporaryFile() as file:
        filled = Filling(run, batch, file, room)
        filled.fill(hold)
        if filled.lines:
            _hand_over(batch, filled, server)
    if filled.lines:
        _create(batch, server, hold)
    else:
        _do_without(batch, run, room)


def _empty(batch: Batch) -> None:
    """Rows of a worker that ended before it handed the file over: they never left."""
    batch.calls.all().delete()
    batch.items.update(batch=None)


def _hand_over(batch: Batch, filled: Filling, server: Server) -> None:
    filled.file.seek(0)
    batch.input_file = server.upload(filled.file, f"recqr-{batch.key}.jsonl")
    batch.lines, batch.held_usd = filled.lines, filled.held_usd
    changes = {name: getattr(batch, name) for name in ("input_file", "lines", "held_usd")}
    unsent = Batch.objects.filter(pk=batch.pk, state=BatchState.PREPARING, input_file="")
    if not unsent.update(**changes):
        raise LetGo


def _create(batch: Batch, server: Server, hold: Hold) -> None:
    hold.keep_going()
    Batch.objects.filter(pk=batch.pk).update(asked_at=timezone.now())
    try:
        remote = server.create(batch)
    except Trouble as trouble:
        if not trouble.is_final:
            raise
        refuse(batch, str(trouble))
        drop_files(batch, server)
        return
    if not store(batch, remote):
        # This worker slept so long that another one has given the batch up.
        server.cancel(remote.id)


def _do_without(batch: Batch, run: Run, room: Room) -> None:
    """Nothing was put in: nothing waits any more, or nothing more may be spent."""
    batch.delete()
    if room.lacks_dollars and not Batch.objects.open().filter(run=run).exists():
        limit = run.budget_usd or Decimal(0)
        lifecycle.rest(run_id=run.pk, note=ledger.over_budget(limit, ledger.spent_by(run)))


def dollars_left(run: Run) -> Decimal | None:
    """What a run may still hand out; None where it has no budget."""
    if run.budget_usd is None:
        return None
    return run.budget_usd - ledger.spent_by(run) - ledger.held_in_batches(run)
