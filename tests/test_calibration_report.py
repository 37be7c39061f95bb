"""The report on how far judges may be trusted: what it is reckoned from, figure by figure."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from review.calibration.conditions import present
from review.calibration.estimating.from_blind import read_blind
from review.calibration.estimating.reckoning import reckon, summary
from review.calibration.report import Basis, Line, Report
from review.calibration.sampling import following, waves
from review.decisions import decide
from review.lots import lot
from review.models import (
    Arm,
    Assignment,
    Candidate,
    Criterion,
    Dataset,
    Decision,
    Dialogue,
    Judgement,
    PlaceState,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling
from tests.calibration_records import SCORES, draw, fill, forty_drawn, say
from tests.figures import value

EXACT = 1e-9


def overall(basis: Basis) -> Line:
    assert basis.overall is not None
    return basis.overall


@pytest.fixture
def drawn(dataset: Dataset) -> list[Dialogue]:
    return forty_drawn(dataset)


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
    # One of them waits for a second reviewer, whose decision may count.
    settled = [dialogue.pk for dialogue in drawn[5:9]]
    Dialogue.objects.filter(pk__in=settled).update(stage=Stage.REJECTED)
    found = reckon(dataset)
    assert better.candidate_id
    [wave] = found.waves
    assert (wave.decided, wave.uncounted, wave.skipped, wave.waiting) == (5, 4, 1, 30)
    assert following.line(dataset.waves.get()).uncounted == 4
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
