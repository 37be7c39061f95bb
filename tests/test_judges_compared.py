"""How far judges agree: each figure as its library has it, with intervals, or words."""

import math
from typing import Any

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray

from generation.judges_compared import agreement, favour, orders, people
from generation.judges_compared import formulas as judging
from generation.judges_compared.record import Compared, Judge
from generation.judges_compared.report import reckon
from review.agreement import estimates, formulas
from review.agreement.estimates import Clusters, Estimate
from tests.figures import value
from tests.judge_records import JUDGES, WROTE, panel, record, verdicts

EXACT = 1e-9
SEEDS = range(5)


def draw(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def each_alone(number: int) -> NDArray[np.int64]:
    return np.arange(number)


def leaning(random: np.random.Generator, number: int, judges: int = 2) -> NDArray[np.int64]:
    """Scores from 1 to 5 by judges who see the same, each with some noise: (number, judges)."""
    seen = random.normal(3, 1.2, (number, 1)) + random.normal(0, 0.8, (number, judges))
    return np.clip(np.rint(seen), 1, 5).astype(np.int64)


@pytest.mark.parametrize("seed", SEEDS)
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415  (slow to import)

    one, other = leaning(draw(seed), 200).T
    ours = agreement.kappa(one, other, each_alone(200), ("a", "b"))
    theirs = cohen_kappa_score(one, other, weights="quadratic", labels=[1, 2, 3, 4, 5])
    assert value(ours) == pytest.approx(theirs, abs=EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_kappa_with_people_is_that_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415  (slow to import)

    passed, accepted = (leaning(draw(seed), 150) > 3).T
    ours = people.passing(passed, accepted, each_alone(150))
    assert value(ours) == pytest.approx(cohen_kappa_score(passed, accepted), abs=EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_auc_is_that_of_scikit_learn_with_ties_as_half(seed: int) -> None:
    from scipy import stats  # noqa: PLC0415  (slow to import)
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415  (slow to import)

    score, seen = leaning(draw(seed), 300).T
    ours = people.ranking(score.astype(float), seen > 3, each_alone(300))
    assert value(ours) == pytest.approx(roc_auc_score(seen > 3, score), abs=EXACT)
    u = stats.mannwhitneyu(score[seen > 3], score[seen <= 3]).statistic
    assert value(ours) == pytest.approx(u / (sum(seen > 3) * sum(seen <= 3)), abs=EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_is_that_of_krippendorff_also_where_scores_are_missing(seed: int) -> None:
    random = draw(seed)
    scores = leaning(random, 120, judges=4) * (random.random((120, 4)) < 0.7)
    theirs = krippendorff.alpha(
        np.where(scores > 0, scores, np.nan).T,
        level_of_measurement="ordinal",
        value_domain=[1, 2, 3, 4, 5],
    )
    ours = agreement.alpha(scores, each_alone(120))
    assert value(ours) == pytest.approx(theirs, abs=EXACT)


@pytest.mark.parametrize(("hits", "number"), [(0, 20), (3, 20), (17, 40), (40, 40)])
def test_a_share_of_single_dialogues_has_wilsons_interval(hits: int, number: int) -> None:
    from scipy import stats  # noqa: PLC0415  (slow to import)

    found = estimates.share(np.arange(number) < hits, each_alone(number))
    theirs = stats.binomtest(hits, number).proportion_ci(0.95, method="wilson")
    # The variance over dialogues has n - 1 where Wilson's has n.
    tolerance = EXACT if hits in {0, number} else 0.01
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=tolerance)
    exact = estimates.wilson(hits / number, number)
    assert exact == pytest.approx((theirs.low, theirs.high), abs=EXACT)


def test_candidates_of_one_dialogue_count_for_less() -> None:
    hit = np.repeat(draw(1).random(50) < 0.5, 4)
    alone = estimates.share(hit, each_alone(200))
    together = estimates.share(hit, np.repeat(np.arange(50), 4))
    assert width(together) == pytest.approx(2 * width(alone), rel=0.1)


def width(estimate: Estimate) -> float:
    assert estimate.low is not None, estimate.words
    assert estimate.high is not None
    return estimate.high - estimate.low


def test_an_interval_is_about_that_of_scipys_bootstrap() -> None:
    from scipy import stats  # noqa: PLC0415  (slow to import)

    values = draw(2).exponential(size=80)
    ours = orders.average(values, each_alone(80))
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=5000, method="BCa", random_state=3
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """80 dialogues with 3 candidates each that share a part of their quality."""
    monkeypatch.setattr(estimates, "RESAMPLES", 400)
    estimates._draws.cache_clear()
    truth = true_auc()
    held = sum(covers(draw(100 + repeat), truth) for repeat in range(1000))
    estimates._draws.cache_clear()
    # At 95%, chance alone gives 927 to 971 in all but one of a thousand times.
    assert 927 <= held <= 971


def simulated(random: np.random.Generator, dialogues: int) -> tuple[Any, Any, Any]:
    shared = np.repeat(random.normal(size=dialogues), 3)
    quality = shared + random.normal(size=3 * dialogues)
    score = np.clip(np.rint(3 + quality + random.normal(size=len(quality))), 1, 5)
    accepted = quality + random.normal(size=len(quality)) > 0
    return score, accepted, np.repeat(np.arange(dialogues), 3)


def true_auc() -> float:
    return value(people.ranking(*simulated(draw(0), 100_000)))


def covers(random: np.random.Generator, truth: float) -> bool:
    found = people.ranking(*simulated(random, 80))
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def test_thousands_of_dialogues_in_groups_have_an_interval_as_wide() -> None:
    values = draw(4).normal(size=20_000)
    found = orders.average(values, each_alone(20_000))
    assert Clusters(each_alone(20_000)).groups == estimates.GROUPS
    assert found.dialogues == 20_000
    assert width(found) == pytest.approx(2 * 1.96 / math.sqrt(20_000), rel=0.1)


def test_the_same_data_give_the_same_interval() -> None:
    found = [agreement.kappa(*leaning(draw(5), 90).T, each_alone(90), ("a", "b")) for _ in "ab"]
    assert found[0] == found[1]


SAME = np.full(30, 4)
MIXED = np.arange(30) % 5 + 1
HALF = np.arange(30) % 2 == 0
NONE = np.zeros(30, bool)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (agreement.kappa(SAME, MIXED, each_alone(30), ("Ann", "Ben")), "Ann gives every one"),
        (agreement.kappa(SAME[:0], SAME[:0], SAME[:0], ("a", "b")), "no candidate that both"),
        (agreement.alpha(np.stack([SAME, SAME]).T, each_alone(30)), "every score is the same"),
        (agreement.alpha(MIXED[:, None], each_alone(30)), "only one judge"),
        (agreement.alpha(np.diag([3, 4]), each_alone(2)), "no candidate that two judges"),
        (people.ranking(MIXED * 1.0, NONE, each_alone(30)), "people accepted none"),
        (people.ranking(MIXED * 1.0, ~NONE, each_alone(30)), "people accepted every one"),
        (people.ranking(SAME * 1.0, HALF, each_alone(30)), "every score is the same"),
        (people.ranking(SAME * np.nan, HALF, each_alone(30)), "no score of a candidate"),
        (people.passing(~NONE, HALF, each_alone(30)), "it passes every one"),
        (people.passing(NONE, HALF, each_alone(30)), "it passes none"),
        (people.passing(HALF, NONE, each_alone(30)), "people accepted none"),
        (orders.average(SAME[:0], SAME[:0]), "none yet"),
        (estimates.share(NONE[:0], SAME[:0]), "none yet"),
    ],
)
def test_what_is_not_defined_says_so_in_words(found: Estimate, words: str) -> None:
    assert words in found.words
    assert (found.value, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (agreement.kappa(MIXED, MIXED, each_alone(30), ("a", "b")), "the same in every dialogue"),
        (agreement.kappa(MIXED[:9], MIXED[:9], each_alone(9), ("a", "b")), "fewer than 10"),
        (people.ranking(MIXED * 1.0, np.arange(30) == 7, each_alone(30)), "too few cases"),
    ],
)
def test_where_there_is_no_interval_words_say_why(found: Estimate, words: str) -> None:
    assert found.value is not None
    assert (found.low, found.high) == (None, None)
    assert words in found.words


def test_undefined_formulas_are_nan_and_nothing_else() -> None:
    nothing = np.zeros((1, 5, 5))
    assert np.isnan(formulas.kappa(nothing, quadratic=True)).all()
    assert np.isnan(formulas.alpha(nothing, ordered=True)).all()
    assert np.isnan(judging.auc(np.zeros((1, 4, 2)))).all()


def test_a_family_that_favours_its_own_is_seen() -> None:
    found = {one.family: one for one in favour.favours(record(panel(1, favours=0.8)))}
    gpt = found["gpt"].figure
    assert gpt.low is not None
    assert gpt.low > 0.4
    assert (found["gpt"].own, found["gpt"].others) == (100, 200)
    qwen = found["qwen"].figure
    assert qwen.low is not None
    assert qwen.high is not None
    assert qwen.low < 0 < qwen.high


def test_a_strict_judge_favours_nobody() -> None:
    [gpt, _] = favour.favours(record(panel(2, strict=0.9)))
    assert gpt.figure.low is not None
    assert gpt.figure.high is not None
    assert gpt.figure.low < 0 < gpt.figure.high


def test_one_judge_alone_cannot_be_said_to_favour_anybody() -> None:
    alone = record(panel(1)[:, :, :1])
    assert [one.figure.words for one in favour.favours(alone)] == ["only one judge"]
    assert [row.figure.words for row in agreement.alphas(alone)] == ["only one judge"] * 2
    assert agreement.pairs(alone) == []


def test_a_panel_that_keeps_judges_from_their_own_leaves_nothing_to_compare() -> None:
    scores = panel(3)
    scores[:, ::3, 0] = 0
    [gpt, _] = favour.favours(record(scores))
    assert gpt.figure.value is None
    assert "nothing of its own family" in gpt.figure.words


def test_between_two_families_alone_nobody_can_say_which_favours_its_own() -> None:
    two = record(panel(1), authorships=[*WROTE[:2], WROTE[0]])
    assert {one.figure.value for one in favour.favours(two)} == {None}
    assert all("cannot be told" in one.figure.words for one in favour.favours(two))


def test_favour_is_that_of_a_regression_on_candidates_judges_and_own() -> None:
    scores = panel(4, favours=0.5, strict=0.4) * (draw(5).random((1, 300, 2, 1)) < 0.8)
    found = record(scores)
    rows, y = [], []
    for c, j in np.argwhere(~np.isnan(found.overall)):
        own = [j == 0 and c % 3 == 0, j == 1 and c % 3 == 1]
        rows.append([*(np.arange(300) == c), j == 1, *own])
        y.append(found.overall[c, j])
    theirs = np.linalg.lstsq(np.array(rows, float), np.array(y), rcond=None)[0][-2:]
    ours = [value(one.figure) for one in favour.favours(found)]
    assert ours == pytest.approx(theirs, abs=EXACT)


def test_other_judges_being_strict_elsewhere_is_no_favour() -> None:
    """A third judge, strict and asked about one author's candidates alone."""
    scores = np.concatenate([panel(6), np.zeros((2, 300, 1, 2), np.int64)], axis=2)
    scores[0, 2::3, 2] = np.maximum(scores[0, 2::3, 0] - 1, 1)
    judges = [*JUDGES, Judge("mistral-9", "mistral", False)]
    for one in favour.favours(record(scores, judges=judges)):
        assert abs(value(one.figure)) < 0.2


def test_the_matrix_marks_own_families_and_counts_a_shared_candidate_for_both() -> None:
    shared = [(WROTE[0][0], WROTE[1][0]), *WROTE[1:]]
    marked = np.zeros((300, 2), bool)
    marked[0, 0] = True
    rows = favour.matrix(record(panel(1), authorships=shared, self_judged=marked))
    assert [row.author for row in rows] == ["glm-9", "gpt-9", "qwen-9"]
    assert [[cell.own for cell in row.cells] for row in rows] == [
        [False, False],
        [True, False],
        [False, True],
    ]
    assert rows[1].cells[0].self_judged == 1
    assert [row.cells[0].mean.n for row in rows] == [100, 100, 200]
    assert sum((row.cells[0].standard or 0) for row in rows[:1]) != 0


def test_flips_are_counted_with_their_distance() -> None:
    scores = np.full((2, 30, 1, 2), 3)
    scores[1, :6, 0, 0] = 5
    scores[1, 6:9, 0, 1] = 0
    [flips] = orders.flips(record(scores))
    correctness, clarity = flips.rows
    assert (correctness.changed.value, correctness.distance.value) == (0.2, 0.4)
    assert (clarity.changed.value, clarity.changed.n) == (0.0, 27)
    assert clarity.changed.high is not None
    assert clarity.changed.high > 0.1


def test_a_judge_that_favours_the_first_shown_is_seen_at_that_place() -> None:
    random = draw(7)
    scores = random.integers(2, 4, (2, 90, 1, 2))
    places = np.stack([np.tile([0, 1, 2], 30), np.tile([2, 1, 0], 30)])[:, :, None]
    scores += (places == 0)[..., None]
    [found] = orders.places(record(scores, places=places.astype(np.int8)))
    first, _, third = found.rows
    assert [row.place for row in found.rows] == [1, 2, 3]
    assert first.shift.low is not None
    assert first.shift.low > 0.4
    assert third.shift.high is not None
    assert third.shift.high < 0
    assert sum(row.shift.value or 0 for row in found.rows) == pytest.approx(0, abs=EXACT)


def test_pairs_tell_who_flips_and_who_goes_by_the_place() -> None:
    said = Compared(
        dialogue=np.arange(20),
        judge=np.zeros(20, np.int64),
        flipped=np.arange(20) < 8,
        tied=np.arange(20) >= 18,
        named=np.where(np.arange(20) < 18, 2, 0),
        first=np.where(np.arange(20) < 8, 2, np.where(np.arange(20) < 18, 1, 0)),
    )
    [found] = orders.pairwise(record(panel(1), compared=said))
    assert (found.flipped.value, found.tied.value) == (0.4, 0.1)
    assert found.first.value == pytest.approx(26 / 36)
    assert (found.first.n, found.first.dialogues) == (36, 18)


def test_acceptance_rises_with_the_score_in_bands() -> None:
    scores = np.zeros((2, 60, 1, 2), np.int64)
    scores[0, :, 0] = np.repeat([2, 3, 5], 20)[:, None]
    accepted = np.arange(60) % 20 < np.repeat([2, 8, 18], 20)
    decided = verdicts(np.arange(60), accepted)
    [panel_bands, bands] = people.People(record(scores, verdicts=decided)).acceptance()
    assert [(band.low, band.high) for band in bands.bands] == [(2, 2.5), (3, 3.5), (4.5, 5)]
    assert [band.accepted.value for band in bands.bands] == [0.1, 0.4, 0.9]
    assert [band.accepted.n for band in bands.bands] == [20, 20, 20]
    assert len(panel_bands.bands) == 1


def test_a_record_without_anything_is_a_report_of_words() -> None:
    empty = record(np.zeros((2, 0, 0, 2), np.int64))
    report = reckon(empty).as_json()
    assert (report["judges"], report["decided"]["decisions"]) == ([], 0)


def test_a_report_is_json_without_nan() -> None:
    scores = panel(1)
    scores[:, :, 1, 1] = 0
    decided = verdicts(np.arange(60), np.arange(60) % 3 == 0)
    report = reckon(record(scores, verdicts=decided)).as_json()
    assert all(math.isfinite(number) for number in numbers(report))


def numbers(part: Any) -> list[float]:
    if isinstance(part, dict):
        return [number for one in part.values() for number in numbers(one)]
    if isinstance(part, list):
        return [number for one in part for number in numbers(one)]
    return [part] if isinstance(part, int | float) else []
