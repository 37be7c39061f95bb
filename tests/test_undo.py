"""A decision can be taken back until an adjudicator or a release has built on it."""

from collections.abc import Callable

import pytest

from review import decisions
from review.assignments import claim_ahead
from review.errors import Conflict
from review.models import Assignment, Dataset, Decision, Dialogue, Stage, User, Verdict
from review.rulings import Ruling
from review.undoing import undo

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]


def accept(place: Assignment) -> Decision:
    chosen = place.dialogue.candidates.order_by("pk")[0]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def test_undo_adds_a_record_and_reopens_the_dialogue(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    decision = accept(claim(alice))
    place = undo(decision=decision, by=alice)
    dialogue.refresh_from_db()
    assert place.is_open()
    assert (dialogue.stage, dialogue.approved_candidate) == (Stage.JUDGED, None)
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["accept", "undo"]
    assert not Decision.objects.standing().exists()


def test_after_undo_the_same_place_decides_again(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = undo(decision=accept(claim(alice)), by=alice)
    decisions.decide(assignment=place, ruling=Ruling(Verdict.REJECT, reason="ambiguous"), by=alice)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.REJECTED


def test_undo_puts_the_dialogue_that_came_next_behind(
    make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    decision = accept(claim(alice))
    following = claim(alice)
    place = undo(decision=decision, by=alice)
    assert claim(alice) == place
    assert claim_ahead(dataset=place.dialogue.dataset, by=alice) == following


def test_an_undo_that_is_refused_leaves_the_next_dialogue_in_hand(
    make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    decision = accept(claim(alice))
    following = claim(alice)
    Dialogue.objects.filter(external_id="d-1").update(released=True)
    with pytest.raises(Conflict, match="part of a release"):
        undo(decision=decision, by=alice)
    assert list(Assignment.objects.held_by(alice)) == [following]


def test_a_skip_can_be_taken_back(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    skipped = decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.SKIP), by=alice)
    assert undo(decision=skipped, by=alice).is_open()


def test_a_skip_stays_once_somebody_else_took_the_place(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    skipped = decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.SKIP), by=alice)
    claim(erin)
    with pytest.raises(Conflict, match="Somebody else has taken"):
        undo(decision=skipped, by=alice)


def test_nobody_takes_back_anothers_decision(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    decision = accept(claim(alice))
    with pytest.raises(Conflict, match="Only your own decision"):
        undo(decision=decision, by=erin)


def test_a_decision_is_taken_back_once(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    decision = accept(claim(alice))
    undo(decision=decision, by=alice)
    with pytest.raises(Conflict, match="taken back already"):
        undo(decision=decision, by=alice)


def test_an_adjudicated_dialogue_keeps_its_decisions(
    dialogue: Dialogue, alice: User, bob: User, erin: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    decision = accept(claim(alice))
    decisions.decide(
        assignment=claim(erin), ruling=Ruling(Verdict.REJECT, reason="ambiguous"), by=erin
    )
    decisions.adjudicate(dialogue=dialogue, ruling=Ruling(Verdict.EDIT, text="so"), by=bob)
    with pytest.raises(Conflict, match="An adjudicator has settled"):
        undo(decision=decision, by=alice)


def test_a_wish_for_more_is_taken_back_until_the_models_have_written(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    accept(claim(erin))
    place = claim(alice)
    wish = decisions.decide(
        assignment=place, ruling=Ruling(Verdict.MORE, note="name the colour"), by=alice
    )
    assert undo(decision=wish, by=alice) == place
    dialogue.refresh_from_db()
    assert (dialogue.round, dialogue.note_to_models, dialogue.places_taken) == (0, "", 2)
    accept(claim(alice))
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED


def test_a_wish_for_more_stays_once_the_models_have_written(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    wish = decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.MORE), by=alice)
    Dialogue.objects.update(stage=Stage.PROPOSED)
    with pytest.raises(Conflict, match="The models have written since"):
        undo(decision=wish, by=alice)
