"""What ranks are worth: as `ir_measures` says, and under ties the mean over all orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.measures.metrics import Placed, discounts

EXACT = 1e-9


def placed(scores: list[list[float]], relevant: list[list[int]]) -> Placed:
    """The relevant images of queries by brute force."""
    entries = [
        (query, sum(other > row[image] for other in row), row.count(row[image]))
        for query, (row, images) in enumerate(zip(scores, relevant, strict=True))
        for image in images
    ]
    query, above, tied = np.array(entries).T
    return Placed(query, above, tied, np.array([len(images) for images in relevant]))


def measured(found: Placed) -> dict[str, np.ndarray]:
    return {
        **{f"R@{k}": found.recall(k) for k in (1, 5, 10)},
        "RR": found.reciprocal(),
        "RR@10": found.reciprocal(10),
        "nDCG@10": found.ndcg(10),
        "AP@10": found.average_precision(10),
    }


def by_library(scores: list[list[float]], relevant: list[list[int]]) -> dict[str, list[float]]:
    import ir_measures  # noqa: PLC0415  (slow to import, and needed nowhere else)

    measures = [ir_measures.parse_measure(name) for name in measured(placed([[1.0]], [[0]]))]
    qrels = [
        ir_measures.Qrel(str(query), str(image), 1)
        for query, images in enumerate(relevant)
        for image in images
    ]
    run = [
        ir_measures.ScoredDoc(str(query), str(image), score)
        for query, row in enumerate(scores)
        for image, score in enumerate(row)
    ]
    found: dict[str, list[float]] = {str(measure): [0.0] * len(scores) for measure in measures}
    for value in ir_measures.iter_calc(measures, qrels, run):
        found[str(value.measure)][int(value.query_id)] = value.value
    return found


@st.composite
def queries(draw: st.DrawFn, most_images: int, levels: int) -> tuple[list[float], list[int]]:
    images = draw(st.integers(1, most_images))
    scores = draw(st.lists(st.integers(0, levels), min_size=images, max_size=images))
    relevant = draw(st.sets(st.integers(0, images - 1), min_size=1, max_size=min(images, 4)))
    return [float(score) for score in scores], sorted(relevant)


def test_without_ties_they_are_what_the_library_says() -> None:
    dice = np.random.default_rng(7)
    sizes = dice.integers(1, 60, 200)
    scores = [dice.permutation(int(size)).astype(float).tolist() for size in sizes]
    relevant = [
        sorted(dice.choice(len(row), size=min(len(row), 1 + query % 4), replace=False).tolist())
        for query, row in enumerate(scores)
    ]
    library = by_library(scores, relevant)
    for name, values in measured(placed(scores, relevant)).items():
        assert values == pytest.approx(library[name], abs=EXACT), name


@settings(max_examples=60, deadline=None)
@given(queries(most_images=6, levels=2))
def test_with_ties_they_are_the_mean_over_all_orders(query: tuple[list[float], list[int]]) -> None:
    scores, relevant = query
    # Every order of all images that keeps the better above the worse.
    orders = {
        tuple(sorted(order, key=lambda image: -scores[image]))
        for order in permutations(range(len(scores)))
    }
    plain = [[float(-order.index(image)) for image in range(len(scores))] for order in orders]
    in_each = placed(plain, [relevant] * len(orders))
    found = placed([scores], [relevant])
    assert found.rank()[0] == pytest.approx(in_each.rank().mean(), abs=EXACT)
    each = measured(in_each)
    for name, values in measured(found).items():
        assert values[0] == pytest.approx(each[name].mean(), abs=EXACT), name


def test_grades_count_by_their_gain() -> None:
    # Of three images the target (2) is tied with one that does not fit, the other fit (1) is last.
    found = placed([[2.0, 2.0, 1.0]], [[0, 2]])
    ideal = 2 * discounts(np.array([1])) + discounts(np.array([2])) - discounts(np.array([1]))
    value = found.ndcg(10, gain=np.array([2.0, 1.0]), ideal=ideal)
    first, second, third = 1.0, 1 / np.log2(3), 0.5
    assert value[0] == pytest.approx((2 * (first + second) / 2 + third) / (2 + second))


def test_a_relevant_image_that_is_not_ranked_counts_as_missed() -> None:
    found = Placed(np.array([0]), np.array([0]), np.array([1]), relevant=np.array([2]))
    assert found.recall(10)[0] == 0.5
    assert found.average_precision(10)[0] == 0.5
    assert found.reciprocal()[0] == 1.0
