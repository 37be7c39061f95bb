"""The report on how far judges may be trusted: what it is reckoned from, figure by figure."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from review.agreement.estimates import Estimate, share
from review.calibration.conditions import present
from review.calibration.estimating import drifting, stored, telling
from review.calibration.estimating.drifting import Said
from review.calibration.estimating.from_blind import read_blind
from review.calibration.estimating.reckoning import reckon, summary
from review.calibration.estimating.stored import CALIBRATION
from review.calibration.report import Basis, Line, Report
from review.calibration.sampling import drawing, following, waves
from review.decisions import decide
from review.lots import lot
from review.models import (
    Arm,
    Assignment,
    CalibrationReport,
    Candidate,
    CandidateKind,
    Criterion,
    Dataset,
    Decision,
    Dialogue,
    Judgement,
    PlaceState,
    Stage,
    User,
    Verdict,
    Wave,
)
from review.report_tasks import compute_calibration, sweep_reports
from review.reports import FRESH
from review.rulings import Ruling
from review.scoring import refresh_scores

SignIn = Callable[[User], Client]
ADDRESS = "/api/v1/datasets/coast/calibration/"
EXACT = 1e-9
# Scores of a dialogue's first candidate on every criterion; the second has one less.
SCORES = (5, 4, 3, 2)


def fill(dataset: Dataset, number: int, scores: Sequence[int] = SCORES) -> list[Dialogue]:
    """Scored dialogues that wait, whose first candidate is the panel's best."""
    dialogues = Dialogue.objects.bulk_create(
        Dialogue(
            dataset=dataset,
            external_id=f"d-{n:03}",
            turns=[{"role": "user", "text": "that one"}] * (1 + 2 * (n % 2)),
            final_query="that one",
            content_hash=str(n),
            stage=Stage.JUDGED,
            language="de" if n % 3 == 0 else "en",
        )
        for n in range(number)
    )
    candidates = Candidate.objects.bulk_create(
        Candidate(
            dialogue=dialogue,
            text=f"text {rank}",
            text_key=str(rank),
            author="writer",
            kind=CandidateKind.MODEL,
        )
        for dialogue in dialogues
        for rank in range(2)
    )
    Judgement.objects.bulk_create(
        Judgement(
            candidate=candidate,
            judge="critic",
            criterion=criterion,
            score=scores[n // 2 % len(scores)] - n % 2,
            prompt_hash="j",
        )
        for n, candidate in enumerate(candidates)
        for criterion in Criterion.values
    )
    refresh_scores(dialogues)
    return dialogues


def draw(dataset: Dataset, size: int, **asked: Any) -> Wave:
    wave = waves.draw(dataset=dataset, **{"kind": "uniform", "size": size, **asked})
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert not wave.failure
    return wave


def say(
    dialogue: Dialogue,
    who: User,
    *,
    accepts: bool = True,
    when: datetime | None = None,
    arm: Arm = Arm.BLIND,
    **fields: Any,
) -> Decision:
    """A decision as the record would have it, without the way through the desk."""
    first, second, *_ = dialogue.candidates.order_by("pk")
    now = when or timezone.now()
    drawn = fields.pop("drawn", hasattr(dialogue, "drawn"))
    place = None
    if not fields.get("adjudication"):
        place = Assignment.objects.create(
            dialogue=dialogue,
            reviewer=who,
            place=dialogue.assignments.count(),
            state=PlaceState.DECIDED,
            arm=arm,
            drawn=drawn,
            round=fields.get("round", 0),
            claimed_at=now,
            expires_at=now,
            ended_at=now,
        )
    saw = {"scores": fields.pop("scores", arm != Arm.BLIND)}
    values = {"verdict": Verdict.ACCEPT, "candidate": first if accepts else second, **fields}
    return Decision.objects.create(
        dialogue=dialogue,
        assignment=place,
        reviewer=who,
        seconds=10,
        created=now,
        saw={**saw, "candidates": [{"id": first.pk}, {"id": second.pk}]},
        policy={"arms": {"blind": 0.5}},
        **values,
    )


def value(estimate: Estimate) -> float:
    assert estimate.value is not None, estimate.words
    return estimate.value


def overall(basis: Basis) -> Line:
    assert basis.overall is not None
    return basis.overall


@pytest.fixture
def drawn(dataset: Dataset, alice: User) -> list[Dialogue]:
    """All of forty dialogues, with scores of 5, 4, 3 and 2, drawn in one wave."""
    fill(dataset, 40)
    draw(dataset, 40)
    return list(dataset.dialogues.order_by("pk").select_related("drawn"))


def test_each_figure_is_what_a_hand_would_reckon(
    dataset: Dataset, drawn: list[Dialogue], alice: User
) -> None:
    """Of each score ten. Alice accepts 10 of those with 5, 8 of 4, 4 of 3, and 0 of nine with 2;
    the tenth is not decided."""
    accepted = {5: 10, 4: 8, 3: 4, 2: 0}
    for n, dialogue in enumerate(drawn[:-1]):
        say(dialogue, alice, accepts=n // 4 < accepted[SCORES[n % 4]])
    found = reckon(dataset)
    [wave] = found.waves
    assert (wave.dialogues, wave.drawn, wave.decided) == (40, 40, 39)
    assert (wave.waiting, wave.skipped, wave.uncounted) == (1, 0, 0)
    assert (wave.lowest_probability, wave.highest_probability) == (1, 1)
    assert (wave.used, wave.words) == (True, "")
    basis = found.from_waves
    assert (basis.words, basis.left_out) == ("", [])
    line = overall(basis)
    assert (line.dialogues, line.rate.missing) == (40, 1)
    assert value(line.rate.people) == pytest.approx(22 / 39)
    # Pass marks are 4 on every criterion that has the greatest weight, so 5 and 4 pass.
    assert value(line.rate.judges) == pytest.approx(dataset_passes(dataset))
    # 22 accepted against 17 others: of 5 against 2, 3, 4: 10 x 17; of 4: 8 x (15 + 2/2); of 3:
    # 4 x (9 + 6/2).
    assert value(line.auc) == pytest.approx((10 * 17 + 8 * (15 + 1) + 4 * (9 + 3)) / (22 * 17))
    assert {one.name: one.rate.people.n for one in basis.slices["language"]} == {"de": 13, "en": 26}
    assert {one.name: one.dialogues for one in basis.slices["turns"]} == {"1-2": 20, "3-4": 20}
    assert [one.name for one in basis.slices["rewriter"]] == ["writer"]
    assert [one.name for one in basis.criteria] == list(Criterion.values)
    assert value(basis.criteria[0].rate.people) == pytest.approx(22 / 39)
    bins = {one.low: one for one in basis.scores if one.dialogues}
    assert {low: (one.dialogues, one.decided) for low, one in bins.items()} == {
        2: (10, 9), 3: (10, 10), 4: (10, 10), 4.75: (10, 10),
    }  # fmt: skip
    assert value(bins[4].accepted) == pytest.approx(0.8)
    [week] = basis.weeks
    assert (week.decided, value(week.people)) == (39, pytest.approx(22 / 39))
    assert "fewer than 3 weeks" in basis.drift
    assert basis.alternative.annotators[0].reviewer == "alice"
    assert found.from_blind.words == "The policy makes no place blind."


def dataset_passes(dataset: Dataset) -> float:
    tops = Candidate.objects.filter(dialogue__dataset=dataset, text_key="0")
    return tops.filter(passes=True).count() / tops.count()


def test_a_wave_decided_at_the_desk_finds_what_people_would_accept(
    dataset: Dataset, alice: User, claim: Callable[[User], Assignment]
) -> None:
    dialogues = fill(dataset, 300)
    accepted = {
        one.pk: lot("truth", one.external_id) < (0.95, 0.8, 0.5, 0.2)[n % 4]
        for n, one in enumerate(dialogues)
    }
    draw(dataset, 60)
    for _ in range(60):
        place = claim(alice)
        assert place.drawn
        first, second = place.dialogue.candidates.order_by("pk")
        chosen = first if accepted[place.dialogue_id] else second
        decide(assignment=place, ruling=Ruling(Verdict.ACCEPT, chosen.pk), by=alice)
    found = reckon(dataset)
    line = overall(found.from_waves)
    assert (found.waves[0].decided, line.dialogues) == (60, 300)
    rate = line.rate.debiased
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < sum(accepted.values()) / 300 < rate.high
    assert line.rate.people.low is not None
    assert line.rate.people.high is not None
    assert rate.high - rate.low < line.rate.people.high - line.rate.people.low
    assert line.rate.worth is not None
    assert line.rate.worth > 60


def test_decisions_that_do_not_count_are_told_of_with_why(
    dataset: Dataset, drawn: list[Dialogue], alice: User, bob: User
) -> None:
    for dialogue in drawn[:5]:
        say(dialogue, alice)
    say(drawn[5], bob, adjudication=True)
    say(drawn[6], alice, arm=Arm.PLAIN)
    say(drawn[7], alice, arm=Arm.PLAIN)
    say(drawn[8], alice, round=1)
    better = say(drawn[9], alice)
    Candidate.objects.filter(dialogue=drawn[9], text_key="1").update(panel_score=5)
    Candidate.objects.filter(dialogue=drawn[9], text_key="0").update(panel_score=4)
    say(drawn[10], alice, verdict=Verdict.SKIP, candidate=None)
    back = say(drawn[11], alice)
    Decision.objects.create(
        dialogue=drawn[11],
        assignment=back.assignment,
        reviewer=alice,
        verdict=Verdict.UNDO,
        supersedes=back,
        seconds=0,
    )
    Assignment.objects.filter(decisions__verdict=Verdict.SKIP).update(state=PlaceState.SKIPPED)
    found = reckon(dataset)
    assert better.candidate_id
    [wave] = found.waves
    assert (wave.decided, wave.uncounted, wave.skipped, wave.waiting) == (5, 5, 1, 29)
    assert found.from_waves.left_out == [
        "1 decision does not count: it was made by adjudicators.",
        "2 decisions do not count: they were made with scores in sight.",
        "1 decision does not count: it was made in another round.",
        "1 decision does not count: it was made where the panel's best candidate is another now.",
    ]
    assert "of 40 drawn 5 are decided" in found.from_waves.words


def test_what_comes_to_people_after_its_wave_was_closed_is_of_no_sample(
    dataset: Dataset, drawn: list[Dialogue], alice: User
) -> None:
    wave = dataset.waves.get()
    say(drawn[0], alice)
    say(drawn[1], alice, drawn=False, when=wave.created - timedelta(minutes=1))
    waves.close(wave=wave)
    say(drawn[2], alice, drawn=False)
    found = reckon(dataset)
    assert (found.waves[0].decided, following.line(wave).decided) == (2, 2)
    assert found.from_waves.left_out == [
        "1 decision does not count: it was made at places that were not drawn."
    ]


def test_further_candidates_that_a_reviewer_finds_right_are_accepted_too(
    dataset: Dataset, drawn: list[Dialogue], alice: User, erin: User
) -> None:
    one, both, split, more = drawn[:4]
    say(one, alice)
    say(both, alice, accepts=False).also.add(both.candidates.earliest("pk"))
    say(split, alice)
    say(split, erin, accepts=False)
    say(more, alice, verdict=Verdict.MORE, candidate=None)
    Dialogue.objects.filter(pk=more.pk).update(round=1)
    found = overall(reckon(dataset).from_waves)
    assert (value(found.rate.people), found.rate.people.n) == (pytest.approx(2.5 / 4), 4)


def test_waves_that_do_not_count_say_why(dataset: Dataset, alice: User) -> None:
    assert reckon(dataset).from_waves.words == "No dialogue is scored yet: run judges first."
    dialogues = fill(dataset, 60)
    assert reckon(dataset).from_waves.words == "Nothing is drawn yet: draw a wave."
    narrowed = draw(dataset, 10, narrowed={"language": "de"})
    asked = waves.draw(dataset=dataset, kind="uniform", size=10)
    for dialogue in dialogues:
        dialogue.refresh_from_db()
        if dialogue.drawn_place is not None:
            say(dialogue, alice, drawn=True)
    first, second = reckon(dataset).waves
    assert (first.number, first.decided) == (narrowed.number, 10)
    assert first.words == "It was drawn from language German alone, and counts in that line alone."
    assert (second.number, second.words) == (asked.number, "It is still being drawn.")
    basis = reckon(dataset).from_waves
    assert basis.words == "Only waves of single parts count: draw one from the whole dataset."
    assert basis.overall is None
    assert [(line.name, line.dialogues) for line in basis.slices["language"]] == [("de", 20)]
    assert basis.slices["turns"] == []
    Judgement.objects.update(prompt_hash="new")
    first, second = reckon(dataset).waves
    assert (first.decided, first.used) == (10, False)
    assert (
        "It was drawn under other conditions. The judge critic has another prompt." in first.words
    )
    assert (
        "10 decisions do not count: they were made in waves"
        in (reckon(dataset).from_waves.left_out[0])
    )


def test_blind_places_are_a_sample_of_what_reviewers_decided(
    dataset: Dataset, alice: User, erin: User
) -> None:
    """Of forty dialogues twenty are blind; two reviewers share the first four of them."""
    dialogues = fill(dataset, 50)
    Dataset.objects.update(arms={"blind": 0.5})
    dataset.refresh_from_db()
    for n, dialogue in enumerate(dialogues[:40]):
        say(dialogue, alice, accepts=n % 4 != 0, arm=Arm.BLIND if n % 8 < 4 else Arm.PLAIN)
    say(dialogues[40], alice, when=timezone.now() - timedelta(days=9))
    found = reckon(dataset).from_blind
    line = overall(found)
    assert (line.dialogues, line.rate.people.n) == (40, 20)
    assert value(line.rate.people) == pytest.approx(15 / 20)
    assert found.left_out == [
        "1 decision does not count: it was made before the present judges first scored.",
        "20 decisions do not count: they were made with scores in sight.",
    ]
    assert "of 20 drawn 20 are decided" in found.words
    for dialogue in dialogues[4:8]:
        say(dialogue, erin, accepts=False)
    again = overall(reckon(dataset).from_blind)
    assert (again.dialogues, again.rate.people.n) == (40, 24)
    assert again.rate.missing == 0


def test_who_asked_for_more_is_counted_in_the_round_they_saw(dataset: Dataset, alice: User) -> None:
    """New candidates may be better: what was offered then is what was refused."""
    dialogues = fill(dataset, 12)
    Dataset.objects.update(arms={"blind": 0.5})
    for dialogue in dialogues[:10]:
        say(dialogue, alice)
    moved = dialogues[10]
    say(moved, alice, verdict=Verdict.MORE, candidate=None)
    Dialogue.objects.filter(pk=moved.pk).update(round=1)
    third = Candidate.objects.create(
        dialogue=moved, text="new", text_key="n", author="writer", kind="model", round=1,
        panel_score=5, passes=True,
    )  # fmt: skip
    say(moved, alice, round=1, candidate=third)
    found = reckon(Dataset.objects.get()).from_blind
    assert value(overall(found).rate.people) == pytest.approx(10 / 11)
    assert found.left_out == ["1 decision does not count: it was made in another round."]


def test_where_all_places_are_alike_probabilities_are_and_otherwise_not(
    dataset: Dataset, alice: User, erin: User
) -> None:
    dialogues = fill(dataset, 12)
    for dialogue in dialogues:
        say(dialogue, alice)
    record = read_blind(dataset, present(dataset)).record
    assert record.samples[0].uniform
    assert record.samples[0].frame.dialogues == 12
    say(dialogues[0], erin)
    record = read_blind(dataset, present(dataset)).record
    assert not record.samples[0].uniform
    assert record.probability.tolist() == [0.75] + [0.5] * 11


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


def wide(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def undefined_nowhere(part: Any) -> None:
    """Every figure has words where it has no value or no interval, and none of no width."""
    if isinstance(part, dict):
        if {"value", "low", "high", "words"} <= part.keys():
            assert part["low"] is not None or part["words"], part
            assert part["low"] is None or part["low"] < part["high"], part
        for one in part.values():
            undefined_nowhere(one)
    elif isinstance(part, list):
        for one in part:
            undefined_nowhere(one)


def as_json(report: Report) -> Any:
    return json.loads(json.dumps(report.as_json(), allow_nan=False))


@pytest.mark.parametrize("decided", [0, 1, 12, 40])
@pytest.mark.parametrize("scores", [SCORES, (4,)])
def test_a_report_is_never_nan_and_says_in_words_what_it_cannot_tell(
    dataset: Dataset, alice: User, decided: int, scores: Sequence[int]
) -> None:
    fill(dataset, 45, scores)
    draw(dataset, 40)
    for dialogue in dataset.dialogues.filter(drawn__isnull=False)[:decided]:
        say(dialogue, alice, drawn=True)
    found = as_json(reckon(dataset))
    undefined_nowhere(found)
    assert found["form"] == 1


def test_a_release_names_no_reviewer(
    dataset: Dataset, drawn: list[Dialogue], alice: User, erin: User, bob: User
) -> None:
    for dialogue in drawn[:35]:
        for who in (alice, erin, bob):
            say(dialogue, who)
    found = reckon(dataset)
    assert {one.reviewer for one in found.from_waves.alternative.annotators} == {
        "alice", "erin", "bob",
    }  # fmt: skip
    told = json.dumps(summary(found), allow_nan=False)
    assert "alice" not in told
    assert summary(found)["from_waves"]["alternative"]["reviewers"] == 3


@pytest.fixture
def large(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset, drawn: list[Dialogue], alice: User
) -> list[int]:
    """So much that a worker reckons; the datasets that were sent to it."""
    sent: list[int] = []
    monkeypatch.setattr(stored, "MOST_LIVE", 10)
    monkeypatch.setattr(compute_calibration, "delay_on_commit", sent.append)
    for dialogue in drawn[:20]:
        say(dialogue, alice)
    return sent


def test_programs_read_the_stored_report_with_its_time_and_ask_for_it_anew(
    dataset: Dataset, large: list[int], drawn: list[Dialogue], bob: User, alice: User,
    program_of: SignIn,
) -> None:  # fmt: skip
    program = program_of(bob)
    # The draw has asked for the first one.
    assert program.get(ADDRESS).json() == {
        "state": "missing", "awaited": True, "computed": None, "newer": 0, "conditions": None,
        "waves": None, "from_waves": None, "from_blind": None,
    }  # fmt: skip
    assert program.post(ADDRESS).status_code == 202
    assert large == [dataset.pk]
    compute_calibration(dataset.pk)
    say(drawn[30], alice)
    found = program.get(ADDRESS).json()
    assert (found["state"], found["newer"]) == ("stored", 1)
    assert found["computed"]
    assert found["waves"][0]["decided"] == 20
    assert found["from_waves"]["overall"]["rate"]["people"]["n"] == 20
    assert program_of(alice).get(ADDRESS).status_code == 403


def test_a_stored_report_is_taken_up_again_after_decisions_and_draws(
    dataset: Dataset, large: list[int], drawn: list[Dialogue], carol: User, alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sent: list[tuple[int]] = []
    monkeypatch.setattr(compute_calibration, "apply_async", lambda names, **_: sent.append(names))
    CALIBRATION.ask(dataset=dataset, by=carol)
    compute_calibration(dataset.pk)
    old = timezone.now() - 2 * FRESH
    CalibrationReport.objects.update(computed=old)
    Decision.objects.update(created=old - FRESH)
    Wave.objects.update(drawn_at=old - FRESH)
    sweep_reports()
    assert sent == []
    Wave.objects.update(drawn_at=timezone.now())
    sweep_reports()
    assert sent == [(dataset.pk,)]
