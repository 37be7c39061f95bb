"""Who is at work on what: a run belongs to one worker at a time, its items are taken in batches.

A lease is short and renewed while its worker lives. Whoever dies loses nothing but the calls in
flight: its leases run out, and what remains is whatever is still pending.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from generation.models import Batch, Endpoint, Run, RunItem, RunStatus

LEASE = timedelta(seconds=20)
# The first number of PostgreSQL's advisory locks that order leases, one lock per dataset.
LEASING = 20_260_329


def take_run(run_id: int, worker: uuid.UUID) -> bool:
    """Makes a run the worker's own for a short while; False where another is at it."""
    now = timezone.now()
    free = Q(drained_until=None) | Q(drained_until__lt=now) | Q(drained_by=worker)
    rows = Run.objects.filter(free, pk=run_id, status=RunStatus.RUNNING)
    return bool(rows.update(drained_by=worker, drained_until=now + LEASE))


def keep_run(run_id: int, worker: uuid.UUID) -> bool:
    """Shows life; False where the run rests, or was taken by another meanwhile."""
    rows = Run.objects.filter(pk=run_id, drained_by=worker, status=RunStatus.RUNNING)
    return bool(rows.update(drained_until=timezone.now() + LEASE))


def take_resting_run(run_id: int, worker: uuid.UUID) -> bool:
    """The same for a run that is not going, whose batches are still to be looked after."""
    now = timezone.now()
    free = Q(drained_until=None) | Q(drained_until__lt=now)
    rows = Run.objects.filter(free, pk=run_id).exclude(status=RunStatus.RUNNING)
    return bool(rows.update(drained_by=worker, drained_until=now + LEASE))


def hold_run(run_id: int, worker: uuid.UUID) -> bool:
    """Shows life whether or not the run is going; False where another has taken it."""
    rows = Run.objects.filter(pk=run_id, drained_by=worker)
    return bool(rows.update(drained_until=timezone.now() + LEASE))


def let_run_go(run_id: int, worker: uuid.UUID) -> None:
    Run.objects.filter(pk=run_id, drained_by=worker).update(drained_by=None, drained_until=None)


def is_held(run_id: int) -> bool:
    """Whether some worker is at work on a run at this moment."""
    return Run.objects.filter(pk=run_id, drained_until__gte=timezone.now()).exists()


@transaction.atomic
def lease(
    run: Run, most: int, *, in_batch_at: Endpoint | None = None, after: int = 0
) -> list[RunItem]:
    """Takes pending items for a short while, those with a key past `after`.

    What another run has in hand is left for later. What goes in a batch is not for live work:
    `in_batch_at` takes that, for one endpoint.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        # Two runs that begin at the same instant must not both take the same work.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LEASING, run.dataset_id])
    free = _free(run, in_batch_at).filter(pk__gt=after)
    rows = free.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:most]
    keys = [item.pk for item in rows]
    RunItem.objects.filter(pk__in=keys).update(leased_until=now + LEASE)
    taken = RunItem.objects.filter(pk__in=keys).select_related("dialogue", "endpoint")
    return list(taken.order_by("pk"))


def waits(run: Run, *, in_batch_at: Endpoint | None = None) -> bool:
    """Whether there is anything that `lease` would take."""
    return _free(run, in_batch_at).exists()


def _free(run: Run, in_batch_at: Endpoint | None) -> QuerySet[RunItem]:
    now = timezone.now()
    # With a server for up to a day: whoever asked the same meanwhile would pay for it twice. Their
    # keys, not a join: of a table that has just grown PostgreSQL knows too little to join well.
    of_dataset = Batch.objects.open().filter(run__dataset=run.dataset_id)
    with_server = Q(batch__in=list(of_dataset.values_list("pk", flat=True)))
    free = RunItem.objects.filter(run=run).available(now).exclude(with_server)
    if others := _others_at_work(run, now):
        elsewhere = (
            RunItem.objects.pending()
            .filter(Q(leased_until__gte=now) | with_server, run__in=others)
            .filter(dialogue=OuterRef("dialogue"), recipe=OuterRef("recipe"))
            .exclude(recipe="")
        )
        free = free.exclude(Exists(elsewhere))
    if in_batch_at is not None:
        return free.filter(endpoint=in_batch_at)
    return free.exclude(endpoint__has_batches=True) if run.goes_in_batches() else free


def _others_at_work(run: Run, now: datetime) -> list[int]:
    """The dataset's other runs that may have items in hand, or with a server; mostly none."""
    held = Q(drained_until__gte=now - LEASE) | Exists(
        Batch.objects.open().filter(run=OuterRef("pk"))
    )
    others = Run.objects.filter(held, dataset=run.dataset_id).exclude(pk=run.pk)
    return list(others.values_list("pk", flat=True))


def renew(keys: Sequence[int]) -> None:
    RunItem.objects.pending().filter(pk__in=keys).update(leased_until=timezone.now() + LEASE)


def release(keys: Sequence[int]) -> None:
    """Gives back items that were taken and not done."""
    RunItem.objects.pending().filter(pk__in=keys).update(leased_until=None)
