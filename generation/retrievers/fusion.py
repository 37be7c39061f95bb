"""Several retrievers made one by reciprocal rank fusion.

What an image is worth is the sum, over the members, of 1 / (k + its rank there), in millionths.
Every member ranks the whole of what it can rank, so that the fused ranking is one too. A member
that cannot rank an image, as one has no caption or no file, adds nothing to its worth: it counts
as if it came after all others there. An image that no member ranks is not ranked, and says why.
Images that a dialogue shows are left out of the fused ranking; each member's ranks count them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from generation.models import ConfiguredRetriever
from generation.retrievers import corpora
from generation.retrievers.kinds import KINDS
from generation.retrievers.processors import processors
from generation.retrievers.protocol import Corpus, Index, Queries, Retriever, Scores
from generation.retrievers.reciprocal import CONSTANT, worths
from generation.retrievers.scored import ScoredIndex
from generation.retrievers.settings import number, refuse_unknown
from generation.retrievers.stored import Edition
from generation.retrievers.texts import Places, SortedTexts

CONSTANTS = range(1, 10_000 + 1)
EDITION = "edition.json"
# Another way to fuse: another number, and all ranks are computed anew.
RECIPE = 1


@dataclass(frozen=True)
class Member:
    """One member's index, and the place in the fusion of each image that it ranks."""

    index: Index
    places: NDArray[np.int64]


class FusionIndex(ScoredIndex):
    """The images that any member ranks. It keeps no scores of its own, only whose they are."""

    def __init__(
        self, edition: Edition, image_ids: SortedTexts, members: Sequence[Member], constant: int
    ) -> None:
        self._edition = edition
        self.image_ids = image_ids
        self.places = Places(image_ids)
        self._members = members
        self._constant = constant

    @classmethod
    def of(cls, edition: Edition, indexes: Sequence[Index], constant: int) -> Self:
        image_ids = SortedTexts.of({one for index in indexes for one in index.image_ids})
        numbers = {image_id: place for place, image_id in enumerate(image_ids)}
        members = [
            Member(index, np.array([numbers[one] for one in index.image_ids], np.int64))
            for index in indexes
        ]
        return cls(edition, image_ids, members, constant)

    @classmethod
    def load(cls, folder: Path, retrievers: Sequence[Retriever], constant: int) -> Self:
        """Raises `FileNotFoundError` where this machine has not the index of each member."""
        edition = Edition(**json.loads((folder / EDITION).read_text()))
        indexes = [corpora.at_hand(edition, retriever) for retriever in retrievers]
        members = [
            Member(index, np.load(_places_of(folder, place)))
            for place, index in enumerate(indexes)
            if index is not None
        ]
        if len(members) < len(retrievers):
            raise FileNotFoundError(f"The index of a member is not there any more: {folder}")
        return cls(edition, SortedTexts.load(folder, "images"), members, constant)

    def save(self, folder: Path) -> None:
        (folder / EDITION).write_text(json.dumps(vars(self._edition)))
        self.image_ids.save(folder, "images")
        for place, member in enumerate(self._members):
            np.save(_places_of(folder, place), member.places)

    def scores(self, queries: Queries) -> Scores:
        rows = np.zeros((len(queries), len(self.image_ids)))
        with ThreadPoolExecutor(processors()) as pool:
            for member, asked in zip(self._members, queries.members, strict=True):
                # Mostly sorting, for which numpy lets other threads run.
                worth = partial(worths, constant=self._constant)
                for row, found in zip(
                    rows, pool.map(worth, member.index.scores(asked)), strict=True
                ):
                    row[member.places] += found
        return rows

    def why_not(self, image_id: str) -> str:
        reasons = [member.index.why_not(image_id) for member in self._members]
        return " ".join(dict.fromkeys(reasons))


def _places_of(folder: Path, member: int) -> Path:
    return folder / f"places-{member}.npy"


class Fusion:
    """Its members are retrievers of the same dataset, none of them a fusion."""

    kind = "fusion"

    def __init__(self, name: str, members: Sequence[Retriever], constant: int = CONSTANT) -> None:
        self.name = name
        # In an order of their own, since sums differ in their last bits with that of adding.
        self.members = sorted(members, key=lambda member: member.name)
        self._constant = constant

    @classmethod
    def of(cls, configured: ConfiguredRetriever) -> Self:
        rows = configured.members.select_related("dataset", "endpoint")
        members = [KINDS[row.kind].of(row) for row in rows]
        return cls(configured.name, members, configured.settings.get("k", CONSTANT))

    @staticmethod
    def settings(given: Mapping[str, Any]) -> dict[str, Any]:
        """`k`, where it is not 60: the more, the less the very first ranks count. Raises
        `Invalid`."""
        refuse_unknown(given, known=("k",))
        constant = number(given, "k", CONSTANTS) or CONSTANT
        return {} if constant == CONSTANT else {"k": constant}

    @property
    def version(self) -> str:
        return " + ".join(member.name for member in self.members)

    @property
    def hash(self) -> str:
        """Of its members, whatever they are called. Raises `NotReady` where one is not."""
        hashes = sorted(member.hash for member in self.members)
        parts = {"kind": self.kind, "k": self._constant, "members": hashes, "recipe": RECIPE}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def is_light(self) -> bool:
        return all(member.is_light for member in self.members)

    def queries(self, texts: Sequence[str]) -> Queries:
        """A text counts as cut, or is refused, where it is for any member. Raises `NotReady`."""
        members = tuple(member.queries(texts) for member in self.members)
        cut = tuple(any(cuts) for cuts in zip(*(one.cut for one in members), strict=True))
        reasons = {n: reason for one in members for n, reason in one.reasons.items()}
        return Queries(tuple(texts), cut, members=members, reasons=reasons)

    def longest_fitting(self, texts: Sequence[str]) -> int:
        return min(member.longest_fitting(texts) for member in self.members)

    def index(self, corpus: Corpus) -> FusionIndex:
        """Raises `NotReady` where a member is not."""
        edition = corpora.edition_at(corpus.dataset_id, corpus.version)
        indexes = [corpora.index_at(edition, member) for member in self.members]
        return FusionIndex.of(edition, indexes, self._constant)

    def load(self, folder: Path) -> FusionIndex:
        return FusionIndex.load(folder, self.members, self._constant)
