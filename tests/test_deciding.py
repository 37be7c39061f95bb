"""What a person decides is taken once, checked, and never lost."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from review import assignments, decisions
from review.errors import Conflict, Invalid, NotAllowed, PlaceLost
from review.events import rewrite_approved
from review.models import (
    Approval,
    Assignment,
    Candidate,
    CandidateKind,
    Dataset,
    Decision,
    Dialogue,
    PlaceState,
    Stage,
    User,
    Verdict,
)
from review.rulings import LONGEST_REWRITE, Ruling

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]


REASONS = ["unusable", "no-rewrite"]


def first_candidate(dialogue: Dialogue) -> Candidate:
    return dialogue.candidates.order_by("pk")[0]


def accept(place: Assignment, candidate: Candidate | None = None, key: str = "") -> Decision:
    chosen = candidate or first_candidate(place.dialogue)
    return decisions.decide(
        assignment=place,
        ruling=Ruling(Verdict.ACCEPT, candidate_id=chosen.pk),
        by=place.reviewer,
        idempotency_key=key,
    )


def rule(place: Assignment, verdict: Verdict, **fields: str) -> Decision:
    return decisions.decide(assignment=place, ruling=Ruling(verdict, **fields), by=place.reviewer)


def test_an_accepted_candidate_is_the_approved_rewrite(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    accept(claim(alice))
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED
    assert dialogue.approved_candidate == first_candidate(dialogue)
    assert dialogue.approval == Approval.ACCEPTED


def test_an_edit_becomes_a_candidate_by_its_reviewer(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    decision = rule(claim(alice), Verdict.EDIT, text="  the lighthouse under clouds ")
    dialogue.refresh_from_db()
    written = dialogue.approved_candidate
    assert written is not None
    assert (written.text, written.reviewer, written.kind) == (
        "the lighthouse under clouds",
        alice,
        CandidateKind.PERSON,
    )
    assert decision.candidate == written
    assert dialogue.approval == Approval.EDITED


def test_an_edit_that_equals_a_candidate_is_that_candidate(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    existing = first_candidate(dialogue)
    rule(claim(alice), Verdict.EDIT, text=existing.text)
    dialogue.refresh_from_db()
    assert dialogue.approved_candidate == existing
    assert dialogue.approval == Approval.ACCEPTED


def test_equal_texts_are_equal_however_they_are_composed(
    dialogue: Dialogue, dataset: Dataset, alice: User, erin: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    rule(claim(alice), Verdict.EDIT, text="caf\u00e9 by the sea")
    rule(claim(erin), Verdict.EDIT, text="cafe\u0301 by the sea")
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED


def test_a_rejection_needs_one_of_the_datasets_reasons(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    with pytest.raises(Invalid, match="Say why you reject it: one of no-good-rewrite"):
        rule(place, Verdict.REJECT, reason="because")
    rule(place, Verdict.REJECT, reason="wrong-target", note="another beach")
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.REJECTED


def test_more_sends_the_dialogue_back_with_the_note(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    rule(claim(alice), Verdict.MORE, note="say that it is seen from the water")
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.round) == (Stage.IMPORTED, 1)
    assert dialogue.note_to_models == "say that it is seen from the water"


def test_after_more_everybody_may_judge_the_new_candidates(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    rule(claim(alice), Verdict.MORE)
    Dialogue.objects.update(stage=Stage.PROPOSED)
    assert claim(alice).round == 1


def test_a_skip_settles_nothing(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    rule(claim(alice), Verdict.SKIP, reason="cannot read Japanese")
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.places_taken) == (Stage.JUDGED, 0)


def test_people_who_differ_make_a_dispute(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    accept(claim(alice))
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.JUDGED
    rule(claim(erin), Verdict.REJECT, reason="ambiguous")
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.DISPUTED


def test_the_same_key_again_gives_the_first_decision(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    assert accept(place, key="k-1") == accept(place, key="k-1")
    assert Decision.objects.count() == 1


def test_a_repeat_gets_the_first_answer_even_when_the_dialogue_has_moved_on(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    accept(place, key="k-1")
    Dialogue.objects.update(stage=Stage.DISPUTED, approved_candidate=None)
    assert accept(place, key="k-1").stage_after == Stage.APPROVED


def test_a_key_is_good_for_one_decision_only(
    make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    accept(claim(alice), key="k-1")
    with pytest.raises(Conflict, match="key was used for another decision"):
        accept(claim(alice), key="k-1")


def test_a_key_is_good_for_one_choice_only(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    """Who changes their mind while no answer comes is not told that the second choice counts."""
    place = claim(alice)
    first, second = dialogue.candidates.order_by("pk")[:2]
    accept(place, first, key="k-1")
    with pytest.raises(Conflict, match="Send a new key"):
        accept(place, second, key="k-1")
    assert Decision.objects.get().candidate == first


@pytest.mark.parametrize(
    ("sent", "other"),
    [
        (Ruling(Verdict.EDIT, text=" a pier "), Ruling(Verdict.EDIT, text="another pier")),
        (Ruling(Verdict.REJECT, reason="unusable"), Ruling(Verdict.REJECT, reason="no-rewrite")),
        (Ruling(Verdict.SKIP, reason="tired"), Ruling(Verdict.MORE)),
        (Ruling(Verdict.MORE, note="shorter"), Ruling(Verdict.SKIP)),
    ],
)
def test_every_verdict_may_be_sent_again_as_it_was(
    dialogue: Dialogue, alice: User, claim: Claim, sent: Ruling, other: Ruling
) -> None:
    reasons = [{"code": code, "label": code, "kind": "rewrite"} for code in REASONS]
    Dataset.objects.update(reject_reasons=reasons)
    place = claim(alice)
    first, again = [
        decisions.decide(assignment=place, ruling=sent, by=alice, idempotency_key="k") for _ in "12"
    ]
    assert first == again
    with pytest.raises(Conflict, match="Send a new key"):
        decisions.decide(assignment=place, ruling=other, by=alice, idempotency_key="k")


def test_deciding_twice_without_a_key_is_refused(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    accept(place)
    with pytest.raises(Conflict, match="decided on this dialogue already"):
        rule(place, Verdict.REJECT, reason="ambiguous")


def test_text_sent_to_a_lost_place_is_kept_as_a_draft(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    assignments.give_back(assignment=place)
    with pytest.raises(PlaceLost, match="What you wrote is kept"):
        rule(place, Verdict.EDIT, text="long thought about")
    place.refresh_from_db()
    assert place.draft == "long thought about"
    assert not Decision.objects.exists()


def test_a_late_decision_counts_while_nobody_took_the_place(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    Assignment.objects.update(expires_at=timezone.now())
    accept(place)
    place.refresh_from_db()
    assert place.state == PlaceState.DECIDED


@pytest.mark.parametrize(
    ("ruling", "field", "message"),
    [
        (Ruling(Verdict.ACCEPT), "candidate", "Choose the candidate"),
        (Ruling(Verdict.ACCEPT, candidate_id=10**9), "candidate", "not among those"),
        (Ruling(Verdict.EDIT, text=" \n "), "text", "the text is empty"),
        (Ruling(Verdict.EDIT, text="a\x00b"), "text", "Character 2 of the text is a control"),
        (Ruling(Verdict.EDIT, text="a" * (LONGEST_REWRITE + 1)), "text", "the most is 2,000"),
        (Ruling(Verdict.SKIP, reason="x" * 65), "reason", "the most is 64"),
    ],
)
def test_what_does_not_fit_its_verdict_is_named(
    dialogue: Dialogue, alice: User, claim: Claim, ruling: Ruling, field: str, message: str
) -> None:
    place = claim(alice)
    with pytest.raises(Invalid, match=message) as caught:
        decisions.decide(assignment=place, ruling=ruling, by=alice)
    assert caught.value.field == field
    place.refresh_from_db()
    assert place.is_open()


def test_nobody_accepts_what_they_were_not_shown(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    place = claim(alice)
    late = Candidate.objects.create(
        dialogue=dialogue, text="late", text_key="late", author="x", kind=CandidateKind.MODEL
    )
    with pytest.raises(Invalid, match="not among those you were shown"):
        accept(place, late)


def test_a_decision_keeps_what_its_reviewer_saw(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    decision = accept(claim(alice))
    offered = list(dialogue.candidates.values_list("pk", "panel_score"))
    assert [(c["id"], c["score"]) for c in decision.saw["candidates"]] == offered
    assert decision.saw["scores"] is True
    assert decision.policy["decisions_needed"] == 1
    assert decision.seconds >= 0


def test_an_adjudicator_settles_a_dispute(
    dialogue: Dialogue, alice: User, bob: User, erin: User, claim: Claim
) -> None:
    _dispute(alice, erin, claim)
    decisions.adjudicate(dialogue=dialogue, ruling=Ruling(Verdict.EDIT, text="settled so"), by=bob)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED
    assert dialogue.approval == Approval.ADJUDICATED


def test_an_annotator_settles_no_dispute(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    _dispute(alice, erin, claim)
    with pytest.raises(NotAllowed, match="Only adjudicators"):
        decisions.adjudicate(dialogue=dialogue, ruling=Ruling(Verdict.EDIT, text="mine"), by=alice)


def test_what_is_not_disputed_is_not_adjudicated(dialogue: Dialogue, bob: User) -> None:
    with pytest.raises(Conflict, match="is not disputed: it waits"):
        decisions.adjudicate(dialogue=dialogue, ruling=Ruling(Verdict.EDIT, text="mine"), by=bob)


def test_a_decision_stands_whatever_hears_of_the_approval(
    dialogue: Dialogue,
    alice: User,
    claim: Claim,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    def broken(**_: object) -> None:
        raise ConnectionError("the broker is down")

    rewrite_approved.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            accept(claim(alice))
    finally:
        rewrite_approved.disconnect(broken)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED


def test_an_approved_dialogue_without_rewrite_cannot_exist(dialogue: Dialogue) -> None:
    with pytest.raises(IntegrityError, match="dialogue_approved_has_rewrite"), transaction.atomic():
        Dialogue.objects.update(stage=Stage.APPROVED)


def _dispute(alice: User, erin: User, claim: Claim) -> None:
    Dataset.objects.update(decisions_needed=2)
    accept(claim(alice))
    rule(claim(erin), Verdict.REJECT, reason="ambiguous")
