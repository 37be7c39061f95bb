"""Checking what is due, retriever by retriever, until nothing is left.

Any number of workers may drain a dataset at once: one at a time works for a retriever, and nothing
is locked while it searches. Whatever they do twice, each text enters the record once.
"""

import logging
from collections.abc import Sequence
from threading import Event

from django.db import InterfaceError, OperationalError

from generation.checks.checking import Checking, checker_of
from generation.checks.due import checkers, due_for
from generation.checks.waiting import begin
from generation.errors import NotReady
from generation.models import ConfiguredRetriever
from generation.retrievers import configured
from review import checking
from review.checking import Checked
from review.locking import held
from review.models import Dataset, Dialogue

logger = logging.getLogger(__name__)

# The first number of PostgreSQL's advisory locks on checking, one lock per retriever.
CHECKING = 0x1D9
# Dialogues whose texts are searched with together: some 500 texts.
BATCH = 100


def drain(dataset_id: int, *, enough: Event | None = None) -> int:
    """Checks what is due in a dataset until nothing is left, or it was `enough`; returns how many
    checks it made.

    A retriever that is not ready is left out: what waits for it stays due. A dialogue that fails
    is logged and left to the next sweep.
    """
    passes: dict[int, Pass] = {}
    count = 0
    # Read anew each time: a policy, a retriever, the corpus may change meanwhile.
    while (dataset := Dataset.objects.filter(pk=dataset_id).first()) is not None:
        rows = configured(dataset)
        made = None if enough and enough.is_set() else _next_batch(dataset, rows, passes)
        if made is None:
            _settle(dataset, rows)
            break
        count += made
    return count


def _next_batch(
    dataset: Dataset, rows: Sequence[ConfiguredRetriever], passes: dict[int, "Pass"]
) -> int | None:
    """How many were checked by the first retriever that has something to do; None where none has.

    The primary comes first each time: what others are slow at never holds up an outcome.
    """
    for row in rows:
        made = passes.setdefault(row.pk, Pass()).step(dataset, row)
        if made is not None:
            return made
    return None


def _settle(dataset: Dataset, rows: Sequence[ConfiguredRetriever]) -> None:
    known = checkers(dataset, rows)
    if len(known) == len(rows):
        checking.settle_due(dataset, known)


class Pass:
    """One worker's way through what waits for a retriever, in the order of keys; from the start
    again as long as it gets anything done."""

    def __init__(self) -> None:
        self._after = 0
        self._has_moved = False
        self._is_over = False

    def step(self, dataset: Dataset, row: ConfiguredRetriever) -> int | None:
        """How many were checked; None where nothing waits that this worker can do."""
        try:
            return None if self._is_over else self._step(dataset, row)
        except NotReady as reason:
            logger.info("%s of %s does not check yet: %s", row.name, dataset.slug, reason)
            self._is_over = True
            return None

    def _step(self, dataset: Dataset, row: ConfiguredRetriever) -> int | None:
        # Looked at before the lock is taken, and so again after it was let go: who came meanwhile
        # and found it taken has left what they came for.
        if not self._some_wait(dataset, row):
            return None
        with held(CHECKING, row.pk) as is_ours:
            return self._batch(dataset, row) if is_ours else None

    def _some_wait(self, dataset: Dataset, row: ConfiguredRetriever) -> bool:
        checker = checker_of(dataset, row)
        if due_for(checker, dataset, self._after).exists():
            return True
        return self._begins_again() and due_for(checker, dataset, self._after).exists()

    def _begins_again(self) -> bool:
        """Back to the first, if anything was done since it was there last."""
        has_moved = self._has_moved
        if has_moved:
            self._after, self._has_moved = 0, False
        return has_moved

    def _batch(self, dataset: Dataset, row: ConfiguredRetriever) -> int:
        at_work = begin(dataset, row)
        batch = list(due_for(at_work.checker, dataset, self._after)[:BATCH])
        if not batch:
            return 0
        found = found_of(at_work, batch)
        taken = checking.record_checks(found, by=at_work.checker, waits=False)
        self._after, self._has_moved = batch[-1].pk, self._has_moved or bool(taken)
        if len(batch) < BATCH:
            self._begins_again()  # None was left beyond it: that question is spared.
        return len(taken)


def found_of(at_work: Checking, dialogues: Sequence[Dialogue]) -> list[Checked]:
    """What a retriever finds of many dialogues; one that fails does so alone, and is logged.

    Raises `NotReady` where it is the retriever that fails.
    """
    try:
        return at_work.check(dialogues)
    except (OperationalError, InterfaceError):
        raise  # The database has gone: nothing else of this batch will do better.
    except Exception as error:
        ends = [found for one in {dialogues[0], dialogues[-1]} for found in _alone(at_work, one)]
        if isinstance(error, NotReady) and not ends:
            raise
        if len(dialogues) < 3:
            return ends
    return [found for dialogue in dialogues for found in _alone(at_work, dialogue)]


def _alone(at_work: Checking, dialogue: Dialogue) -> list[Checked]:
    try:
        return at_work.check([dialogue])
    except (OperationalError, InterfaceError):
        raise
    except NotReady as reason:
        logger.warning("The check of dialogue %s waits: %s", dialogue.pk, reason)
    except Exception:
        logger.exception("The check of dialogue %s failed; the sweep tries again", dialogue.pk)
    return []
