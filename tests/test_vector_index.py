"""Ranks by vectors are exact: those of a brute force, whatever they are computed beside."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from generation.retrievers import Hits, Queries, Sought, exact
from generation.retrievers.ranking import TOLERANCE, best_of, rank_of
from generation.retrievers.texts import SortedTexts
from generation.retrievers.vector_index import VectorIndex
from generation.vectors.units import unit

Vectors = NDArray[np.float16]


def index_over(vectors: Vectors) -> VectorIndex:
    names = SortedTexts.of(f"{n:05}" for n in range(len(vectors)))
    return VectorIndex(names, vectors.astype(np.float32), SortedTexts.of([]))


def queries_of(vectors: Vectors) -> Queries:
    count = len(vectors)
    return Queries(("text",) * count, (False,) * count, vectors)


def brute(texts: Vectors, images: Vectors, sought: Sequence[Sought], best: int) -> list[Hits]:
    scores = texts.astype(np.float64) @ images.T.astype(np.float64)
    return [
        Hits(
            [rank_of(row, target, one.left_out) for target in one.targets],
            best_of(row, best, one.left_out),
        )
        for row, one in zip(scores, sought, strict=True)
    ]


def crowded(chance: np.random.Generator, count: int, dimensions: int) -> Vectors:
    """Vectors with many equals, and many that differ by next to nothing."""
    groups = chance.standard_normal((max(1, count // 8), dimensions))
    rows = groups[chance.integers(0, len(groups), count)]
    shaken = rows + chance.choice([0, 0, 1e-3, 1e-2], (count, 1)) * chance.standard_normal(
        rows.shape
    )
    return unit(shaken)[0]


@given(
    st.integers(0, 2**32),
    st.integers(1, 400),
    st.integers(1, 40),
    st.sampled_from([2, 3, 16, 65]),
    st.sampled_from([(1, 8), (3, 16), (512, 2040), (7, 255 * 8)]),
)
@settings(max_examples=60, deadline=None)
def test_ranks_and_best_are_those_of_a_brute_force(
    seed: int, images: int, texts: int, dimensions: int, block: tuple[int, int]
) -> None:
    chance = np.random.default_rng(seed)
    known, asked = crowded(chance, images, dimensions), crowded(chance, texts, dimensions)
    sought = [
        Sought(
            chance.choice(images, min(images, chance.integers(0, 4)), replace=False).tolist(),
            chance.choice(images, min(images, chance.integers(0, 5)), replace=False).tolist(),
        )
        for _ in range(texts)
    ]
    best = int(chance.integers(0, images + 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "ROWS", block[0])
        patch.setattr(exact, "WIDTH", block[1])
        found = index_over(known).search(queries_of(asked), sought, best)
    assert found == brute(asked, known, sought, best)


def test_scores_about_the_tolerance_are_told_apart_exactly() -> None:
    """Neighbours of the target in steps below the error of float32 at 512 dimensions."""
    chance = np.random.default_rng(5)
    text = unit(chance.standard_normal((1, 512)))[0]
    target = unit(chance.standard_normal((1, 512)))[0][0]
    images = np.repeat(target[None], 4000, axis=0)
    # The least steps of a float16 number, at numbers of any size.
    for row in images[1:]:
        at = chance.integers(0, 512, 3)
        row[at] = np.nextafter(row[at], np.float16(chance.choice([-1, 1])))
    scores = (text.astype(np.float64) @ images.T.astype(np.float64))[0]
    near = np.abs(np.abs(scores - scores[0]) - TOLERANCE)
    assert np.count_nonzero(near < exact.error(512)) > 3000
    sought = [Sought([0, 1, 2], [3, 4])]
    assert index_over(images).search(queries_of(text), sought, 20) == brute(
        text, images, sought, 20
    )


def test_no_order_of_images_and_no_number_of_texts_changes_a_rank() -> None:
    chance = np.random.default_rng(6)
    images, texts = crowded(chance, 3000, 32), crowded(chance, 50, 32)
    whole = index_over(images).search(queries_of(texts), [Sought([n]) for n in range(50)])
    order = chance.permutation(3000)
    place = np.argsort(order)
    for number in (0, 17, 49):
        alone = queries_of(texts[number : number + 1])
        assert index_over(images[order]).search(alone, [Sought([int(place[number])])]) == [
            whole[number]
        ]


def test_an_index_is_mapped_as_it_was_saved(tmp_path: Path) -> None:
    images = crowded(np.random.default_rng(7), 50, 8)
    index_over(images).save(tmp_path)
    opened = VectorIndex.load(tmp_path)
    text, sought = queries_of(images[3:4]), [Sought([3])]
    assert opened.search(text, sought, 5) == index_over(images).search(text, sought, 5)
    assert opened.scores(text)[0, 3] == pytest.approx(1, abs=1e-3)


def test_a_corpus_without_any_vector_ranks_nothing(tmp_path: Path) -> None:
    empty = VectorIndex(
        SortedTexts.of([]), np.zeros((0, 4), np.float32), SortedTexts.of(["a\0It has no caption."])
    )
    empty.save(tmp_path)
    opened = VectorIndex.load(tmp_path)
    assert opened.search(queries_of(unit(np.ones((1, 4)))[0]), [Sought()], 5) == [Hits([], [])]
    assert opened.why_not("a") == "Image “a” has no vector. It has no caption."
