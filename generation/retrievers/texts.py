"""Distinct texts in an order of their own, in two arrays that may lie on disk.

A dictionary of 100,000 ids or words takes megabytes in each process; this takes none that the
operating system does not share among all of them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Literal, Self, overload

import numpy as np
from numpy.typing import NDArray


class SortedTexts(Sequence[str]):
    """Texts by the order of their UTF-8 bytes, found by halving.

    `characters` are those bytes one text after the other, `ends` where each ends, from 0 on.
    """

    def __init__(self, characters: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        # Plain views: each slice of a `memmap` would be one again, which takes microseconds.
        self._characters = np.asarray(characters)
        self._ends = np.asarray(ends)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        written = sorted(_bytes(text) for text in texts)
        ends = np.fromiter(accumulate(map(len, written), initial=0), np.int64, len(written) + 1)
        return cls(np.frombuffer(b"".join(written), np.uint8), ends)

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        files = folder / f"{name}.texts.npy", folder / f"{name}.ends.npy"
        # What is empty cannot be mapped.
        mode: Literal["r"] | None = "r" if files[0].stat().st_size > 128 else None
        return cls(np.load(files[0], mmap_mode=mode), np.load(files[1], mmap_mode="r"))

    def save(self, folder: Path, name: str) -> None:
        np.save(folder / f"{name}.texts.npy", self._characters)
        np.save(folder / f"{name}.ends.npy", self._ends)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        return self._at(range(len(self))[place]).decode("utf-8", "surrogatepass")

    def place(self, text: str) -> int | None:
        """Where a text stands; None where it is not among them."""
        wanted = _bytes(text)
        at = bisect_left(range(len(self)), wanted, key=self._at)
        return at if at < len(self) and self._at(at) == wanted else None

    def _at(self, place: int) -> bytes:
        return self._characters[self._ends[place] : self._ends[place + 1]].tobytes()


class Places(Mapping[str, int]):
    """The place of each text, by the text."""

    def __init__(self, texts: SortedTexts) -> None:
        self._texts = texts

    def __getitem__(self, text: str) -> int:
        place = self._texts.place(text)
        if place is None:
            raise KeyError(text)
        return place

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
