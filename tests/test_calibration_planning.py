"""What further decisions would bring: before anybody decides, and where the next hundred help."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from generation.benchmark.report import FORM as BENCHMARK_FORM
from generation.benchmark_shown.planned import planned
from generation.measures.statistics import ASSUMED_DEVIATION, smallest_difference
from generation.models import BenchmarkReport, Run
from review import assignments
from review.agreement.estimates import Estimate, undefined
from review.calibration.conditions import Conditions
from review.calibration.draws import Draw, Moments
from review.calibration.estimating.prediction import debiased
from review.calibration.planning.certificates_ahead import certificates_ahead, chance, likely_size
from review.calibration.planning.gains import gains
from review.calibration.planning.plans import plan
from review.decisions import decide
from review.models import Certificate, Dataset, Drawn, Stage, User, Verdict, Wave
from review.progress import StageCounts
from review.rulings import Ruling

DIALOGUES, RATE = 6000, 0.7


def counted(**stages: int) -> StageCounts:
    return StageCounts({str(Stage[name.upper()]): number for name, number in stages.items()})


def line(
    name: str, low: float, high: float, *, n: int, dialogues: int, correlation: float = 0.0
) -> dict[str, Any]:
    """A line of a stored report, as far as a plan reads it."""
    known = Estimate((low + high) / 2, low, high, n, n)
    figure = known if n >= 30 else undefined("no estimate from fewer than 30", n=n)
    return {
        "name": name,
        "dialogues": dialogues,
        "rate": {
            "debiased": vars(figure),
            "correlation": correlation or None,
            "tuning": correlation,
        },
    }


def report(**basis: Any) -> dict[str, Any]:
    nothing = {"overall": None, "slices": {}, "scores": []}
    return {
        "conditions": CONDITIONS,
        "waves": [],
        "from_waves": {**nothing, **basis},
        "from_blind": nothing,
    }


CONDITIONS: dict[str, Any] = {"judges": [], "rubric": {}, "rewriters": []}
OVERALL = line("", 0.66, 0.74, n=500, dialogues=DIALOGUES, correlation=0.5)


def drawn(seed: int, n: int, scores: np.ndarray, accepts: np.ndarray) -> Draw:
    """What people said of a uniform wave, of dialogues whose truth is known."""
    chosen = np.random.default_rng(seed).choice(DIALOGUES, n, replace=False)
    return Draw(
        accepted=accepts[chosen].astype(float),
        said=scores[chosen],
        probability=np.full(n, n / DIALOGUES),
        frame=Moments.of(scores),
        uniform=True,
    )


@pytest.mark.parametrize("n", [100, 800])
def test_intervals_come_out_as_wide_as_planned(dataset: Dataset, n: int) -> None:
    """Whatever judges say, the estimate from as many decisions is as sure as the plan said."""
    lot = np.random.default_rng(8)
    accepts = lot.random(DIALOGUES) < RATE
    scores = np.clip(lot.normal(0.5 + 0.25 * accepts, 0.18), 0, 1)
    correlation = float(np.corrcoef(scores, accepts)[0, 1])
    data = report(
        overall=line("", 0.65, 0.75, n=1000, dialogues=DIALOGUES, correlation=correlation)
    )
    grounds = plan(dataset, data, stages=counted(judged=DIALOGUES)).grounds
    found = [debiased([drawn(seed, n, scores, accepts)]).share for seed in range(80)]
    widths = [(one.high or 0.0) - (one.low or 0.0) for one in found]
    assert np.mean(widths) / 2 == pytest.approx(grounds.width(n, correlation), rel=0.03)


def test_more_decisions_and_better_judges_narrow_the_interval(dataset: Dataset) -> None:
    sizes = plan(dataset, None, stages=counted(judged=5000)).sizes
    widths = np.array([size.half_widths for size in sizes])
    assert [size.dialogues for size in sizes] == [50, 100, 200, 400, 800, 1600, 5000]
    assert sizes[-1].all
    assert (np.diff(widths, axis=0) < 0).all()
    # Where all are decided no judge helps any more.
    assert (np.diff(widths[:-1], axis=1) < 0).all()


def test_a_wanted_width_says_the_fewest_dialogues_that_give_it(dataset: Dataset) -> None:
    found = plan(dataset, None, half_width=0.03, stages=counted(judged=5000))
    assert found.aim
    for column, size in zip(found.columns, found.aim.sizes, strict=True):
        assert size
        assert found.grounds.width(size.dialogues, column.correlation) <= 0.03
        assert found.grounds.width(size.dialogues - 1, column.correlation) > 0.03
    assert found.aim.sizes[0]
    assert found.aim.sizes[0].dialogues == 1068


def test_a_width_that_not_all_dialogues_give_has_no_size(dataset: Dataset) -> None:
    found = plan(dataset, None, half_width=0.03, stages=counted(judged=300))
    assert found.aim
    assert found.aim.sizes[0] is None


def test_a_dataset_without_dialogues_is_planned_in_words(dataset: Dataset) -> None:
    found = planned(dataset, None)
    assert found.plan.words.startswith("No dialogue is here yet")
    assert [size.dialogues for size in found.plan.sizes][:2] == [50, 100]
    assert found.now is None


def test_nothing_is_planned_where_nothing_waits(dataset: Dataset) -> None:
    found = plan(dataset, None, half_width=0.03, stages=counted(approved=40, rejected=9))
    assert found.words == "No dialogue waits for a decision: none is left to plan for."
    assert found.sizes == []


def test_measured_figures_take_the_place_of_assumed_ones(dataset: Dataset) -> None:
    counts = counted(judged=3000, approved=90, rejected=10)
    before = plan(dataset, None, stages=counted(judged=3000)).grounds
    grounds = plan(dataset, report(overall=OVERALL), stages=counts).grounds
    assert not any(ground.measured for ground in before.told)
    assert [ground.measured for ground in grounds.told] == [True, True, True, False]
    assert grounds.rate.value == pytest.approx(0.7, abs=0.002)
    assert grounds.approved_of(200) == 180
    assert "70% accepted unedited, as measured on 500 dialogues of waves" in grounds.rate.words


def test_a_rate_of_all_plans_no_width_of_zero(dataset: Dataset) -> None:
    data = report(overall=line("", 1.0, 1.0, n=40, dialogues=900))
    grounds = plan(dataset, data, stages=counted(judged=900)).grounds
    assert grounds.width(100, 0.0) > 0.02


def test_a_benchmark_is_planned_with_the_spread_that_the_last_one_measured(
    dataset: Dataset,
) -> None:
    assert planned(dataset, None).differences[0] == smallest_difference(40, ASSUMED_DEVIATION)
    row = {"metric": "R@10", "retriever": "words", "deviation": 0.4, "design_effect": 1.5}
    run = Run.objects.create(dataset=dataset, kind="benchmark", status="done")
    power = [{**row, "dialogues": 120, "assumed": False}]
    BenchmarkReport.objects.create(run=run, data={"form": BENCHMARK_FORM, "power": power})
    found = planned(dataset, None)
    assert found.spread.measured
    assert found.differences[0] == smallest_difference(40, 0.4, 1.5)


def test_a_hundred_more_in_a_part_are_told_of_in_a_sentence() -> None:
    german = line("de", 0.59, 0.81, n=60, dialogues=1000)
    english = line("en", 0.66, 0.74, n=440, dialogues=5000)
    found = gains(report(overall=OVERALL, slices={"language": [english, german]}))
    words, draw = found.sentences[0]
    assert words == "A hundred more in German narrow its interval from ±11 to ±6.7 points."
    assert draw == "narrow=language%3Ade&size=100"
    assert [line.gain for line in found.lines] == sorted(
        (line.gain for line in found.lines), reverse=True
    )


def test_a_part_that_nobody_decided_says_what_gives_its_first_figure() -> None:
    korean = line("ko", 0, 0, n=0, dialogues=300)
    few = line("fr", 0, 0, n=5, dialogues=20)
    found = gains(report(overall=OVERALL, slices={"language": [korean, few]}))
    by_name = {line.name: line for line in found.lines}
    assert by_name["ko"].words == "no figure yet; 30 decisions give the first"
    assert by_name["ko"].draw == "narrow=language%3Ako&size=30"
    assert "too few for one" in by_name["fr"].words
    assert by_name["ko"].overall_then is None


def test_judges_who_add_nothing_narrow_nothing() -> None:
    without = line("de", 0.6, 0.8, n=100, dialogues=400)
    against = line("de", 0.6, 0.8, n=100, dialogues=400, correlation=-0.6)
    against["rate"]["tuning"] = 0.0
    one, other = (gains(report(overall=each)).lines[0] for each in (without, against))
    assert one.then == other.then == pytest.approx(0.1 / np.sqrt(2))


def test_the_next_hundred_are_shared_out_as_neyman_would() -> None:
    """A hundred on top of none to speak of: in proportion to weight times spread."""
    spreads, weights, n = np.array([0.3, 0.5]), np.array([0.75, 0.25]), 1_000
    halves = 1.96 * spreads / np.sqrt(n)
    slices = [
        line(name, 0.5 - half, 0.5 + half, n=n, dialogues=int(weight * 400_000))
        for name, half, weight in zip(["en", "de"], halves, weights, strict=True)
    ]
    found = gains(report(overall=OVERALL, slices={"language": slices}))
    by_name = {line.name: line for line in found.lines}
    # The first thousand each gave German more than its due: all of the hundred goes to English.
    assert (by_name["en"].best_share, by_name["de"].best_share) == (100, 0)
    variance = weights**2 * spreads**2 / np.array([n + 100, n])
    assert by_name["en"].overall_then == pytest.approx(1.96 * np.sqrt(variance.sum()), rel=1e-3)


def test_a_certificate_needs_so_many_and_passes_so_often(dataset: Dataset) -> None:
    ahead = certificates_ahead(dataset, None)
    assert [line.needed for line in ahead.allowed] == [59, 93, 124]
    assert ahead.allowed[1].draws == [93, 186, 372]
    bad = np.random.default_rng(8).binomial(124, 0.02, 20_000)
    assert ahead.allowed[2].chances[1] == pytest.approx(np.mean(bad <= 2), abs=0.01)
    size = likely_size(0.02)
    assert size
    assert chance(1, 93, 0.01) < 0.8 < chance(2, 124, 0.01)
    assert likely_size(0.01) == 124
    assert likely_size(0.05) is None


@pytest.fixture
def wave(dataset: Dataset, make_dialogue: Any) -> Wave:
    """Two dialogues that score 4.5, drawn for a test."""
    wave = Wave.objects.create(dataset=dataset, number=1, kind="uniform", size=2)
    for place in range(2):
        dialogue = make_dialogue(f"d-{place}")
        Drawn.objects.create(
            wave=wave,
            dialogue=dialogue,
            candidate=dialogue.candidates.earliest("pk"),
            probability=0.5,
            place=place,
            round=0,
            score=4.5,
        )
    return wave


def scored(**blind: Any) -> dict[str, Any]:
    """A report of a wave of dialogues of which a fifth scores 4.5 and above."""
    data = report(
        scores=[
            {"low": 4.0, "high": 4.5, "dialogues": 800},
            {"low": 4.5, "high": 5.0, "dialogues": 200},
        ]
    )
    data["waves"] = [{"number": 1, "used": True, "narrowed": {}, "decided": 0}]
    if blind:
        data["from_blind"] = {"overall": None, "scores": [{"low": 4.5, **blind}]}
    return data


def test_what_is_drawn_for_a_test_counts_until_the_test_is_made(
    dataset: Dataset, wave: Wave
) -> None:
    top, *_ = certificates_ahead(dataset, scored()).scores
    assert (top.score, top.above, top.drawn, top.more) == (4.5, 0.2, 2, 5 * 57)
    steps = [{"score": 4.5, "n": 100, "bad": 2, "bound": 0.06, "passed": False}]
    wave.certificate = Certificate.objects.create(
        dataset=dataset,
        number=1,
        share=0.05,
        confidence=0.95,
        grid=[4.5],
        steps=steps,
        conditions=CONDITIONS,
        conditions_hash=Conditions.from_json(CONDITIONS).hash,
    )
    wave.save()
    top, *_ = certificates_ahead(dataset, scored()).scores
    assert (top.drawn, top.more) == (0, 5 * 59)
    assert top.bad.words == "2.0% in the last test"


def test_what_people_decide_already_is_not_completed_by_drawing_more(
    dataset: Dataset, wave: Wave, alice: User
) -> None:
    place = assignments.claim_next(dataset=dataset, by=alice)
    assert place is not None
    decide(assignment=place, ruling=Ruling(Verdict.REJECT, reason="unusable"), by=alice)
    top, *_ = certificates_ahead(dataset, scored()).scores
    assert (top.drawn, top.more) == (2, 5 * 59)


def test_the_bad_share_that_is_expected_comes_from_no_wave_that_a_test_may_use(
    dataset: Dataset, wave: Wave
) -> None:
    (assumed, *_), (measured, *_), (hopeless, *_) = (
        certificates_ahead(dataset, data).scores
        for data in (
            scored(),
            scored(decided=50, accepted={"value": 0.98}),
            scored(decided=50, accepted={"value": 0.9}),
        )
    )
    assert (assumed.bad.measured, assumed.likely) == (False, 124)
    assert measured.bad.words == "2.0% at places of the blind arm"
    assert measured.likely == likely_size(1 - 0.98)
    assert hopeless.likely_more is None
    assert "too many bad" in hopeless.words


def test_adjudicators_read_the_plan_over_the_api(
    dataset: Dataset, bob: User, program_of: Callable[[User], Client]
) -> None:
    answer = program_of(bob).get(
        f"/api/v1/datasets/{dataset.slug}/calibration/plan/?half_width=0.03"
    )
    plan = answer.json()
    assert answer.status_code == 200
    assert plan["aim"]["sizes"][0]["dialogues"] == 1068
    assert plan["sizes"][0]["smallest_difference"] == smallest_difference(40)
    assert [line["needed"] for line in plan["certificates"]["allowed"]] == [59, 93, 124]
    assert not plan["grounds"]["rate"]["measured"]


@pytest.mark.parametrize("wanted", ["three", "nan", "3"])
def test_a_half_width_that_is_none_is_refused(
    dataset: Dataset, bob: User, program_of: Callable[[User], Client], wanted: str
) -> None:
    answer = program_of(bob).get(
        f"/api/v1/datasets/{dataset.slug}/calibration/plan/?half_width={wanted}"
    )
    assert answer.status_code == 400


def test_reviewers_see_no_plan(
    dataset: Dataset, alice: User, program_of: Callable[[User], Client]
) -> None:
    answer = program_of(alice).get(f"/api/v1/datasets/{dataset.slug}/calibration/plan/")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2,5", "What ±2.5 points take"),
        ("three", "“three” is no number of points, such as 3 or 2.5."),
    ],
)
def test_the_page_answers_how_many_decisions_a_width_takes(
    dataset: Dataset, bob: User, client_of: Callable[[User], Client], typed: str, words: str
) -> None:
    page = client_of(bob).get(f"/datasets/{dataset.slug}/calibration/", {"points": typed})
    assert words in page.content.decode()
