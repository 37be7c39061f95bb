"""What a retriever is: something that scores the images of a corpus for a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# One row per text, one column per image that the index ranks.
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Corpus:
    """The images of a dataset at one version, in the order of their ids."""

    dataset_id: int
    version: int
    image_ids: tuple[str, ...]
    captions: tuple[str, ...]


class Index(Protocol):
    """A corpus made ready for search by one retriever.

    `image_ids` are the images that it ranks, `places` the column of each in `scores`.
    """

    @property
    def image_ids(self) -> Sequence[str]: ...

    @property
    def places(self) -> Mapping[str, int]: ...

    def scores(self, texts: Sequence[str]) -> Scores:
        """How well each image fits each text, higher is better: float64 [texts, images]."""
        ...

    def why_not(self, image_id: str) -> str:
        """Why an image is not ranked, as a sentence."""
        ...

    def save(self, folder: Path) -> None:
        """Writes all of it into an empty folder, from which the retriever loads it."""
        ...


class Retriever(Protocol):
    """A way to search. `hash` changes with everything that may change a rank."""

    @property
    def name(self) -> str: ...

    @property
    def hash(self) -> str: ...

    def index(self, corpus: Corpus) -> Index: ...

    def load(self, folder: Path) -> Index:
        """An index as it was saved, mapped from disk rather than read where that is possible."""
        ...

    def __hash__(self) -> int: ...
