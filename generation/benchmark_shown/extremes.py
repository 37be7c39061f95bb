"""Dialogues whose rewrite gained or lost most, with the images that they mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from generation.checks.words import place
from review.models import Dataset, Image

TARGETS_SHOWN = 2


@dataclass(frozen=True)
class Place:
    """A rank among so many, as `generation.checks.words` takes it."""

    rank: int | None
    tied: int | None
    corpus_size: int


@dataclass(frozen=True)
class Target:
    external_id: str
    image: Image | None
    # Its picture as an address of its own, where a file is to stand alone.
    inlined: str = ""

    @property
    def words(self) -> str:
        return self.image.description() if self.image else f"image {self.external_id}"


@dataclass(frozen=True)
class Extreme:
    """One dialogue: its texts, its targets, and where they were found before and after."""

    dialogue: str
    final_query: str
    rewrite: str
    targets: list[Target]
    sentence: str


@dataclass(frozen=True)
class Side:
    gained: bool
    rows: list[Extreme]


def extremes(data: dict[str, Any], retriever: str, dataset: Dataset) -> list[Side]:
    """The gains, then the losses, of the approved rewrite. One question to the database."""
    found = data["extremes"].get(retriever)
    if found is None:
        return []
    sides = [found["gains"], found["losses"]]
    pictures = _pictures(dataset, data, (row for rows in sides for row in rows))
    size = data["corpus"]["images"]
    return [
        Side(gained, [_extreme(row, pictures, size) for row in rows])
        for gained, rows in zip([True, False], sides, strict=True)
    ]


def _pictures(
    dataset: Dataset, data: dict[str, Any], rows: Iterable[dict[str, Any]]
) -> dict[str, Image]:
    """As the corpus was when the run froze it."""
    names = {name for row in rows for name in row["targets"][:TARGETS_SHOWN]}
    images = Image.objects.filter(dataset=dataset).at_version(data["corpus"]["version"])
    return {image.external_id: image for image in images.named(names)}


def _extreme(row: dict[str, Any], pictures: dict[str, Image], size: int) -> Extreme:
    before = place(Place(row["rank_before"], row["tied_before"], size))
    after = place(Place(row["rank"], row["tied"], size))
    return Extreme(
        row["dialogue"],
        row["final_query"],
        row["rewrite"],
        [Target(name, pictures.get(name)) for name in row["targets"][:TARGETS_SHOWN]],
        f"from {before} to {after} of {size:,}",
    )
