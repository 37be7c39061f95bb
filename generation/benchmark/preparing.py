"""Vectors that a retriever lacks when a benchmark comes to it: made here rather than waited for."""

import time
from collections.abc import Callable

from generation.models import ConfiguredRetriever, VectorSpace
from generation.retrievers.vectors import VectorRetriever
from generation.turns import turn
from generation.vectors import filling, spaces

# So long until the worker shows that it lives.
TURN_SECONDS = 5.0
# While another worker makes them.
POLL_SECONDS = 0.5


def prepare(row: ConfiguredRetriever, alive: Callable[[], None]) -> None:
    """Loads models, and makes what vectors are missing of a retriever or of those that it fuses.

    Where it cannot, the record says why; `alive` is called now and then meanwhile.
    """
    for one in [row, *row.members.select_related("dataset", "endpoint")]:
        retriever = spaces.prepared(one)
        if retriever is not None:
            _fill(retriever, alive)


def _fill(retriever: VectorRetriever, alive: Callable[[], None]) -> None:
    space = retriever.space()
    while not _filled_for_a_while(space, retriever) and not _problem(space):
        alive()
        time.sleep(POLL_SECONDS)


def _filled_for_a_while(space: VectorSpace, retriever: VectorRetriever) -> bool:
    with turn(TURN_SECONDS) as enough:
        return filling.fill(space, retriever.encoder(), enough=enough)


def _problem(space: VectorSpace) -> str:
    """Why it rests, unless another worker has made all of it meanwhile."""
    space.refresh_from_db()
    return space.problem
