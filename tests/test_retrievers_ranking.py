"""Ranks under ties equal a brute force over all orders, whatever the order of the images."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.retrievers.ranking import TOLERANCE, Rank, best_places, rank_of

few_scores = st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=1, max_size=6)


@given(few_scores, st.data())
def test_expected_reciprocal_rank_is_the_average_over_all_orders_of_the_tied(
    scores: list[float], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(scores) - 1))
    reciprocals = []
    for order in permutations(range(len(scores))):
        ranked = sorted(order, key=lambda i: -scores[i])
        reciprocals.append(1 / (ranked.index(place) + 1))
    expected = rank_of(np.array(scores), place).expected_reciprocal()
    assert expected == pytest.approx(np.mean(reciprocals), abs=1e-12)


@given(few_scores, st.data())
def test_a_rank_counts_what_is_strictly_above_and_what_is_equal(
    scores: list[float], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(scores) - 1))
    found = rank_of(np.array(scores), place)
    assert found.rank == 1 + sum(score > scores[place] for score in scores)
    assert found.tied == scores.count(scores[place])


@given(st.permutations(range(8)))
def test_a_rank_does_not_depend_on_the_order_of_images(order: list[int]) -> None:
    scores = np.array([5.0, 4, 4, 3, 3, 3, 1, 0])
    shuffled = scores[order]
    for place in range(8):
        assert rank_of(shuffled, order.index(place)) == rank_of(scores, place)


def test_scores_that_differ_in_their_last_bits_are_tied() -> None:
    scores = np.array([0.1 + 0.2, 0.3, 0.3 + TOLERANCE * 10, 0.0])
    assert rank_of(scores, 0) == Rank(rank=2, tied=2, score=0.1 + 0.2)


def test_a_target_among_all_images_alike_is_worth_the_average_place() -> None:
    found = rank_of(np.zeros(4), 2)
    assert (found.rank, found.tied) == (1, 4)
    assert found.expected_reciprocal() == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


@given(st.lists(st.integers(0, 5).map(float), max_size=30), st.integers(1, 8))
def test_the_best_places_are_a_stable_sort(scores: list[float], count: int) -> None:
    expected = sorted(range(len(scores)), key=lambda i: -scores[i])[:count]
    assert best_places(np.array(scores), count) == expected
