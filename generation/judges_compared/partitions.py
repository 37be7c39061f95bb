"""Into which language, number of turns and source dialogues fall."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db.models import F, Func, IntegerField

from generation.judges_compared.record import Partition
from review.calibration import slices
from review.calibration.report import LANGUAGE, SOURCE, TURNS
from review.models import Dataset, Dialogue

# What a dialogue itself tells; a rewriter is told by each of its candidates.
DIMENSIONS = (LANGUAGE, TURNS, SOURCE)
CHUNK = 10_000


class Partitioning:
    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {by: {} for by in DIMENSIONS}
        self._of: dict[str, list[int]] = {by: [] for by in DIMENSIONS}

    def keys(self, dataset: Dataset) -> Iterator[int]:
        """The keys of a dataset's dialogues in order, each put into its parts on the way."""
        for pk, language, turns, source, imported_from in _rows(dataset):
            told = slices.slices_of(
                language=language,
                turns=turns,
                metadata={"source": source},
                imported_from=imported_from or "",
                rewriter="",
            )
            for by in DIMENSIONS:
                numbers = self._numbers[by]
                self._of[by].append(numbers.setdefault(told[by], len(numbers)))
            yield pk

    def partitions(self) -> dict[str, Partition]:
        return {
            by: Partition(list(self._numbers[by]), np.array(self._of[by], np.int64))
            for by in DIMENSIONS
        }


def _rows(dataset: Dataset) -> Iterator[tuple[Any, ...]]:
    turns = Func(F("turns"), function="jsonb_array_length", output_field=IntegerField())
    rows = Dialogue.objects.filter(dataset=dataset).annotate(length=turns).order_by("pk")
    columns = ("pk", "language", "length", "metadata__source", "imported_by__source")
    return rows.values_list(*columns).iterator(chunk_size=CHUNK)
