"""The spaces of a retriever: that of its present version, and the one that serves meanwhile."""

import copy
import logging
from collections.abc import Iterator

from django.utils import timezone

from generation.errors import NotReady
from generation.models import ConfiguredRetriever, RetrieverKind, Run, RunKind, VectorSpace
from generation.retrievers import made
from generation.retrievers.vectors import VectorRetriever
from generation.vectors.indexing import MOST_DIMENSIONS
from review.models import Dataset

logger = logging.getLogger(__name__)

WITH_VECTORS = (RetrieverKind.DENSE, RetrieverKind.CLIP, RetrieverKind.ENDPOINT)


def prepared(configured: ConfiguredRetriever) -> VectorRetriever | None:
    """Loads the model and gives the retriever with the space of the version that it is, made if
    need be.

    None where the retriever has no vectors, or cannot be loaded: then its row says why. A model
    whose files have changed since is another version.
    """
    retriever = made(configured)
    if not isinstance(retriever, VectorRetriever):
        return None
    try:
        encoder = retriever.encoder()
        fingerprint, dimensions = encoder.fingerprint(), encoder.dimensions()
    except NotReady as reason:
        _note(configured, problem=str(reason))
        return None
    except Exception as error:
        logger.exception("The model of %s could not be loaded", configured)
        _note(configured, problem=f"The model could not be loaded: {error}")
        return None
    _note(configured, fingerprint=fingerprint)
    VectorSpace.objects.get_or_create(
        retriever=configured,
        hash=retriever.hash,
        defaults={
            "dimensions": dimensions,
            "settings": configured.settings,
            "fingerprint": fingerprint,
        },
    )
    return retriever


def _note(configured: ConfiguredRetriever, *, problem: str = "", fingerprint: str = "") -> None:
    """What became of loading; a model that cannot be loaded now is still the one that it was."""
    before = configured.problem, configured.fingerprint
    configured.problem = problem
    configured.fingerprint = fingerprint or configured.fingerprint
    if (configured.problem, configured.fingerprint) != before:
        configured.save(update_fields=["problem", "fingerprint"])


def present(configured: ConfiguredRetriever) -> VectorSpace | None:
    """The space of the present version; None where it was not begun, or there are no vectors."""
    retriever = made(configured)
    if not isinstance(retriever, VectorRetriever):
        return None
    try:
        return retriever.space()
    except NotReady:
        return None


def serving(configured: ConfiguredRetriever) -> ConfiguredRetriever:
    """The retriever whose vectors serve the pages: as it is now, or as it was before where no
    corpus has all vectors of the present version yet."""
    if configured.kind not in WITH_VECTORS:
        return configured
    now = present(configured)
    if now is not None and now.complete_version is not None:
        return configured
    spaces = VectorSpace.objects.filter(retriever=configured, complete_version__isnull=False)
    before = spaces.order_by("-pk").first()
    return configured if before is None else as_of(configured, before)


def as_of(configured: ConfiguredRetriever, space: VectorSpace) -> ConfiguredRetriever:
    """A retriever as it was when a space was begun; never to be saved."""
    earlier = copy.copy(configured)
    earlier.settings, earlier.fingerprint = space.settings, space.fingerprint
    return earlier


def outlived(configured: ConfiguredRetriever) -> Iterator[VectorSpace]:
    """Spaces that nothing is searched with any more: all of a retired retriever, and those of
    earlier versions once the present one serves."""
    spaces = VectorSpace.objects.filter(retriever=configured)
    if configured.retired:
        yield from spaces
        return
    now = present(configured)
    if now is not None and now.complete_version is not None:
        yield from spaces.exclude(pk=now.pk)


def is_of_benchmark(space: VectorSpace) -> bool:
    """Whether a benchmark was made with a space: what it found can still be looked into."""
    runs = Run.objects.filter(dataset=space.retriever.dataset_id, kind=RunKind.BENCHMARK)
    return runs.filter(parameters__retrievers__contains=[{"hash": space.hash}]).exists()


def waiting() -> Iterator[ConfiguredRetriever]:
    """Retrievers whose model was not loaded yet, or that lack vectors of the present corpus; none
    at which a worker is, or that rests from a problem."""
    rows = ConfiguredRetriever.objects.filter(kind__in=WITH_VECTORS, retired=False)
    for row in rows.exclude(dataset__corpus_version=0).select_related("dataset", "endpoint"):
        space = present(row)
        if space is None or (_is_free(space) and (row.problem or _lacks_some(space, row.dataset))):
            yield row


def _is_free(space: VectorSpace) -> bool:
    return space.leased_until is None or space.leased_until < timezone.now()


def _lacks_some(space: VectorSpace, dataset: Dataset) -> bool:
    return space.complete_version is None or space.complete_version < dataset.corpus_version


def untidy() -> Iterator[ConfiguredRetriever]:
    """Retrievers whose vectors want an index, or that keep what nothing is searched with."""
    rows = ConfiguredRetriever.objects.filter(kind__in=WITH_VECTORS)
    for row in rows.select_related("dataset", "endpoint"):
        if wants_index(row) is not None or any(map(_is_left_over, outlived(row))):
            yield row


def wants_index(configured: ConfiguredRetriever) -> VectorSpace | None:
    """The space that serves a retriever where it has no HNSW index and can have one."""
    now = None if configured.retired else present(configured)
    if now is None or now.complete_version is None or now.indexed is not None:
        return None
    return now if now.dimensions <= MOST_DIMENSIONS else None


def _is_left_over(space: VectorSpace) -> bool:
    return space.indexed is not None or not is_of_benchmark(space)
