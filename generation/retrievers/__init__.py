"""Retrievers: the kinds there are, one class per file, and those that a dataset set up."""

from generation.models import ConfiguredRetriever, RetrieverKind
from generation.retrievers.fusion import Fusion
from generation.retrievers.kinds import KINDS
from generation.retrievers.protocol import (
    Corpus,
    Hits,
    Index,
    Queries,
    Retriever,
    Scores,
    Sought,
)
from review.errors import Missing
from review.models import Dataset

__all__ = [
    "KINDS",
    "Corpus",
    "Hits",
    "Index",
    "Queries",
    "Retriever",
    "Scores",
    "Sought",
    "configured",
    "made",
    "of_dataset",
    "primary",
    "retriever",
]


KINDS[RetrieverKind.FUSION.value] = Fusion


def made(configured: ConfiguredRetriever) -> Retriever:
    """The retriever that a row describes."""
    return KINDS[configured.kind].of(configured)


def configured(dataset: Dataset) -> list[ConfiguredRetriever]:
    """What a dataset uses, its primary first. One that never set up any has `bm25`."""
    rows = list(ConfiguredRetriever.objects.within(dataset).select_related("endpoint"))
    return rows or [_shipped(dataset)]


def of_dataset(dataset: Dataset) -> list[Retriever]:
    """The retrievers of a dataset, its primary first."""
    return [made(row) for row in configured(dataset)]


def primary(dataset: Dataset) -> Retriever:
    """The retriever whose ranks decide the outcome of a check, and which the desk uses."""
    return made(configured(dataset)[0])


def retriever(dataset: Dataset, name: str) -> Retriever:
    """A retriever of a dataset by name. Raises `Missing` with the names there are."""
    rows = configured(dataset)
    for row in rows:
        if row.name == name:
            return made(row)
    there = ", ".join(row.name for row in rows)
    raise Missing(f"There is no retriever “{name}” in {dataset.slug}. There are: {there}.")


def _shipped(dataset: Dataset) -> ConfiguredRetriever:
    """Needs no model and no download. Two that come at once add it once."""
    ConfiguredRetriever.objects.bulk_create(
        [ConfiguredRetriever(dataset=dataset, name="bm25", kind=RetrieverKind.BM25, primary=True)],
        ignore_conflicts=True,
    )
    return ConfiguredRetriever.objects.within(dataset)[0]
