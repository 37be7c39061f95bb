"""What was drawn for calibration is handed out before all else, without the scores, and its
decisions are told from those that do not count."""

import json
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.test import Client

from review import assignments, decisions, undoing, visibility
from review.agreement import reading
from review.calibration.sampling import drawing, following, waves
from review.errors import Conflict
from review.models import (
    Arm,
    Assignment,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    Purpose,
    User,
    Verdict,
    Wave,
)
from review.rulings import Ruling

Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]


def wave_of(dataset: Dataset, size: int, **asked: Any) -> Wave:
    waves.draw(dataset=dataset, kind="uniform", size=size, **asked)
    drawing.carry_out(dataset)
    return dataset.waves.latest("number")


def decide(place: Assignment, verdict: Verdict = Verdict.ACCEPT) -> Decision:
    top = place.dialogue.candidates.earliest("pk")
    ruling = Ruling(verdict=verdict, candidate_id=top.pk if verdict == "accept" else None)
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def test_what_was_drawn_comes_first_in_the_order_of_the_draw(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User, erin: User
) -> None:
    Dataset.objects.update(decisions_needed=2)
    make_dialogue("begun")
    claim(erin)
    for n in range(4):
        make_dialogue(f"d-{n}")
    wave = wave_of(dataset, 2)
    in_order = [row.dialogue_id for row in wave.drawn.all()]
    handed = []
    for _ in range(3):
        place = claim(alice)
        handed.append(place.dialogue_id)
        decide(place)
    begun = Dialogue.objects.get(external_id="begun")
    assert handed == [*in_order, begun.pk]
    # Another reviewer gives the second decisions of the wave before anything else.
    decide(erin.assignments.get(dialogue=begun))
    assert [decide(claim(erin)).dialogue_id for _ in range(2)] == in_order


def test_a_wave_waits_for_those_who_read_its_language(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User
) -> None:
    make_dialogue("d-1", language="de")
    wave_of(dataset, 1)
    plain = make_dialogue("d-2", language="en")
    Membership.objects.filter(user=alice).update(languages=["en"])
    assert claim(alice).dialogue == plain


def test_its_places_hide_scores_and_their_order_and_tell_nothing_else(
    dataset: Dataset,
    make_dialogue: Make,
    alice: User,
    client_of: Callable[[User], Client],
    program_of: Callable[[User], Client],
) -> None:
    Dataset.objects.update(arms={"unaided": 1.0})
    make_dialogue()
    wave_of(dataset, 1)
    told = program_of(alice).post(f"/api/v1/datasets/{dataset.slug}/claim/").json()
    place = Assignment.objects.get(pk=told["assignment"])
    assert (place.drawn, place.arm, place.purpose) == (True, Arm.BLIND, Purpose.REVIEW)
    assert [one["score"] for one in told["dialogue"]["candidates"]] == [None] * 3
    assert "drawn" not in json.dumps(told)
    orders = set()
    for number in range(12):
        of_another = copy(place)
        of_another.reviewer_id = number
        orders.add(tuple(one.id for one in visibility.at_place(of_another).candidates))
    assert len(orders) > 1
    page = client_of(alice).get(f"/datasets/{dataset.slug}/desk/")
    shown = page.content.decode()
    assert page.status_code == 200
    assert "5.0" not in shown
    assert "drawn" not in shown
    assert "wave" not in shown
    decide(place)
    seen = visibility.for_reader(place.dialogue, Membership.objects.get(user=alice))
    assert {one.score for one in seen.candidates} == {5, 4, 3}


def test_arms_are_compared_without_it(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User
) -> None:
    make_dialogue()
    wave_of(dataset, 1)
    decide(claim(alice))
    record = reading.read(dataset)
    assert record.arm.tolist() == [-1]
    assert record.places == []


def test_what_became_of_a_wave_is_told(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User, erin: User, carol: User
) -> None:
    for n in range(4):
        make_dialogue(f"d-{n}")
    wave = wave_of(dataset, 4)
    seen = claim(erin)
    seen.shown["scores"] = True
    seen.save()
    decide(seen)
    decided = decide(claim(alice))
    decide(claim(alice), Verdict.SKIP)
    told = following.line(wave)
    assert (told.drawn, told.decided, told.skipped, told.uncounted, told.waiting) == (4, 1, 1, 1, 1)
    assert following.lines_of([wave]) == [told]
    undoing.undo(decision=decided, by=alice)
    assert following.line(wave).decided == 0
    held = claim(erin)
    waves.close(wave=wave, by=carol)
    wave.refresh_from_db()
    assert wave.closed_by == carol
    assert not Dialogue.objects.exclude(drawn_place=None).exists()
    closed = following.line(wave)
    assert (closed.decided, closed.waiting, closed.skipped, closed.uncounted) == (0, 2, 1, 1)
    assert "what nobody has decided is missing" in closed.words
    with pytest.raises(Conflict, match="closed already"):
        waves.close(wave=wave)
    # The place in hand stays as it was claimed, and counts.
    decide(held)
    assert following.line(wave).decided == 1


def test_more_candidates_take_it_out_of_the_wave_and_back_with_the_undo_unless_it_is_closed(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User
) -> None:
    dialogue = make_dialogue()
    wave = wave_of(dataset, 1)
    asked = decide(claim(alice), Verdict.MORE)
    dialogue.refresh_from_db()
    assert dialogue.drawn_place is None
    assert following.line(wave).decided == 1
    undoing.undo(decision=asked, by=alice)
    dialogue.refresh_from_db()
    assert dialogue.drawn_place == 10**9
    assert following.line(wave).waiting == 1
    again = decide(alice.assignments.get(), Verdict.MORE)
    waves.close(wave=wave)
    undoing.undo(decision=again, by=alice)
    dialogue.refresh_from_db()
    assert dialogue.drawn_place is None


def counted(wave: Wave) -> int:
    return following.line(wave).decided


def test_who_saw_scores_at_an_earlier_place_says_nothing_of_a_drawn_dialogue(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User
) -> None:
    make_dialogue("d-1")
    plain = claim(alice)
    visibility.record_shown(visibility.at_place(plain))
    assignments.give_back(assignment=plain)
    wave = wave_of(dataset, 1)
    place = claim(alice)
    visibility.record_shown(visibility.at_place(place))
    assert decide(place).saw["scores"] is True
    assert counted(wave) == 0


def test_who_decided_saw_the_scores_before_deciding_again(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User
) -> None:
    make_dialogue("d-1")
    wave = wave_of(dataset, 1)
    place = claim(alice)
    visibility.record_shown(visibility.at_place(place))
    first = decide(place)
    assert (first.saw["scores"], counted(wave)) == (False, 1)
    again = undoing.undo(decision=first, by=alice)
    visibility.record_shown(visibility.at_place(again))
    assert decide(again).saw["scores"] is True
    assert counted(wave) == 0


def test_scores_that_stay_hidden_until_a_dialogue_is_settled_let_a_slip_be_mended(
    dataset: Dataset, make_dialogue: Make, claim: Claim, alice: User
) -> None:
    Dataset.objects.update(decisions_needed=2, hide_until="settled")
    make_dialogue("d-1")
    wave = wave_of(dataset, 1)
    place = claim(alice)
    visibility.record_shown(visibility.at_place(place))
    again = undoing.undo(decision=decide(place), by=alice)
    visibility.record_shown(visibility.at_place(again))
    assert decide(again).saw["scores"] is False
    assert counted(wave) == 1


def test_nobody_reads_the_scores_of_what_was_drawn_before_it_is_decided(
    dataset: Dataset,
    make_dialogue: Make,
    claim: Claim,
    alice: User,
    carol: User,
    client_of: Callable[[User], Client],
    program_of: Callable[[User], Client],
) -> None:
    dialogue = make_dialogue("d-1")
    page, api = "/datasets/coast/dialogues/d-1/", "/api/v1/datasets/coast/dialogues/d-1/"

    def scores() -> set[float | None]:
        shown = program_of(carol).get(api).json()["candidates"]
        return {candidate["score"] for candidate in shown}

    assert None not in scores()
    wave_of(dataset, 1)
    assert scores() == {None}
    told = client_of(carol).get(page).content.decode()
    assert "scores show once they have decided" in told
    assert "<progress" not in told
    decide(claim(alice))
    dialogue.refresh_from_db()
    assert None not in scores()
