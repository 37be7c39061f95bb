"""Corpora and their indexes, kept in memory by each process until the corpus changes."""

from functools import lru_cache
from threading import Lock

from generation.retrievers.protocol import Corpus, Index, Retriever
from review.models import Dataset, Image

# An index of 100,000 captions takes about 100 MB; a worker serves few datasets at a time.
KEPT = 3
_building = Lock()


def index_of(dataset: Dataset, retriever: Retriever) -> tuple[int, Index]:
    """The present corpus version of a dataset and its index, built where it is not at hand."""
    version = Dataset.objects.values_list("corpus_version", flat=True).get(pk=dataset.pk)
    # One build at a time: two threads that want the same index would double time and memory.
    with _building:
        return version, _index(dataset.pk, version, retriever.hash, retriever)


@lru_cache(maxsize=KEPT)
def _index(dataset_id: int, version: int, retriever_hash: str, retriever: Retriever) -> Index:
    return retriever.index(corpus_at(dataset_id, version))


def corpus_at(dataset_id: int, version: int) -> Corpus:
    """The images of a dataset at a version, in the order of their ids."""
    rows = (
        Image.objects.at_version(version)
        .filter(dataset_id=dataset_id)
        .order_by("external_id")
        .values_list("external_id", "caption")
    )
    image_ids, captions = [], []
    for image_id, caption in rows.iterator(chunk_size=5000):
        image_ids.append(image_id)
        captions.append(caption)
    return Corpus(dataset_id, version, tuple(image_ids), tuple(captions))
