"""Intervals hold as often as they say, and certificates err as rarely: simulations of known truth.

Each repeat draws dialogues anew, people's words and judges' scores with them, and asks the
product's own functions.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from review.calibration.certifying.spending import alone
from review.calibration.certifying.thresholds import GRID, fixed_sequence, needed
from review.calibration.draws import Draw, Moments
from review.calibration.estimating.from_blind import alike, probabilities
from review.calibration.estimating.prediction import debiased

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Random = np.random.Generator
# How easy each dialogue is, what people say, judges' score, their doubt.
Dialogues = tuple[Floats, Floats, Floats, Floats]

REPEATS = 2000
DIALOGUES = 2000


# ---- Intervals of the pass rate


def chance(easy: Floats, steep: float = 1.5, good: float = 1) -> Floats:
    """How likely people are to accept a dialogue's top."""
    return np.asarray(1 / (1 + np.exp(-good - steep * easy)))


@cache
def share(
    among: Callable[[Floats], Bools] | None = None, steep: float = 1.5, good: float = 1
) -> float:
    """The share that people accept, by integration over how easy dialogues are."""
    easy = np.linspace(-8, 8, 4001)
    weight = np.exp(-(easy**2) / 2) * (among(easy) if among else 1)
    return float(chance(easy, steep, good) @ weight / weight.sum())


def dialogues(rng: Random, *, useful: bool, number: int = DIALOGUES, good: float = 1) -> Dialogues:
    """Judges' doubt is greatest where they are wrong."""
    easy = rng.standard_normal(number)
    people = (rng.random(number) < chance(easy, good=good)).astype(float)
    score = scored(rng, easy, useful=useful)
    doubt = (np.abs(people - score) + 0.2) * rng.gamma(2, 0.5, number)
    return easy, people, score, doubt


def scored(rng: Random, easy: Floats, *, useful: bool) -> Floats:
    """Scores come in steps; useless judges see nothing of how easy dialogues are."""
    told = easy if useful else rng.standard_normal(len(easy))
    score = 0.65 + 0.12 * told + 0.08 * rng.standard_normal(len(easy))
    return np.asarray(np.round(24 * np.clip(score, 0, 1)) / 24)


def holds(draws: list[Draw], truth: float) -> bool:
    found = debiased(draws).share
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def uniform(rng: Random, people: Floats, score: Floats, number: int) -> tuple[Draw, Bools]:
    drawn = np.zeros(len(people), bool)
    drawn[rng.permutation(len(people))[:number]] = True
    probability = np.full(number, number / len(people))
    return Draw(people[drawn], score[drawn], probability, Moments.of(score), True), drawn


def informative(
    rng: Random, people: Floats, score: Floats, doubt: Floats, number: int
) -> tuple[Draw, Bools]:
    """Half goes by doubt; each dialogue is drawn by a lot of its own."""
    at_least = number / 2 / len(people)
    probability = np.minimum(1, at_least + number / 2 * doubt / doubt.sum())
    drawn = rng.random(len(people)) < probability
    sample = Draw(people[drawn], score[drawn], probability[drawn], Moments.of(score), False)
    return sample, drawn


def is_hard(easy: Floats) -> Bools:
    return easy < 0.3


def waves(rng: Random, *, useful: bool) -> dict[str, list[Draw]]:
    """What waves from the same dialogues are, alone, not yet decided, together and in a slice. Of
    the two together, the second is drawn from what the first left."""
    easy, people, score, doubt = dialogues(rng, useful=useful)
    alone, _drawn = uniform(rng, people, score, 150)
    first, drawn = informative(rng, people, score, doubt, 120)
    second, again = uniform(rng, people[~drawn], score[~drawn], 80)
    left = easy[~drawn]
    return {
        "uniform": [alone],
        "informative": [first],
        "informative, not all decided": [_without(first, rng.random(len(first.said)) < 0.3)],
        "two waves": [first, second],
        "a slice of two waves": [
            _within(first, is_hard(easy[drawn]), score[is_hard(easy)]),
            _within(second, is_hard(left[again]), score[~drawn][is_hard(left)]),
        ],
    }


def _within(draw: Draw, part: Bools, scores: Floats) -> Draw:
    sample = (draw.accepted[part], draw.said[part], draw.probability[part])
    return Draw(*sample, frame=Moments.of(scores), uniform=draw.uniform)


def _without(draw: Draw, missing: Bools) -> Draw:
    accepted = np.where(missing, np.nan, draw.accepted)
    return Draw(accepted, draw.said, draw.probability, draw.frame, draw.uniform)


@pytest.mark.parametrize("useful", [True, False], ids=["useful judges", "useless judges"])
def test_of_100_intervals_95_hold_the_truth(*, useful: bool) -> None:
    rng = np.random.default_rng(8)
    held: dict[str, int] = {}
    for _ in range(REPEATS):
        for name, draws in waves(rng, useful=useful).items():
            truth = share(is_hard) if "slice" in name else share()
            held[name] = held.get(name, 0) + holds(draws, truth)
    assert {name for name, times in held.items() if not 0.93 <= times / REPEATS <= 0.97} == set()


@pytest.mark.parametrize(("number", "times", "drawn"), [(300, 3, 60), (1000, 15, 5)])
def test_many_waves_of_few_dialogues_hold_it_too(number: int, times: int, drawn: int) -> None:
    """Whose judges tell nearly all, and tell it of the same dialogues for each wave."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(REPEATS):
        easy = rng.standard_normal(number)
        people = (rng.random(number) < chance(easy, 6)).astype(float)
        score = 0.5 + 0.15 * easy
        waves = []
        for start in range(0, times * drawn, drawn):
            left = slice(start, None)
            wave = slice(start, start + drawn)
            probability = np.full(drawn, drawn / (number - start))
            frame = Moments.of(score[left])
            waves.append(Draw(people[wave], score[wave], probability, frame, uniform=True))
        held += holds(waves, share(steep=6))
    assert 0.93 <= held / REPEATS <= 0.97


UNIFORM, INFORMATIVE, NARROWED = "uniform", "informative", "of hard ones alone"
SEQUENCES = {
    "four informative": (700, [(INFORMATIVE, 60)] * 4, 0.0),
    "four informative, not all decided": (700, [(INFORMATIVE, 60)] * 4, 0.3),
    "three informative of nearly all": (400, [(INFORMATIVE, 100)] * 3, 0.0),
    "a large informative and a uniform one": (600, [(INFORMATIVE, 200), (UNIFORM, 100)], 0.0),
    "a uniform and a large informative one": (600, [(UNIFORM, 100), (INFORMATIVE, 200)], 0.0),
    "after one of a part": (700, [(NARROWED, 150), (UNIFORM, 100), (INFORMATIVE, 100)], 0.0),
}


def sequence(
    rng: Random, there: Dialogues, plan: list[tuple[str, int]], missing: float
) -> list[Draw]:
    """Waves one after the other, each from what the earlier ones left."""
    found = []
    for kind, number in plan:
        easy, people, score, doubt = there
        if kind == INFORMATIVE:
            wave, drawn = informative(rng, people, score, doubt, number)
        else:
            among = is_hard(easy) if kind == NARROWED else np.ones(len(easy), bool)
            wave, of_them = uniform(rng, people[among], score[among], number)
            wave = replace(wave, weighs=kind == UNIFORM)
            drawn = np.zeros(len(easy), bool)
            drawn[np.flatnonzero(among)[of_them]] = True
        found.append(_without(wave, rng.random(len(wave.said)) < missing) if missing else wave)
        there = (easy[~drawn], people[~drawn], score[~drawn], doubt[~drawn])
    return found


@pytest.mark.parametrize(
    ("name", "useful"), [*((name, True) for name in SEQUENCES), ("four informative", False)]
)
def test_waves_of_what_hard_drawing_left_hold_it_for_the_whole(name: str, *, useful: bool) -> None:
    number, plan, missing = SEQUENCES[name]
    rng = np.random.default_rng(5)
    held = sum(
        holds(sequence(rng, dialogues(rng, useful=useful, number=number), plan, missing), share())
        for _ in range(REPEATS)
    )
    assert 0.93 <= held / REPEATS <= 0.97


@pytest.mark.parametrize("plan", [[(UNIFORM, 150)], [(INFORMATIVE, 100)] * 3], ids=["one", "three"])
def test_where_people_accept_nearly_all_it_holds_too(plan: list[tuple[str, int]]) -> None:
    """On the average of truths from 86% to 98%: as there are whole numbers of refused ones alone,
    at a single truth every interval holds it somewhat more or less often (Brown, Cai and DasGupta,
    2001)."""
    rng = np.random.default_rng(3)
    held = 0
    for good in np.tile(np.linspace(2.5, 4.5, 20), REPEATS // 20):
        there = dialogues(rng, useful=True, number=1000, good=good)
        held += holds(sequence(rng, there, plan, 0), share(good=good))
    assert 0.93 <= held / REPEATS <= 0.97


# ---- Places of the blind arm

# How many dialogues; how many places each has, by how easy it is; which share of places the policy
# makes blind, early and late.
BLIND = {
    "one place each": (300, lambda easy: np.full(len(easy), 1), (0.5, 0.5)),
    "two places each": (400, lambda easy: np.full(len(easy), 2), (0.3, 0.3)),
    "more places for hard ones": (400, lambda easy: 1 + (easy < 0) + (easy < -1), (0.15, 0.4)),
    "all blind at first": (200, lambda easy: 1 + (easy < 0), (1.0, 0.3)),
    "few": (250, lambda easy: 1 + (easy < 0), (0.15, 0.15)),
}


def blind(rng: Random, name: str, *, useful: bool) -> Draw:
    """By lot some places are blind; of what was said at these, each dialogue counts once."""
    number, places, (early, late) = BLIND[name]
    easy = rng.standard_normal(number)
    score = scored(rng, easy, useful=useful)
    dialogue = np.repeat(np.arange(number), places(easy))
    policy = np.where(dialogue < number // 2, early, late)
    by_lot = rng.random(len(dialogue)) < policy
    accepts = rng.random(len(dialogue)) < chance(easy)[dialogue]
    probability = probabilities(policy, dialogue, number)
    said = np.bincount(dialogue[by_lot], minlength=number)
    accepted = np.bincount(dialogue[by_lot], accepts[by_lot], minlength=number)
    drawn = said > 0
    return Draw(
        accepted[drawn] / said[drawn],
        score[drawn],
        probability[drawn],
        Moments.of(score),
        uniform=alike(probability),
    )


@pytest.mark.parametrize(
    ("name", "useful"), [*((name, True) for name in BLIND), ("more places for hard ones", False)]
)
def test_of_100_intervals_from_blind_places_95_hold_the_truth(name: str, *, useful: bool) -> None:
    rng = np.random.default_rng(2)
    held = sum(holds([blind(rng, name, useful=useful)], share()) for _ in range(REPEATS))
    assert 0.93 <= held / REPEATS <= 0.97


def test_useful_judges_make_intervals_narrower_and_useless_ones_do_not_widen_them() -> None:
    def width(*, useful: bool) -> float:
        rng = np.random.default_rng(9)
        found = [debiased(waves(rng, useful=useful)["uniform"]).share for _ in range(200)]
        return float(np.mean([(one.high or 0) - (one.low or 0) for one in found]))

    classical = 2 * 1.96 * np.sqrt(share() * (1 - share()) / 150)
    assert width(useful=True) < 0.93 * classical
    assert width(useful=False) < 1.01 * classical


# ---- Certificates


def at_the_limit(score: Floats) -> Floats:
    """Five in a hundred are bad at every score: none may be certified at less."""
    return np.full(len(score), 0.0501)


def good_above(score: Floats) -> Floats:
    """Hardly any at the top, then so many that the limit is passed soon."""
    return np.where(score >= 4.55, 0.01, np.where(score >= 4.15, 0.1, 0.2))


def good_between(score: Floats) -> Floats:
    """The highest scores are the worst, so that lower ones would do, and lowest ones not."""
    return np.where(score >= 4.75, 0.07, np.where(score >= 3.95, 0.03, 0.3))


SCORES = np.round(np.arange(2.0, 5.01, 0.1), 1)
WEIGHTS = np.exp(-((SCORES - 4.4) ** 2) / 0.4)
WEIGHTS /= WEIGHTS.sum()


def may_be_certified(truth: Callable[[Floats], Floats]) -> set[float]:
    """Scores of the grid at or above which at most one in twenty is bad."""
    bad = truth(SCORES) * WEIGHTS
    above = {at: at - 1e-9 <= SCORES for at in GRID}
    return {at for at, those in above.items() if bad[those].sum() <= 0.05 * WEIGHTS[those].sum()}


@pytest.mark.parametrize("missing", [0.0, 0.02], ids=["all decided", "some missing"])
@pytest.mark.parametrize("truth", [at_the_limit, good_above, good_between])
def test_at_most_5_of_100_certificates_are_false(
    truth: Callable[[Floats], Floats], missing: float
) -> None:
    rng = np.random.default_rng(10)
    allowed = may_be_certified(truth)
    certified = []
    for _ in range(REPEATS):
        score = rng.choice(SCORES, 600, p=WEIGHTS)
        bad = rng.random(600) < truth(score)
        undecided = rng.random(600) < missing
        _steps, threshold = fixed_sequence(score, bad | undecided, GRID, 0.05, 0.95)
        certified.append(threshold)
    given = [threshold for threshold in certified if threshold is not None]
    false = [threshold for threshold in given if threshold not in allowed]
    assert len(false) / REPEATS <= 0.05
    if truth is good_above and not missing:
        assert len(given) > REPEATS / 2


@pytest.mark.parametrize(
    ("asked", "at_most"), [([0.975, 0.95], 0.05), ([0.95, 0.95], 0.05), ([0.95, 0.92, 0.9], 0.1)]
)
@pytest.mark.parametrize("truth", [at_the_limit, good_above])
def test_of_series_of_tests_at_most_so_many_certify_anything_false(
    truth: Callable[[Floats], Floats], asked: list[float], at_most: float
) -> None:
    """Each on new waves, made while none has passed, with what earlier ones left."""
    rng = np.random.default_rng(12)
    allowed = may_be_certified(truth)
    false = 0
    for _ in range(REPEATS):
        threshold = None
        for number, confidence in enumerate(asked):
            by_itself = alone(confidence, asked[:number])
            if by_itself is None or threshold is not None:
                break
            score = rng.choice(SCORES, 300, p=WEIGHTS)
            bad = rng.random(300) < truth(score)
            _steps, threshold = fixed_sequence(score, bad, GRID, 0.05, by_itself)
        false += threshold is not None and threshold not in allowed
    assert false / REPEATS <= at_most


def test_a_first_test_has_the_whole_of_the_chance_to_err_and_none_is_left_to_another() -> None:
    assert needed(0, 0.05, alone(0.95, []) or 0) == 59
    assert alone(0.95, [0.95]) is None
    assert alone(0.97, [0.95, 0.9]) is None
    assert alone(0.95, [0.975]) == pytest.approx(0.975)
    assert alone(0.8, [0.95, 0.9]) == pytest.approx(0.9)


def test_a_test_before_all_is_decided_certifies_nothing_that_the_last_one_would_not() -> None:
    rng = np.random.default_rng(11)
    for _ in range(200):
        score = rng.choice(SCORES, 400, p=WEIGHTS)
        bad = rng.random(400) < good_above(score)
        order = rng.permutation(400)
        at_last = fixed_sequence(score, bad, GRID, 0.05, 0.95)[1]
        for decided in (300, 380, 395):
            waits = np.zeros(400, bool)
            waits[order[decided:]] = True
            threshold = fixed_sequence(score, bad | waits, GRID, 0.05, 0.95)[1]
            assert threshold is None or (at_last is not None and at_last <= threshold)
