"""How far judges may be trusted: each figure as its library has it, or by hand; otherwise words.

The libraries take a second to load: tests import them, not every process that collects the file.
"""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from review.agreement.estimates import Estimate, undefined
from review.calibration.certifying import thresholds
from review.calibration.certifying.thresholds import (
    fixed_sequence,
    is_run_of_bad,
    needed,
    why_nothing,
)
from review.calibration.draws import Draw, Moments
from review.calibration.estimating import widths
from review.calibration.estimating.alternative import alternative, discoveries
from review.calibration.estimating.prediction import debiased, pass_rate
from review.templatetags.figures import bounds as bounds_of
from review.templatetags.figures import point

Floats = NDArray[np.float64]

EXACT = 1e-9
JUDGES = Estimate(0.9, 0.88, 0.92, 1000, 1000)
ANYWHERE = [(0, 5000, 200), (1, 300, 150), (2, 100, 80), (3, 20_000, 1000)]


def dialogues(seed: int, number: int, noise: float = 0.1) -> tuple[Floats, Floats]:
    """What people would say of each, from two reviewers at times, and what judges do."""
    rng = np.random.default_rng(seed)
    score = rng.beta(3, 2, number)
    chance = np.clip(score + noise * rng.standard_normal(number), 0, 1)
    return (rng.random((2, number)) < chance).mean(axis=0), score


def uniform(people: Floats, score: Floats, decided: int) -> Draw:
    """The first so many are drawn, and people said something of all of them."""
    probability = np.full(decided, decided / len(score))
    return Draw(people[:decided], score[:decided], probability, Moments.of(score), uniform=True)


def informative(
    seed: int, people: Floats, score: Floats, number: int
) -> tuple[Draw, NDArray[np.bool_]]:
    """Half of the chance to be drawn goes by how doubtful a score is; and which were drawn."""
    rng = np.random.default_rng(seed)
    doubt = score * (1 - score)
    chance = np.minimum(1, number / 2 / len(score) + number / 2 * doubt / doubt.sum())
    drawn = rng.random(len(score)) < chance
    said = (people[drawn], score[drawn], chance[drawn])
    return Draw(*said, frame=Moments.of(score), uniform=False), drawn


def bounds(found: Estimate) -> tuple[float, float, float]:
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.low, found.value, found.high


def width(found: Estimate) -> float:
    low, _value, high = bounds(found)
    return high - low


# ---- The pass rate


@pytest.mark.parametrize(("seed", "number", "decided"), ANYWHERE)
@pytest.mark.parametrize("points", [1, 4])
def test_a_uniform_draw_gives_what_the_library_of_the_method_does_in_whatever_unit_scores_are(
    seed: int, number: int, decided: int, points: int
) -> None:
    """The library bounds lambda at 1, which four points in place of one keep it below."""
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate  # noqa: PLC0415

    people, score = dialogues(seed, number)
    found = debiased([uniform(people, score * points, decided)])
    data = (people[:decided], 4 * score[:decided], 4 * score[decided:])
    ends = [float(end.item()) for end in ppi_mean_ci(*data, alpha=0.05)]
    value = float(ppi_mean_pointestimate(*data).item())
    assert bounds(found.share) == pytest.approx((ends[0], value, ends[1]), abs=EXACT)
    assert found.tuning is not None
    by_tuning = ppi_mean_ci(*data, alpha=0.05, lam=found.tuning * points / 4)
    assert [float(end.item()) for end in by_tuning] == pytest.approx(ends, abs=EXACT)


@pytest.mark.parametrize("seed", range(4))
def test_a_draw_by_unequal_probabilities_gives_the_weighted_estimate_of_the_library(
    seed: int,
) -> None:
    from ppi_py import ppi_mean_pointestimate  # noqa: PLC0415

    people, score = dialogues(seed, 2000)
    draw, _drawn = informative(seed, people, score, 200)
    found = debiased([draw])
    by_library = ppi_mean_pointestimate(
        draw.accepted, draw.said, score, lam=found.tuning, w=1 / draw.probability
    )
    assert found.share.value == pytest.approx(float(by_library.item()), abs=EXACT)


@pytest.mark.parametrize("seed", range(4))
def test_its_variance_is_that_of_what_stands_for_each_dialogue_and_lambda_makes_it_smallest(
    seed: int,
) -> None:
    people, score = dialogues(seed, 2000)
    draw, drawn = informative(seed, people, score, 200)
    weight = 1 / draw.probability
    share = weight / weight.sum()
    n = len(weight)

    def variance(tuning: float) -> float:
        apart = draw.accepted - tuning * draw.said
        stands_for = tuning * score
        stands_for[drawn] += len(score) * share * (apart - share @ apart)
        return float(stands_for.var()) / len(score) * n / (n - 1)

    found = debiased([draw])
    assert found.tuning is not None
    reach = 1.959963984540054 * math.sqrt(variance(found.tuning))
    assert width(found.share) == pytest.approx(2 * reach, abs=EXACT)
    assert variance(found.tuning) <= min(variance(at) for at in np.linspace(0, 3, 101)) + EXACT


def test_equal_probabilities_give_nearly_what_a_uniform_draw_does() -> None:
    people, score = dialogues(5, 4000)
    draw = uniform(people, score, 200)
    by_lots = Draw(draw.accepted, draw.said, draw.probability, draw.frame, uniform=False)
    one, other = debiased([draw]).share, debiased([by_lots]).share
    assert bounds(other) == pytest.approx(bounds(one), rel=0.01)


def correlated(decided: int, rest: int, correlation: float) -> Draw:
    """Half of the decided are accepted, and scores correlate with that exactly so much."""
    people = np.tile([0.0, 1.0], decided // 2)
    noise = np.tile([-1.0, -1.0, 1.0, 1.0], decided // 4)
    score = correlation * (2 * people - 1) + math.sqrt(1 - correlation**2) * noise
    scores = np.concatenate([score, np.tile([-1.0, 1.0], rest // 2)])
    return uniform(people, 0.8 + 0.1 * scores, decided)


def test_200_decisions_count_as_529_where_judges_tell_so_much() -> None:
    rest = 10_000
    correlation = math.sqrt((1 - 200 / 529) * (200 + rest) / rest)
    found = debiased([correlated(200, rest, correlation)])
    assert found.correlation == pytest.approx(correlation)
    assert found.worth == pytest.approx(529)
    assert width(found.share) == pytest.approx(2 * widths.half_width(529, 10**9, 0.5), rel=0.01)


def test_several_draws_count_by_how_many_of_each_are_decided_and_for_what_earlier_ones_took() -> (
    None
):
    people, score = dialogues(6, 5000)
    one, other = uniform(people, score, 100), uniform(people[100:], score[100:], 300)
    found = debiased([one, other])
    tuning = found.tuning
    assert tuning is not None
    first, rest = [
        draw.accepted.mean()
        + tuning * ((draw.frame.total - draw.said.sum()) / (draw.frame.n - len(draw.said)))
        - tuning * draw.said.mean()
        for draw in (one, other)
    ]
    second = (one.accepted.sum() + 4900 * rest) / 5000
    assert found.share.value == pytest.approx((100 * first + 300 * second) / 400, abs=EXACT)
    whole = debiased([uniform(people, score, 400)]).share
    assert width(found.share) == pytest.approx(width(whole), rel=0.02)


def test_a_draw_from_a_part_only_tells_what_is_gone_from_later_ones() -> None:
    people, score = dialogues(6, 5000)
    part = replace(uniform(people[:1000], score[:1000], 1000), weighs=False)
    found = debiased([part, uniform(people[1000:], score[1000:], 300)])
    alone = debiased([uniform(people[1000:], score[1000:], 300)])
    assert alone.share.value is not None
    value = 0.2 * people[:1000].mean() + 0.8 * alone.share.value
    assert found.share.value == pytest.approx(value, abs=EXACT)
    assert found.share.n == 300
    assert debiased([part]).share.value is None


def test_what_is_missing_widens_what_is_said_of_it() -> None:
    people, score = dialogues(7, 3000)
    draw = uniform(people, score, 200)
    decided = uniform(people, score, 150).accepted
    accepted = np.concatenate([decided, np.full(50, np.nan)])
    rate = pass_rate([replace(draw, accepted=accepted)], JUDGES)
    assert rate.missing == 50
    assert rate.debiased == debiased([uniform(people, score, 150)]).share
    assert rate.if_missing is not None
    low, _value, high = bounds(rate.debiased)
    assert rate.if_missing[0] < low - 0.1
    assert rate.if_missing[1] > high + 0.05
    for word in (0.0, 1.0):
        filled = np.where(np.isnan(accepted), word, accepted)
        ends = bounds(debiased([replace(draw, accepted=filled)]).share)
        assert rate.if_missing[0] <= ends[0] <= ends[2] <= rate.if_missing[1]
    assert pass_rate([draw], JUDGES).if_missing is None


def test_the_share_that_people_accept_has_an_exact_interval() -> None:
    from scipy.stats import binomtest  # noqa: PLC0415

    people = np.repeat([1.0, 0.0], [43, 7])
    rate = pass_rate([uniform(people, people, 50)], JUDGES)
    by_scipy = binomtest(43, 50).proportion_ci()
    assert bounds(rate.people) == pytest.approx((by_scipy.low, 0.86, by_scipy.high))
    assert rate.judges == JUDGES
    people[0] = 0.5
    by_wilson = binomtest(42, 50).proportion_ci(method="wilson")
    shared = pass_rate([uniform(np.append(people, 0.5), np.ones(51), 51)], JUDGES)
    assert bounds(shared.people)[0] == pytest.approx(by_wilson.low, abs=0.02)


def constant(value: float, number: int = 100) -> Floats:
    return np.full(number, value)


HALVES = np.tile([1.0, 0.0], 50)
SCORES = np.linspace(0, 1, 1000)
SAME = constant(0.7, 1000)


@pytest.mark.parametrize(
    ("people", "score", "words"),
    [
        (np.zeros(0), SCORES, "no estimate from fewer than 30 decided dialogues, so far 0"),
        (HALVES[:29], SCORES, "no estimate from fewer than 30 decided dialogues, so far 29"),
        (constant(1), SCORES, "from people alone: fewer than 15 were not accepted"),
        (constant(0), SCORES, "from people alone: fewer than 15 were accepted"),
        (constant(0.5), SCORES, "from people alone: they say the same of every dialogue"),
        (
            HALVES,
            constant(0.7, 1000),
            "judges add nothing: they gave every dialogue the same score",
        ),
        (HALVES, HALVES[::-1], "judges add nothing: every dialogue is decided"),
        (
            HALVES,
            np.concatenate([1 - HALVES, SCORES]),
            "judges add nothing: what they score higher is not accepted more often",
        ),
    ],
)
@pytest.mark.parametrize("is_uniform", [True, False])
def test_where_judges_or_decisions_tell_nothing_words_say_so(
    people: Floats, score: Floats, words: str, *, is_uniform: bool
) -> None:
    n = len(people)
    chance = np.full(n, max(n, 1) / len(score))
    draw = Draw(people, score[:n], chance, Moments.of(score), uniform=is_uniform)
    found = debiased([draw])
    assert found.share.words == words
    if n >= 30:
        low, value, high = bounds(found.share)
        assert 0 <= low <= value <= high <= 1
        assert high - low > 0.01
        assert (found.tuning, found.worth) == (0, pytest.approx(n, rel=0.02))


def test_nothing_drawn_is_no_estimate() -> None:
    rate = pass_rate([], undefined("no wave"))
    assert rate.debiased.value is None
    assert rate.people.words == "nobody has decided yet"
    assert (rate.missing, rate.if_missing) == (0, None)


VALUE = st.sampled_from([0.0, 0.5, 1.0, math.nan])
ROW = st.tuples(VALUE, st.floats(0, 1), st.floats(0.01, 1))
SAMPLE = st.tuples(
    st.lists(ROW, max_size=80), st.lists(st.floats(0, 1), max_size=40), st.booleans()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SAMPLE, max_size=3))
def test_no_draw_gives_nan_or_an_interval_without_width(samples: list[Any]) -> None:
    draws = []
    for rows, others, is_uniform in samples:
        table = np.array(rows, float).reshape(-1, 3)
        frame = Moments.of(np.concatenate([table[:, 1], others]))
        draws.append(Draw(table[:, 0], table[:, 1], table[:, 2], frame, is_uniform))
    rate = pass_rate(draws, JUDGES)
    for found in (rate.debiased, rate.people):
        assert (found.value is None) == (found.low is None) == (found.high is None)
        if found.value is None:
            assert found.words
            continue
        low, value, high = bounds(found)
        assert 0 <= low <= value <= high <= 1
        assert low < value or value == 0
        assert value < high or value == 1
    figures = (rate.tuning, rate.correlation, rate.worth, *(rate.if_missing or ()))
    assert all(math.isfinite(figure) for figure in figures if figure is not None)


# ---- Widths for planning


def test_a_planned_width_is_what_comes_of_it_and_back() -> None:
    planned = widths.half_width(200, 2200, 0.5, 0.6)
    found = debiased([correlated(200, 2000, 0.6)])
    assert width(found.share) == pytest.approx(2 * planned, rel=0.01)
    assert widths.decisions_for(planned, 2200, 0.5, 0.6) == 200
    assert widths.decisions_for(0.05, 10**9, 0.5) == 385
    assert widths.decisions_for(0.01, 500, 0.5) is None


# ---- Certificates


@pytest.mark.parametrize(("bad", "enough"), [(0, 59), (1, 93), (2, 124)])
def test_59_without_a_bad_one_certify_5_percent_93_with_one_and_124_with_two(
    bad: int, enough: int
) -> None:
    assert needed(bad, 0.05, 0.95) == enough
    for drawn, passes in ((enough, True), (enough - 1, False)):
        flags = np.arange(drawn) < bad
        steps, threshold = fixed_sequence(np.full(drawn, 4.9), flags, [4.5], 0.05, 0.95)
        assert (threshold == 4.5) is passes
        # With none bad a score is not even tried where too few were drawn.
        assert len(steps) == (1 if passes or bad else 0)


def test_bounds_are_those_of_clopper_and_pearson() -> None:
    from scipy.stats import binomtest  # noqa: PLC0415

    for bad, n in ((0, 59), (3, 100), (99, 100), (100, 100)):
        by_scipy = binomtest(bad, n, alternative="less").proportion_ci(0.95, method="exact")
        assert thresholds.upper_bound(bad, n, 0.95) == pytest.approx(by_scipy.high, abs=EXACT)


def test_the_test_begins_where_enough_were_drawn_and_ends_with_the_first_failure() -> None:
    scores = np.repeat([5.0, 4.8, 4.6, 4.2], [40, 60, 100, 2000])
    bad = np.zeros(2200, bool)
    bad[100:110] = True  # at 4.6
    steps, threshold = fixed_sequence(scores, bad, thresholds.GRID, 0.05, 0.95)
    assert [(step.score, step.n, step.bad, step.passed) for step in steps] == [
        (4.8, 100, 0, True),
        (4.7, 100, 0, True),
        (4.6, 200, 10, False),
    ]
    assert threshold == 4.7
    assert all(one.score > other.score for one, other in pairwise(steps))


def test_a_score_counts_at_the_grid_value_that_it_is_but_for_rounding() -> None:
    scores = np.full(60, 4.1 + 0.1 + 0.1)
    assert scores[0] != 4.3
    below = np.nextafter(4.3, 0)
    for score in (scores, np.full(60, below)):
        assert fixed_sequence(score, np.zeros(60, bool), thresholds.GRID, 0.05, 0.95)[1] == 3.0
    steps, _threshold = fixed_sequence(np.full(60, below), np.zeros(60, bool), [4.3], 0.05, 0.95)
    assert steps[0].n == 60


def test_where_nothing_passes_words_say_what_it_takes() -> None:
    few, _none = fixed_sequence(np.full(40, 5.0), np.zeros(40, bool), thresholds.GRID, 0.05, 0.95)
    assert "59 drawn dialogues that certify 5% at 95%" in why_nothing(few, 40, 0.05, 0.95)
    bad = np.arange(100) < 2
    steps, _none = fixed_sequence(np.full(100, 5.0), bad, thresholds.GRID, 0.05, 0.95)
    words = why_nothing(steps, 100, 0.05, 0.95)
    assert "Of the 100 drawn at 5.0 or above 2 were bad" in words
    assert words.endswith("124 drawn would have certified 5% at 95%: 24 more.")


def test_three_bad_of_the_last_ten_are_a_run_at_5_percent() -> None:
    from scipy.stats import binom  # noqa: PLC0415

    for share in (0.01, 0.02, 0.05, 0.1, 0.2):
        most = thresholds.runs_of_bad_at(share)
        assert binom.sf(most - 1, 10, share) <= 0.02 < binom.sf(most - 2, 10, share)
    assert thresholds.runs_of_bad_at(0.05) == 3
    assert is_run_of_bad([True, True, True], 0.05)
    assert not is_run_of_bad([True, True, False, *[False] * 6, True, False], 0.05)
    assert is_run_of_bad([False] * 20 + [True, False] * 3, 0.05)


# ---- The alternative annotator test


def said(seed: int, number: int, reviewers: int, error: float) -> tuple[Floats, Floats]:
    """Reviewers say what is so but for some error, of two in three dialogues; and what is so."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(number) < 0.7).astype(float)
    wrong = rng.random((number, reviewers)) < error
    words = np.where(wrong, 1 - truth[:, None], truth[:, None])
    words[rng.random(words.shape) < 1 / 3] = np.nan
    return words, truth


@pytest.mark.parametrize("seed", range(4))
def test_the_panel_is_tested_against_each_reviewer_as_in_the_paper(seed: int) -> None:
    from scipy.stats import false_discovery_control, ttest_1samp  # noqa: PLC0415

    words, truth = said(seed, 120, 5, 0.2)
    rng = np.random.default_rng(seed)
    panel = np.where(rng.random(120) < 0.25, 1 - truth, truth)
    panel[:10] = np.nan
    found = alternative("abcde", words, panel)
    p_values, advantages = [], []
    for which in range(5):
        machine, person = [], []
        for row, judged in zip(words, panel, strict=True):
            others = [w for who, w in enumerate(row) if who != which and not math.isnan(w)]
            if math.isnan(row[which]) or math.isnan(judged) or not others:
                continue
            by_panel = np.mean([judged == word for word in others])
            by_person = np.mean([row[which] == word for word in others])
            machine.append(float(by_panel >= by_person))
            person.append(float(by_person >= by_panel))
        apart = np.array(person) - np.array(machine)
        p_values.append(ttest_1samp(apart, 0.15, alternative="less").pvalue)
        advantages.append(np.mean(machine))
        one = found.annotators[which]
        assert (one.dialogues, one.panel) == (len(machine), pytest.approx(advantages[-1]))
        assert one.person == pytest.approx(np.mean(person))
    beaten = false_discovery_control(p_values, method="by") <= 0.05
    assert [one.p_value for one in found.annotators] == pytest.approx(p_values)
    assert [one.beaten for one in found.annotators] == beaten.tolist()
    assert found.winning_rate == pytest.approx(beaten.mean())
    assert found.advantage == pytest.approx(np.mean(advantages))
    assert found.passes is bool(beaten.mean() >= 0.5)


def test_rates_of_false_discoveries_are_those_of_scipy() -> None:
    from scipy.stats import false_discovery_control  # noqa: PLC0415

    rng = np.random.default_rng(0)
    for number in (1, 2, 7, 20):
        p_values = rng.random(number) ** 4
        expected = false_discovery_control(p_values, method="by") <= 0.05
        assert discoveries(p_values, 0.05).tolist() == expected.tolist()
    assert discoveries(np.zeros(0), 0.05).tolist() == []


def test_a_perfect_panel_passes_and_an_opposite_one_does_not() -> None:
    words, truth = said(1, 300, 3, 0.2)
    assert alternative("abc", words, truth).passes is True
    against = alternative("abc", words, 1 - truth)
    assert (against.passes, against.winning_rate) == (False, 0)


def test_without_its_conditions_there_is_no_test() -> None:
    words, truth = said(2, 300, 3, 0.1)
    words[30:, 2] = np.nan
    found = alternative("abc", words, truth)
    assert (found.winning_rate, found.advantage, found.passes) == (None, None, None)
    assert found.words == (
        "it takes 3 reviewers who each decided 30 dialogues that others decided too, so far 2 have"
    )
    assert found.annotators[2].words.endswith("of the 30 dialogues it takes")
    alone = alternative("a", truth[:, None], truth)
    assert alone.annotators[0].dialogues == 0
    assert alone.annotators[0].panel is None
    assert alternative([], np.zeros((0, 0)), np.zeros(0)).words.endswith("so far none has")
    agreed = alternative("abc", np.ones((40, 3)), np.ones(40))
    assert (agreed.passes, agreed.annotators[0].p_value) == (True, 0)


# ---- How they are written


@pytest.mark.parametrize(
    ("found", "share", "rate"),
    [
        ((0.64, 0.55, 0.73), "64% 55% to 73%", "64.0 55.0 to 73.0"),
        ((0.998, 0.9965, 0.9998), "99.80% 99.65% to 99.98%", "99.80 99.65 to 99.98"),
        ((0.996, 0.98, 1), "99.6% 98.0% to 100.0%", "99.6 98.0 to 100.0"),
        ((0, 0, 0.06), "0% 0% to 6%", "0.0 0.0 to 6.0"),
        ((0.5, 0.4996, 0.5004), "50.00% 49.96% to 50.04%", "50.00 49.96 to 50.04"),
        ((0.999, None, None), "99.9% ", "99.9 "),
    ],
)
def test_a_share_is_written_as_finely_as_its_bounds(
    found: tuple[float, float | None, float | None], share: str, rate: str
) -> None:
    figure = dict(zip(("value", "low", "high"), found, strict=True))
    for form, words in (("share", share), ("rate", rate)):
        assert f"{point(figure, form)} {bounds_of(figure, form)}" == words
