"""Vectors in the background: filled for a while at a time, so that no check waits behind them."""

from datetime import UTC, datetime

from celery import shared_task

from generation.checks.tasks import drain_checks
from generation.models import ConfiguredRetriever
from generation.searching import workers
from generation.searching.tasks import build_index
from generation.turns import turn
from generation.vectors import filling, indexing, spaces
from review.publishing import SafelySent, publish

SWEEP_EXPIRES_SECONDS = 30.0
# Checks wait behind it in the same queue.
TURN_SECONDS = 2.0
# Until a model that could not be loaded is tried again.
RELOAD_SECONDS = 60


@shared_task(base=SafelySent)
def fill_vectors(retriever_id: int, held: int = 0) -> None:
    """Loads a retriever's model and makes vectors for a while; then others get their turn.

    `held` is until when the turn before has taken the space, in microseconds since 1970: only its
    own next turn may go on before, so that turns never multiply.
    """
    row = ConfiguredRetriever.objects.filter(pk=retriever_id, retired=False).first()
    retriever = spaces.prepared(row) if row else None
    if row is None or retriever is None:
        return
    space = retriever.space()
    until = datetime.fromtimestamp(held / 1e6, UTC) if held else None
    with turn(TURN_SECONDS) as enough:
        is_whole = filling.fill(space, retriever.encoder(), enough=enough, held=until)
    if is_whole:
        _go_on(row)
    elif enough.is_set() and space.leased_until is not None:
        publish(fill_vectors, retriever_id, round(1e6 * space.leased_until.timestamp()))


def _go_on(row: ConfiguredRetriever) -> None:
    """What waited for the vectors."""
    publish(build_index, row.dataset_id)
    publish(drain_checks, row.dataset_id)
    publish(tend_indexes, row.pk)


@shared_task(base=SafelySent)
def tend_indexes(retriever_id: int) -> None:
    """Makes the HNSW index of the vectors that serve, and removes what they replaced."""
    row = ConfiguredRetriever.objects.filter(pk=retriever_id).first()
    if row is None:
        return
    if (space := spaces.wants_index(row)) is not None:
        indexing.make_index(space)
    for before in list(spaces.outlived(row)):
        indexing.drop_index(before)
        if not spaces.is_of_benchmark(before):
            before.delete()


@shared_task(base=SafelySent)
def sweep_vectors() -> None:
    """Finds retrievers that lack vectors, whatever the reason: new images, a lost task."""
    for row in spaces.waiting():
        if row.problem and not workers.is_first(f"vectors-{row.pk}", RELOAD_SECONDS):
            continue
        fill_vectors.apply_async((row.pk,), expires=SWEEP_EXPIRES_SECONDS)
    for row in spaces.untidy():
        tend_indexes.apply_async((row.pk,), expires=SWEEP_EXPIRES_SECONDS)
