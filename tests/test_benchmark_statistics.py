"""How sure a benchmark's figures are: as scipy says, within what sampling leaves open."""

import numpy as np
import pytest

from generation.measures.statistics import (
    Clustered,
    Sides,
    connected,
    generator,
    holm,
    smallest_difference,
)

ALONE = np.arange(400)


def differences(clusters: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Paired differences in which those of a cluster hang together."""
    dice = np.random.default_rng(3)
    shared = np.repeat(dice.normal(0.05, 0.3, clusters), each)
    return shared + dice.normal(0, 0.2, clusters * each), np.repeat(np.arange(clusters), each)


def test_the_interval_of_a_mean_is_that_of_the_library() -> None:
    from scipy.stats import bootstrap  # noqa: PLC0415  (slow to import)

    values = np.random.default_rng(5).beta(0.5, 2, 400)
    found = Clustered(ALONE).mean(values)
    theirs = bootstrap((values,), np.mean, n_resamples=9999, rng=np.random.default_rng(1))
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert found is not None
    assert found.low == pytest.approx(theirs.confidence_interval.low, abs=0.06 * width)
    assert found.high == pytest.approx(theirs.confidence_interval.high, abs=0.06 * width)


def test_p_values_are_those_of_the_library() -> None:
    from scipy.stats import permutation_test  # noqa: PLC0415  (slow to import)

    values, cluster = differences(60, 3)
    sums = np.bincount(cluster, values)
    theirs = permutation_test(
        (sums,), np.mean, permutation_type="samples", n_resamples=9999, rng=np.random.default_rng(1)
    )
    [ours] = Clustered(cluster).p_values([values], generator("coast", 1))
    # Two counts of 10,000, each with its own binomial error.
    error = np.sqrt(2 * theirs.pvalue * (1 - theirs.pvalue) / 9999)
    assert ours == pytest.approx(theirs.pvalue, abs=4 * error)


def test_dialogues_that_hang_together_say_less() -> None:
    values, cluster = differences(60, 5)
    apart, together = Clustered(np.arange(len(values))), Clustered(cluster)
    alone, by_cluster = apart.mean(values), together.mean(values)
    assert alone is not None
    assert by_cluster is not None
    assert by_cluster.value == pytest.approx(alone.value)
    assert together.design_effect(values) > 2
    assert (by_cluster.high or 0) - (by_cluster.low or 0) > (alone.high or 0) - (alone.low or 0)


def test_the_interval_of_a_median_holds_it_as_often_as_it_says() -> None:
    dice = np.random.default_rng(11)
    clustered = Clustered(np.arange(200))
    held = 0
    for _ in range(300):
        _, interval = clustered.median(dice.lognormal(2, 1, 200))
        assert interval is not None
        held += interval[0] <= np.exp(2) <= interval[1]
    assert 0.92 <= held / 300 <= 0.99


def test_the_same_seed_draws_the_same_and_no_p_is_zero() -> None:
    values = np.full(400, 0.5)
    first, second = (Clustered(ALONE).p_values([values], generator("coast", 1)) for _ in range(2))
    assert first == second == [1 / 10_001]


def test_where_nothing_differs_nothing_is_found() -> None:
    assert Clustered(ALONE).p_values([np.zeros(400)], generator("coast", 1)) == [1.0]


def test_missing_values_and_few_clusters_give_no_interval() -> None:
    values = np.full(400, np.nan)
    assert Clustered(ALONE).mean(values) is None
    values[:5] = [0.0, 1.0, 0.0, 1.0, 1.0]
    found = Clustered(ALONE).mean(values)
    assert found is not None
    assert (found.value, found.n, found.low) == (0.6, 5, None)


def test_holm_is_step_down_and_keeps_the_order() -> None:
    assert holm([0.04, 0.01, 0.03, 0.5]) == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert holm([]) == []


def test_what_is_shared_makes_one_cluster_through_others_too() -> None:
    links = [(0, "i/a"), (1, "i/a"), (1, "c/x"), (2, "c/x"), (3, "i/b")]
    assert connected(5, links).tolist() == [0, 0, 0, 1, 2]


def test_wins_and_losses_need_more_than_the_margin() -> None:
    found = Sides.of(np.array([0.5, 0.0005, -0.2, np.nan]), margin=0.001)
    assert (found.wins, found.ties, found.losses) == (1, 1, 1)


def test_power_is_that_of_the_normal_approximation() -> None:
    # A t-test of pairs at n = 393 shows d = 0.1414 in 80% of studies.
    assert smallest_difference(393, deviation=1.0) == pytest.approx(0.1413, abs=2e-4)
    assert smallest_difference(0) is None
