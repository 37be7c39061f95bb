"""Images of one corpus as a matrix of unit vectors, mapped from disk."""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from generation.errors import NotReady
from generation.models import ImageVector, VectorSpace
from generation.retrievers import exact
from generation.retrievers.protocol import (
    Corpus,
    Hits,
    Queries,
    Scores,
    Sought,
)
from generation.retrievers.texts import Places, SortedTexts
from generation.vectors import rows
from review.models import Image

MATRIX = "matrix.npy"


class VectorIndex:
    """Exact ranks by cosine.

    `matrix` is float32 [images, dimensions], a row per id of `image_ids`; its numbers are those of
    float16, which float32 holds exactly. `reasons` are ids of images without a vector, each with a
    NUL and the reason behind it.
    """

    def __init__(
        self, image_ids: SortedTexts, matrix: NDArray[np.float32], reasons: SortedTexts
    ) -> None:
        self.image_ids = image_ids
        self.places = Places(image_ids)
        # A plain view: each slice of a `memmap` would be one again, which takes microseconds.
        self._matrix = np.asarray(matrix)
        self._reasons = reasons

    @classmethod
    def of(cls, corpus: Corpus, space: VectorSpace) -> Self:
        """Raises `NotReady` where an image still has neither a vector nor a reason for none."""
        ids = _ids(corpus)
        reasons = _reasons(space, ids)
        # By code points, which is also the order of UTF-8 bytes: that of `SortedTexts`.
        ranked = sorted(ids.keys() - reasons.keys(), key=ids.__getitem__)
        image_ids = SortedTexts.of(ids[key] for key in ranked)
        keys = np.array(ranked, np.int64)
        matrix, filled = _matrix(space, keys)
        if filled < len(keys):
            there = len(reasons) + filled
            raise NotReady(f"Vectors for {there:,} of {len(ids):,} images are computed.")
        told = SortedTexts.of(f"{ids[key]}\0{reason}" for key, reason in reasons.items())
        return cls(image_ids, matrix, told)

    @classmethod
    def load(cls, folder: Path) -> Self:
        image_ids = SortedTexts.load(folder, "images")
        # What is empty cannot be mapped.
        matrix = np.load(folder / MATRIX, mmap_mode="r" if image_ids else None)
        return cls(image_ids, matrix, SortedTexts.load(folder, "reasons"))

    def save(self, folder: Path) -> None:
        self.image_ids.save(folder, "images")
        self._reasons.save(folder, "reasons")
        np.save(folder / MATRIX, self._matrix)

    def scores(self, queries: Queries) -> Scores:
        """Exact, in float64: 8 bytes an image and text."""
        return exact.every(_texts(queries), self._matrix)

    def search(self, queries: Queries, sought: Sequence[Sought], best: int = 0) -> list[Hits]:
        texts = _texts(queries)
        ranks = exact.ranks(texts, self._matrix, sought)
        tops = exact.best(texts, self._matrix, sought, best) if best else [[] for _ in sought]
        return [Hits(found, top) for found, top in zip(ranks, tops, strict=True)]

    def in_order(
        self, queries: Queries, image_ids: Sequence[Sequence[str]]
    ) -> list[list[tuple[int, float]]]:
        """Of each text the given images that are ranked, as place and exact score, best first."""
        given = [
            sorted(self.places[one] for one in some if one in self.places) for some in image_ids
        ]
        scores = iter(exact.scored(_texts(queries), self._matrix, exact.Pairs.of(given)))
        rows = [[(place, float(next(scores))) for place in places] for places in given]
        return [sorted(row, key=lambda pair: -pair[1]) for row in rows]

    def why_not(self, image_id: str) -> str:
        prefix = f"{image_id}\0"
        at = bisect_left(self._reasons, prefix)
        if at < len(self._reasons) and self._reasons[at].startswith(prefix):
            return f"Image “{image_id}” has no vector. {self._reasons[at].removeprefix(prefix)}"
        return f"Image “{image_id}” is not in the corpus."


def _texts(queries: Queries) -> NDArray[np.float32]:
    if queries.vectors is None:
        raise TypeError("These queries are of a retriever without vectors.")
    return queries.vectors.astype(np.float32)


def _ids(corpus: Corpus) -> dict[int, str]:
    """The ids of a corpus by their keys in the record."""
    images = Image.objects.at_version(corpus.version).filter(dataset_id=corpus.dataset_id)
    return dict(images.values_list("pk", "external_id").iterator(chunk_size=5000))


def _reasons(space: VectorSpace, ids: dict[int, str]) -> dict[int, str]:
    without = ImageVector.objects.filter(space=space, vector=None)
    rows = without.values_list("image_id", "reason").iterator(chunk_size=5000)
    return {key: reason for key, reason in rows if key in ids}


def _matrix(space: VectorSpace, keys: NDArray[np.int64]) -> tuple[NDArray[np.float32], int]:
    """The vectors of images, a row for each key, and for how many there are any."""
    matrix = np.zeros((len(keys), space.dimensions), np.float32)
    order = np.argsort(keys)
    ordered = keys[order]
    filled = 0
    for images, vectors in rows.stream(space):
        at = np.minimum(np.searchsorted(ordered, images), len(keys) - 1)
        ours = ordered[at] == images if len(keys) else np.zeros(len(images), bool)
        matrix[order[at[ours]]] = vectors[ours]
        filled += int(ours.sum())
    return matrix, filled
