"""Pictures that look alike are found: copies of one, and nothing else."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance

from generation.likeness import bits, finding
from generation.models import (
    ConfiguredRetriever,
    ImageLikeness,
    ImageVector,
    RetrieverKind,
    VectorSpace,
)
from review import hashing, pictures
from review.models import Dataset, Dialogue, Image
from review.picture_tasks import hash_images

Add = Callable[..., Image]


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def add(dataset: Dataset) -> Add:
    def add(name: str, picture: Pillow.Image, **encoding: Any) -> Image:
        buffer = io.BytesIO()
        picture.save(buffer, **(encoding or {"format": "PNG"}))
        kept = pictures.keep(buffer.getvalue())
        return Image.objects.create(
            dataset=dataset, external_id=name, file=kept.name, sha256=kept.sha256, added_version=1
        )

    return add


def drawn(seed: int) -> Pillow.Image:
    """A scene of discs, another one for each seed."""
    dice = np.random.default_rng(seed)
    picture = Pillow.new("RGB", (400, 300), "silver")
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, size = dice.integers(0, 400), dice.integers(0, 300), dice.integers(20, 90)
        colour = tuple(int(part) for part in dice.integers(0, 256, 3))
        pen.ellipse([x - size, y - size, x + size, y + size], fill=colour)
    return picture


def pairs(dataset: Dataset) -> set[tuple[str, str]]:
    hash_images(dataset.pk)
    assert finding.find(dataset)
    return set(ImageLikeness.objects.values_list("first", "second"))


def test_copies_of_a_picture_are_found_and_no_other(add: Add, dataset: Dataset) -> None:
    picture = drawn(1)
    add("whole", picture)
    add("small", picture.resize((200, 150)), format="JPEG", quality=40)
    add("bright", ImageEnhance.Brightness(picture).enhance(1.2))
    for seed in range(2, 6):
        add(f"other-{seed}", drawn(seed))
    copies = {("small", "whole"), ("bright", "whole"), ("bright", "small")}
    assert pairs(dataset) == copies
    assert all(row.bits is not None and row.cosine is None for row in ImageLikeness.objects.all())


def test_blank_and_lost_pictures_are_like_nothing(add: Add, dataset: Dataset) -> None:
    for shade in ["white", "black", "#fefefe"]:
        add(shade, Pillow.new("RGB", (300, 200), shade))
    lost = add("lost", drawn(7))
    for folder in ("renditions/thumb", "originals"):
        for file in (Path(pictures.default_storage.location) / folder).rglob(f"{lost.sha256}*"):
            file.unlink()
    assert pairs(dataset) == set()
    assert set(Image.objects.values_list("perceptual_hash", flat=True)) == {hashing.NONE}
    assert hashing.datasets_awaiting() == []


def test_a_thousand_equal_pictures_are_a_chain_and_not_half_a_million_pairs(
    dataset: Dataset,
) -> None:
    Image.objects.bulk_create(
        Image(
            dataset=dataset,
            external_id=f"form-{number:04}",
            perceptual_hash="a5a5a5a55a5a5a5a",
            added_version=1,
        )
        for number in range(1000)
    )
    found = pairs(dataset)
    assert len(found) < 1100
    assert {name for pair in found for name in pair} == {f"form-{n:04}" for n in range(1000)}


def test_bands_find_what_comparing_all_with_all_finds() -> None:
    dice = np.random.default_rng(5)
    some = dice.integers(0, 2**63, 800, dtype=np.uint64)
    flips = np.uint64(1) << dice.integers(0, 64, (6, 800)).astype(np.uint64)
    hashes = np.unique(np.concatenate([some, some ^ np.bitwise_xor.reduce(flips)]))
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    one, other = np.nonzero(np.triu(apart <= 6, 1))
    expected = np.column_stack([one, other, apart[one, other]]).tolist()
    assert expected
    assert sorted(bits.close(hashes, 6).tolist()) == sorted(expected)


def test_a_target_is_compared_by_vectors_with_all_others(
    dataset: Dataset, dialogue: Dialogue, images: list[Image]
) -> None:
    retriever = ConfiguredRetriever.objects.create(
        dataset=dataset, name="clip", kind=RetrieverKind.CLIP, primary=True
    )
    space = VectorSpace.objects.create(
        retriever=retriever, hash="h", dimensions=3, complete_version=1
    )
    angles = {"pier": 1.2, "lighthouse-cloudy": 0.0, "lighthouse-sunny": 0.2, "cabin": 1.25}
    ImageVector.objects.bulk_create(
        ImageVector(space=space, image=image, vector=[np.cos(angle), np.sin(angle), 0.0])
        for image in images
        for angle in [angles[image.external_id]]
    )
    # The pier and the cabin are alike as well, and neither is anybody's target.
    assert pairs(dataset) == {("lighthouse-cloudy", "lighthouse-sunny")}
    assert ImageLikeness.objects.get().cosine == pytest.approx(np.cos(0.2), abs=1e-3)


def test_it_is_found_anew_when_the_corpus_changes_and_not_before(
    add: Add, dataset: Dataset
) -> None:
    add("whole", drawn(1))
    assert finding.datasets_awaiting() == []  # Its picture is hashed first.
    pairs(dataset)
    assert finding.datasets_awaiting() == []
    add("copy", drawn(1).resize((300, 225)))
    Dataset.objects.update(corpus_version=2)
    assert finding.datasets_awaiting() == []
    hash_images(dataset.pk)
    assert finding.datasets_awaiting() == [dataset.pk]
    dataset.refresh_from_db()
    assert pairs(dataset) == {("copy", "whole")}
