"""Corpora and their indexes: on disk for all, open in each process until the corpus changes."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Collection
from functools import lru_cache
from threading import RLock

from django.db.models import Count, Max

from generation.models import Run
from generation.retrievers import stored
from generation.retrievers.protocol import Corpus, Index, Retriever
from generation.retrievers.stored import Edition
from review.models import Dataset, Image

logger = logging.getLogger(__name__)

# An open index is mapped, and takes next to no memory of its own.
KEPT = 16

_Key = tuple[Edition, str]
_open: OrderedDict[_Key, Index] = OrderedDict()
# A fusion opens and builds its members while it is opened or built itself.
_opening = RLock()
_building = RLock()


def index_of(dataset: Dataset, retriever: Retriever) -> tuple[int, Index]:
    """The present corpus version of a dataset and its index, built where there is none."""
    edition = edition_of(dataset)
    return edition.version, index_at(edition, retriever)


def index_at(edition: Edition, retriever: Retriever) -> Index:
    """The index of an edition, built where there is none."""
    index = at_hand(edition, retriever)
    if index is None:
        # One build at a time: two threads that want the same index would double time and memory.
        with _building:
            index = at_hand(edition, retriever) or _built(edition, retriever)
    return index


def at_hand(edition: Edition, retriever: Retriever) -> Index | None:
    """The index of an edition where it is built, opened at most once by this process."""
    key = (edition, retriever.hash)
    with _opening:
        index = _open.get(key) or stored.load(edition, retriever)
        if index is not None:
            _keep(key, index)
    return index


def nearest(dataset: Dataset, retriever: Retriever) -> tuple[Edition, Index] | None:
    """The newest index that this machine has of a dataset, perhaps of an earlier version."""
    return nearest_to(edition_of(dataset), retriever)


def nearest_to(present: Edition, retriever: Retriever) -> tuple[Edition, Index] | None:
    """The same for the present edition of a corpus."""
    versions = [present.version, *stored.editions(present.dataset_id, retriever)]
    for version in dict.fromkeys(versions):
        same = version == present.version
        edition = present if same else edition_at(present.dataset_id, version)
        index = at_hand(edition, retriever) if version <= present.version else None
        if index is not None:
            return edition, index
    return None


def too_new(edition: Edition, present: Edition, image_ids: Collection[str]) -> list[str]:
    """Which of these images came into the corpus after an edition that is searched meanwhile."""
    if edition == present:
        return []
    images = Image.objects.at_version(present.version).filter(dataset_id=present.dataset_id)
    came = images.named(image_ids).filter(added_version__gt=edition.version)
    return list(came.values_list("external_id", flat=True))


def edition_of(dataset: Dataset) -> Edition:
    """The corpus of a dataset as it is now."""
    version = Dataset.objects.values_list("corpus_version", flat=True).get(pk=dataset.pk)
    return edition_at(dataset.pk, version)


@lru_cache(maxsize=256)
def edition_at(dataset_id: int, version: int) -> Edition:
    """The corpus of a dataset at a version."""
    rows = Image.objects.at_version(version).filter(dataset_id=dataset_id)
    facts = rows.aggregate(count=Count("pk"), newest=Max("created"))
    stamp = hashlib.sha256(f"{facts['count']} {facts['newest']}".encode()).hexdigest()
    return Edition(dataset_id, version, facts["count"], stamp[:8])


def _built(edition: Edition, retriever: Retriever) -> Index:
    """A new index, mapped from disk, or in memory where the disk takes none."""
    index = retriever.index(corpus_at(edition.dataset_id, edition.version))
    try:
        stored.save(index, edition, retriever)
        stored.tidy(edition, spared=Run.objects.frozen_corpora(edition.dataset_id))
    except OSError as error:
        logger.warning("The index of dataset %s is not kept: %s", edition.dataset_id, error)
    opened = at_hand(edition, retriever)
    if opened is None:
        with _opening:
            _keep((edition, retriever.hash), index)
    return opened or index


def _keep(key: _Key, index: Index) -> None:
    """Keeps an index open, among those used last. One that is opened anew closes the earlier ones
    of its dataset: a benchmark that still searches one of them opens it again."""
    if key not in _open:
        for other in [known for known in _open if _is_earlier(known, key)]:
            del _open[other]
    _open[key] = index
    _open.move_to_end(key)
    while len(_open) > KEPT:
        _open.popitem(last=False)


def _is_earlier(known: _Key, key: _Key) -> bool:
    same = known[1] == key[1] and known[0].dataset_id == key[0].dataset_id
    return same and known[0].version < key[0].version


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
