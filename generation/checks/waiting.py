"""Why a retriever cannot check yet: told from the record alone, for pages and before any work."""

from generation.checks.checking import Checking
from generation.errors import NotReady
from generation.models import ConfiguredRetriever, ImageVector, VectorSpace
from generation.retrievers import made
from generation.retrievers.vectors import PREPARING, VectorRetriever
from review.models import Dataset, Image


def begin(dataset: Dataset, configured: ConfiguredRetriever) -> Checking:
    """A retriever at its index. Raises `NotReady`, and at once where vectors are still computed:
    the sweep asks every few seconds."""
    if reason := what_lacks(dataset, configured):
        raise NotReady(reason)
    return Checking.begun(dataset, configured)


def what_lacks(dataset: Dataset, configured: ConfiguredRetriever) -> str:
    """What a retriever waits for, as a sentence; empty where it can check."""
    lacking = (_of_one(dataset, row) for row in (configured, *configured.members.all()))
    return next(filter(None, lacking), "")


def _of_one(dataset: Dataset, configured: ConfiguredRetriever) -> str:
    try:
        retriever = made(configured)
        fingerprint = retriever.hash
    except NotReady as reason:
        return str(reason)
    if not isinstance(retriever, VectorRetriever):
        return ""
    space = VectorSpace.objects.filter(retriever=configured, hash=fingerprint).first()
    if space is None:
        return configured.problem or PREPARING
    if (space.complete_version or 0) >= dataset.corpus_version:
        return ""
    return f"{_progress(dataset, space)} {space.problem}".strip()


def _progress(dataset: Dataset, space: VectorSpace) -> str:
    images = Image.objects.current().filter(dataset=dataset)
    there = ImageVector.objects.filter(space=space, image__in=images).count()
    return f"Vectors for {there:,} of {images.count():,} images are computed."
