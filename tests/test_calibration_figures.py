"""Figures on how far judges may be trusted: each agrees with its library, and says in words what it
cannot tell."""

from collections.abc import Callable

import numpy as np
import pytest

from review.agreement.estimates import share
from review.calibration.estimating import drifting, telling
from review.calibration.estimating.drifting import Said
from tests.figures import value, wide

EXACT = 1e-9
SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_auc_and_kappa_are_those_of_scikit_learn(seed: int, weighted: bool) -> None:
    from sklearn.metrics import cohen_kappa_score, roc_auc_score  # noqa: PLC0415

    draw = np.random.default_rng(seed)
    score = draw.integers(4, 21, 150) / 4
    accepted = (draw.random(150) < score / 6).astype(float)
    weight = draw.random(150) + 0.5 if weighted else np.ones(150)
    area = telling.auc(score, accepted, weight)
    theirs = roc_auc_score(accepted, score, sample_weight=weight)
    assert value(area) == pytest.approx(theirs, abs=EXACT)
    passes = (score >= 3.5).astype(float)
    beyond = telling.kappa(passes, accepted, weight)
    theirs = cohen_kappa_score(passes, accepted, sample_weight=weight)
    assert value(beyond) == pytest.approx(theirs, abs=EXACT)
    for one in (area, beyond):
        assert one.low is not None
        assert one.high is not None
        assert one.low < value(one) < one.high
        assert 0.05 < one.high - one.low < 0.4


def test_the_interval_of_auc_holds_the_truth_as_often_as_it_says() -> None:
    """Scores of accepted ones lie one standard deviation above others: an area of Phi(1/sqrt 2)."""
    draw, held = np.random.default_rng(8), 0
    for _ in range(400):
        accepted = (np.arange(80) % 2).astype(float)
        found = telling.auc(draw.normal(size=80) + accepted, accepted, np.ones(80))
        assert found.low is not None
        assert found.high is not None
        held += found.low < 0.7602499 < found.high
    assert 0.925 <= held / 400 <= 0.98


@pytest.mark.parametrize(
    ("scores", "accepted", "words"),
    [
        ([], [], "nobody has decided yet"),
        ([3.0] * 12, [1.0] * 12, "people accept all of them"),
        ([3.0] * 12, [0.0] * 12, "people accept none of them"),
        ([3.0] * 12, [0.0, 1.0] * 6, "all have the same score"),
        ([3.0, 4.0] * 6, [0.0, 1.0] * 6, "do not overlap"),
        ([3.0, 4.0] * 2, [0.0, 1.0] * 2, "fewer than 5 of a kind"),
    ],
)
def test_what_auc_cannot_tell_is_said_in_words(
    scores: list[float], accepted: list[float], words: str
) -> None:
    found = telling.auc(np.array(scores), np.array(accepted), np.ones(len(scores)))
    assert words in found.words
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(
    ("passes", "accepted", "expected", "words"),
    [
        ([], [], None, "nobody has decided yet"),
        ([1.0] * 12, [1.0] * 12, None, "the same of all"),
        ([1.0] * 12, [0.0, 1.0] * 6, 0.0, "all pass"),
        ([1.0, 0.0] * 6, [0.0] * 12, 0.0, "people accept none of them"),
        ([1.0, 0.0] * 2, [0.0, 1.0] * 2, -1.0, "fewer than 10 dialogues"),
    ],
)
def test_what_kappa_cannot_tell_is_said_in_words(
    passes: list[float], accepted: list[float], expected: float | None, words: str
) -> None:
    found = telling.kappa(np.array(passes), np.array(accepted), np.ones(len(passes)))
    assert found.value == expected
    assert words in found.words
    assert (found.low, found.high) == (None, None)


def said_over(weeks: int, gap_of: Callable[[int], float], seed: int = 1) -> Said:
    """Forty decisions a week, on which the judges' pass rate lies that far above people's."""
    draw = np.random.default_rng(seed)
    week = np.repeat(np.arange(weeks), 40)
    chance = np.array([0.5 - gap_of(int(one)) for one in week])
    return Said(
        dialogue=np.arange(len(week)),
        monday=np.datetime64("2026-08-03", "D") + 7 * week,
        passes=(draw.random(len(week)) < 0.5).astype(float),
        accepted=(draw.random(len(week)) < chance).astype(float),
        weight=np.ones(len(week)),
    )


def test_drift_is_told_with_its_p_value_and_otherwise_not_claimed() -> None:
    from scipy import stats  # noqa: PLC0415

    steady = drifting.drift(said_over(8, lambda _: 0.1))
    assert steady.startswith("No drift is to be seen")
    assert "p = 0." in steady
    moving = said_over(8, lambda week: 0.05 * week)
    assert drifting.drift(moving).startswith("Judges drift: their pass rate rises against people's")
    found = drifting.trend(moving)
    assert found is not None
    week = (moving.monday - moving.monday.min()) / np.timedelta64(7, "D")
    theirs = stats.linregress(week, moving.passes - moving.accepted)
    assert found[0] == pytest.approx(theirs.slope, abs=EXACT)
    assert found[1] == pytest.approx(theirs.pvalue, rel=0.5)
    assert "fewer than 3 weeks: there are 2" in drifting.drift(said_over(2, lambda _: 0.0))
    [first, *_] = drifting.weeks(moving)
    apart = (moving.passes - moving.accepted)[:40]
    low, high = stats.ttest_1samp(apart, 0).confidence_interval(0.95)
    assert (first.gap.low, first.gap.high) == (pytest.approx(low), pytest.approx(high))


def test_no_trend_is_found_in_five_of_a_hundred_steady_records_or_so() -> None:
    found = [drifting.trend(said_over(6, lambda _: 0.1, seed)) for seed in range(400)]
    sure = sum(one is not None and one[1] <= 0.05 for one in found)
    assert 0.02 < sure / 400 < 0.09


def test_weights_of_a_share_count_and_widen_its_interval() -> None:
    hit, dialogue = np.array([1.0, 1, 0, 0] * 10), np.arange(40)
    plain, even = share(hit, dialogue), share(hit, dialogue, np.full(40, 3.0))
    assert (even.low, even.high) == (pytest.approx(plain.low), pytest.approx(plain.high))
    uneven = share(hit, dialogue, np.array([9.0, 1, 1, 1] * 10))
    assert value(uneven) == pytest.approx(10 / 12)
    for one in (share(hit, dialogue), uneven, share(np.ones(40), dialogue, hit + 1)):
        assert one.low is not None
        assert one.high is not None
        assert one.low < value(one) <= one.high
    assert wide(share(np.ones(40), dialogue, 1 + 9 * hit)) > wide(share(np.ones(40), dialogue))
