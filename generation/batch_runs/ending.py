"""How a batch ends without replies: refused, gone, or given up before it left."""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from generation.batch_runs.server import Remote, Server, Trouble
from generation.models import Batch, BatchState, Call, CallOutcome
from generation.models.batches import OPEN
from generation.runs import lifecycle

logger = logging.getLogger(__name__)

# What a server says whose queue holds no more tokens.
TOO_MANY_TOKENS = "token_limit_exceeded"


def refuse(batch: Batch, problem: str) -> None:
    """Ends a batch that its server did not begin. Its items stay pending.

    The run rests, since the next batch would be refused as well; unless a smaller one may fit.
    """
    if TOO_MANY_TOKENS in problem and batch.items.count() > 1:
        with transaction.atomic():
            batch.calls.all().delete()  # not one of them was asked
            end(batch, BatchState.FAILED, problem)
        return
    with transaction.atomic():
        fail_unanswered(batch, problem)
        end(batch, BatchState.FAILED, problem)
        lifecycle.rest(run_id=batch.run_id, note=f"The server refused a batch. {problem}")


def fail_unanswered(batch: Batch, reason: str) -> None:
    unanswered = Call.objects.filter(batch=batch, outcome=CallOutcome.SENT)
    unanswered.update(outcome=CallOutcome.FAILED, error=reason)


def end(batch: Batch, state: BatchState, problem: str = "") -> None:
    going = Batch.objects.filter(pk=batch.pk, state__in=OPEN)
    going.update(state=state, problem=problem, ended=timezone.now())


def drop_files(batch: Batch, server: Server, remote: Remote | None = None) -> None:
    """Leaves nothing behind at the server; what cannot be removed expires there by itself."""
    names = [batch.input_file]
    names += [remote.input_file, remote.output_file, remote.error_file] if remote else []
    for name in _each_once(names):
        try:
            server.delete(name)
        except Trouble as trouble:
            logger.info("File %s of batch %s stays at its server: %s", name, batch.pk, trouble)


def _each_once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, names)))
