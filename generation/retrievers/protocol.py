"""What a retriever is: something that ranks the images of a corpus for a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from generation.retrievers.ranking import Rank

# One row per text, one column per image that the index ranks.
Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Corpus:
    """The images of a dataset at one version, in the order of their ids."""

    dataset_id: int
    version: int
    image_ids: tuple[str, ...]
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Queries:
    """Texts made ready for search by one retriever, in order.

    `cut` says of each whether the model's limit cut it, `reasons` by place why a text can never be
    searched with. `vectors` are unit vectors, float16 [texts, dimensions], of a retriever that has
    them; `members` are the same texts as each member of a fusion needs them.
    """

    texts: tuple[str, ...]
    cut: tuple[bool, ...]
    vectors: NDArray[np.float16] | None = None
    members: tuple["Queries", ...] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def plain(cls, texts: Sequence[str]) -> Self:
        """Texts that are searched with as they are."""
        return cls(tuple(texts), (False,) * len(texts))

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, begin: int, end: int) -> "Queries":
        return Queries(
            self.texts[begin:end],
            self.cut[begin:end],
            None if self.vectors is None else self.vectors[begin:end],
            tuple(member.part(begin, end) for member in self.members),
            {n - begin: reason for n, reason in self.reasons.items() if begin <= n < end},
        )


@dataclass(frozen=True)
class Sought:
    """What one text is to find, and what does not count, as places in an index."""

    targets: Sequence[int] = ()
    left_out: Sequence[int] = ()


@dataclass(frozen=True)
class Hits:
    """What one text found: the rank of each target in the order sought, and the best images as
    place and score, best first, among equals the earlier place first."""

    ranks: list[Rank]
    best: list[tuple[int, float]]


class Index(Protocol):
    """A corpus made ready for search by one retriever.

    `image_ids` are the images that it ranks, `places` the column of each in `scores`. Ranks and
    best images do not depend on how many texts are asked about at once.
    """

    @property
    def image_ids(self) -> Sequence[str]: ...

    @property
    def places(self) -> Mapping[str, int]: ...

    def scores(self, queries: Queries) -> Scores:
        """How well each image fits each text, higher is better: [texts, images]."""
        ...

    def search(self, queries: Queries, sought: Sequence[Sought], best: int = 0) -> list[Hits]:
        """What each text finds: the exact rank of each of its targets among all that is not left
        out, and the `best` images of these."""
        ...

    def why_not(self, image_id: str) -> str:
        """Why an image is not ranked, as a sentence."""
        ...

    def save(self, folder: Path) -> None:
        """Writes all of it into an empty folder, from which the retriever loads it."""
        ...


class Retriever(Protocol):
    """A way to search. `hash` changes with everything that may change a rank.

    `is_light` says that no model is loaded: a web process may use it.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def hash(self) -> str: ...

    @property
    def version(self) -> str:
        """What people call this version: of the library, the model."""
        ...

    @property
    def is_light(self) -> bool: ...

    def queries(self, texts: Sequence[str]) -> Queries:
        """Makes texts ready for search; of one that it refuses for good it says why. Raises
        `NotReady` where it is no fault of the texts."""
        ...

    def longest_fitting(self, texts: Sequence[str]) -> int:
        """Of several texts, each longer than the one before, the place of the last that the
        model's limit does not cut; 0 where it cuts even the first."""
        ...

    def index(self, corpus: Corpus) -> Index:
        """Raises `NotReady` where an image still has neither a vector nor a reason for none."""
        ...

    def load(self, folder: Path) -> Index:
        """An index as it was saved, mapped from disk rather than read where that is possible."""
        ...

    def __hash__(self) -> int: ...
