"""What an encoder is: a model that turns texts and images into vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Picture:
    """An image as an encoder takes it: its caption, and the file in storage ("": none)."""

    image_id: str
    caption: str
    file: str


@dataclass(frozen=True)
class Encoded:
    """Vectors of texts or images in order, float32 [items, dimensions], of any length.

    `reasons` says by place why an item has none (its row is 0); `cut` whether a text was cut.
    """

    vectors: NDArray[np.float32]
    cut: tuple[bool, ...] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)


class Encoder(Protocol):
    """A model that turns texts and images into vectors of one space.

    The vector of an item does not depend on what else is asked for with it.
    """

    @property
    def batch(self) -> int:
        """How many images are given to it at once."""
        ...

    def fingerprint(self) -> str:
        """SHA-256 of the model itself: its files, its revision. Raises `NotReady`."""
        ...

    def dimensions(self) -> int: ...

    def texts(self, texts: Sequence[str]) -> Encoded: ...

    def pictures(self, pictures: Sequence[Picture]) -> Encoded: ...

    def longest_fitting(self, texts: Sequence[str]) -> int: ...
