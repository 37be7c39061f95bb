"""A policy that changes midway: what is open follows it, what is decided stays as it was."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from review import decisions, policy, tasks
from review.errors import InvalidFields, NotAllowed, PlaceLost
from review.models import (
    Approval,
    Assignment,
    Dataset,
    Decision,
    Dialogue,
    PlaceState,
    PolicyChange,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]


@pytest.fixture
def change(dataset: Dataset, carol: User) -> Callable[..., PolicyChange | None]:
    """Changes the policy as an admin, and lets open work follow it."""

    def save(**changes: Any) -> PolicyChange | None:
        changed = policy.save(dataset=dataset, changes=changes, by=carol)
        tasks.follow_policy(dataset.pk)
        dataset.refresh_from_db()
        return changed

    return save


def accept(place: Assignment, candidate: int = 0) -> Decision:
    chosen = place.dialogue.candidates.order_by("pk")[candidate]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


WRONG = [
    ({"decisions_needed": 6}, "decisions_needed", "from 1 to 5"),
    ({"decisions_needed": True}, "decisions_needed", "whole number"),
    ({"decisions_needed": "2"}, "decisions_needed", "whole number"),
    ({"quorum": 2}, "quorum", "Of 1 decision no 2 can agree"),
    ({"hide_scores": 1}, "hide_scores", "true or false"),
    ({"check_margin": 1.5}, "check_margin", "from 0 to 1"),
    ({"check_margin": float("nan")}, "check_margin", "from 0 to 1"),
    ({"leave_out_shown": "no"}, "leave_out_shown", "true or false"),
    ({"queue_order": "best"}, "queue_order", "oldest"),
    ({"arms": {"blind": 0.6, "unaided": 0.5}}, "arms", "110%"),
    ({"arms": {"plain": 0.6}}, "arms.plain", "blind"),
    ({"arms": {"blind": float("nan")}}, "arms.blind", "share"),
    ({"arms": []}, "arms", "object"),
    ({"validators": {"equal": "shout"}}, "validators.equal", "off, warn, block"),
    ({"validators": {"spelling": "warn"}}, "validators.spelling", "too-long"),
    ({"most_words": 0}, "most_words", "from 1"),
    ({"reject_reasons": []}, "reject_reasons", "1 to 9"),
    ({"reject_reasons": [{"code": "a", "label": " "}]}, "reject_reasons.0.label", "words"),
    ({"reject_reasons": [{"code": "A!", "label": "x"}]}, "reject_reasons.0.code", "lower-case"),
    ({"skip_reasons": [{"code": "a", "label": "x"}] * 2}, "skip_reasons.1.code", "two reasons"),
    ({"skip_reasons": "later"}, "skip_reasons", "list"),
    ({"control_rate": 0.6}, "control_rate", "50%"),
    ({"quiz_size": 51}, "quiz_size", "50"),
    ({"lease_minutes": 0}, "lease_minutes", "1,440"),
    ({"slug": "other"}, "slug", "A policy has no"),
]


@pytest.mark.parametrize(("changes", "field", "words"), WRONG)
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(
    changes: dict[str, Any], field: str, words: str, dataset: Dataset, carol: User
) -> None:
    before = policy.values(dataset)
    with pytest.raises(InvalidFields) as refused:
        policy.save(dataset=dataset, changes={"hide_authors": True, **changes}, by=carol)
    assert words in refused.value.fields[field]
    dataset.refresh_from_db()
    assert policy.values(dataset) == before


def test_all_faults_are_said_at_once(dataset: Dataset, carol: User) -> None:
    with pytest.raises(InvalidFields) as refused:
        policy.save(dataset=dataset, changes={"takers": "me", "quiz_pass": 2}, by=carol)
    assert list(refused.value.fields) == ["takers", "quiz_pass"]


def test_admins_alone_change_it(dataset: Dataset, bob: User) -> None:
    with pytest.raises(NotAllowed):
        policy.save(dataset=dataset, changes={"hide_scores": True}, by=bob)


def test_a_change_is_kept_with_who_made_it_and_no_change_is_none(
    dataset: Dataset, carol: User
) -> None:
    changes = {"arms": {"blind": 0.2, "no-target": 0}, "hide_scores": False}
    changed = policy.save(dataset=dataset, changes=changes, by=carol)
    assert changed is not None
    assert (changed.before, changed.after) == ({"arms": {}}, {"arms": {"blind": 0.2}})
    assert (changed.by, changed.applied is None) == (carol, False)
    assert policy.save(dataset=dataset, changes=changes, by=carol) is None


def test_another_order_moves_what_waits_and_nothing_else(
    make_dialogue: Make, dataset: Dataset, change: Any
) -> None:
    scores = {"a": 2.0, "b": 5.0, "c": 3.0}
    for name, score in scores.items():
        make_dialogue(name)
        Dialogue.objects.filter(external_id=name).update(panel_score=score)
    settled = make_dialogue("d", stage=Stage.REJECTED)
    policy.save(dataset=dataset, changes={"queue_order": "highest"}, by=(admin(dataset)))
    dataset.refresh_from_db()
    assert not dataset.queue_ordered
    assert list(policy.awaiting()) == [dataset]
    tasks.follow_policy(dataset.pk)
    waiting = Dialogue.objects.filter(stage=Stage.JUDGED).order_by("queue_key")
    assert [d.external_id for d in waiting] == ["b", "c", "a"]
    dataset.refresh_from_db()
    settled.refresh_from_db()
    assert (dataset.queue_ordered, settled.queue_key) == (True, 0)
    assert not policy.awaiting().exists()


def admin(dataset: Dataset) -> User:
    return dataset.memberships.get(role="admin").user


def test_fewer_decisions_settle_what_has_enough_and_more_leave_the_settled_alone(
    make_dialogue: Make, alice: User, bob: User, dataset: Dataset, change: Any, claim: Claim
) -> None:
    first, second = make_dialogue("d-1"), make_dialogue("d-2")
    change(decisions_needed=3)
    accept(claim(alice), 0)
    accept(claim(bob), 0)
    accept(claim(alice), 0)
    accept(claim(bob), 1)
    said = policy.consequences(dataset, {"decisions_needed": 2})
    assert said == [
        "2 dialogues have 2 decisions already and will be settled now, or go to an adjudicator "
        "where the decisions differ."
    ]
    change(decisions_needed=2)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.stage, first.approval) == (Stage.APPROVED, Approval.ACCEPTED)
    assert second.stage == Stage.DISPUTED
    assert Decision.objects.filter(policy__decisions_needed=3).count() == 4
    change(decisions_needed=5)
    first.refresh_from_db()
    assert first.stage == Stage.APPROVED


def test_who_is_at_work_comes_first_and_a_place_held_ahead_does_not(
    make_dialogue: Make, alice: User, bob: User, dataset: Dataset, change: Any, claim: Claim
) -> None:
    dialogue = make_dialogue()
    change(decisions_needed=3)
    accept(claim(alice))
    place = claim(bob)
    change(decisions_needed=1)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.JUDGED
    assert list(policy.awaiting()) == [dataset]
    Assignment.objects.filter(pk=place.pk).update(begun_at=None)
    tasks.follow_policy(dataset.pk)
    dialogue.refresh_from_db()
    place.refresh_from_db()
    assert (dialogue.stage, place.state) == (Stage.APPROVED, PlaceState.RETURNED)
    assert not policy.awaiting().exists()


def test_of_more_places_than_needed_the_last_is_lost_but_not_its_text(
    make_dialogue: Make, alice: User, bob: User, change: Any, claim: Claim
) -> None:
    dialogue = make_dialogue()
    change(decisions_needed=2)
    first, second = claim(alice), claim(bob)
    change(decisions_needed=1)
    accept(first)
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.places_taken) == (Stage.APPROVED, 1)
    with pytest.raises(PlaceLost):
        decisions.decide(assignment=second, ruling=Ruling(Verdict.EDIT, text="mine"), by=bob)
    second.refresh_from_db()
    assert second.draft == "mine"


def test_the_sweep_finds_a_change_that_nobody_followed(
    dialogue: Dialogue, dataset: Dataset, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int]] = []
    monkeypatch.setattr(tasks.follow_policy, "apply_async", lambda ids, **_: sent.append(ids))
    policy.save(dataset=dataset, changes={"queue_order": "random"}, by=carol)
    tasks.sweep_policies()
    assert sent == [(dataset.pk,)]
    tasks.follow_policy(dataset.pk)
    tasks.sweep_policies()
    assert len(sent) == 1


def test_a_reason_that_decisions_give_goes_with_a_word_and_stays_for_the_record(
    dialogue: Dialogue, alice: User, dataset: Dataset, change: Any, claim: Claim
) -> None:
    decisions.decide(
        assignment=claim(alice), ruling=Ruling(Verdict.REJECT, reason="ambiguous"), by=alice
    )
    kept = [reason for reason in dataset.reject_reasons if reason["code"] != "ambiguous"]
    assert policy.consequences(dataset, {"reject_reasons": kept}) == [
        "1 decision gives “What the user means is unclear” as the reason: it is offered no more, "
        "and stays readable there."
    ]
    change(reject_reasons=kept)
    assert "ambiguous" in [reason["code"] for reason in dataset.all_reject_reasons()]
    again = {"code": "ambiguous", "label": "Unclear", "kind": "dialogue"}
    with pytest.raises(InvalidFields, match="1 decision gives this reason as one about the rewr"):
        change(reject_reasons=[*kept, again])
    change(reject_reasons=[*kept, {**again, "kind": "rewrite"}])
    assert dataset.retired_reasons == []


def test_practice_that_nothing_is_there_for_is_named(dialogue: Dialogue, dataset: Dataset) -> None:
    said = policy.consequences(dataset, {"quiz_size": 5, "control_rate": 0.1})
    assert [sentence.split(":")[0] for sentence in said] == [
        "The quiz takes 5 dialogues with a known outcome, and there is none",
        "No dialogue has a known outcome yet",
    ]


def test_another_rule_of_the_check_says_how_many_checks_it_makes_outdated(
    dialogue: Dialogue, dataset: Dataset, alice: User, claim: Claim
) -> None:
    changes = {"check_margin": 0.01, "leave_out_shown": False}
    assert policy.consequences(dataset, changes) == []
    accept(claim(alice))
    Dialogue.objects.update(checked_at=timezone.now())
    (said,) = policy.consequences(dataset, changes)
    assert said.startswith("1 dialogue checked before keeps its outcome, and counts as outdated")
