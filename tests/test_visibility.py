"""What a person may not see yet never reaches a page."""

from collections.abc import Callable

import pytest

from review import decisions, visibility
from review.errors import Missing
from review.models import (
    Arm,
    Assignment,
    Dataset,
    Dialogue,
    Judgement,
    Membership,
    Stage,
    User,
    Verdict,
)
from review.permissions import can_adjudicate, can_administer, can_review, dataset_for
from review.rulings import Ruling
from review.visibility import DialogueView

Claim = Callable[[User], Assignment]


def seen_by(user: User, dialogue: Dialogue) -> DialogueView:
    membership = Membership.objects.select_related("user").get(user=user)
    return visibility.for_reader(Dialogue.objects.get(pk=dialogue.pk), membership)


def decide(place: Assignment) -> None:
    ruling = Ruling(Verdict.EDIT, text="mine")
    decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def test_at_their_place_reviewers_see_candidates_best_first(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    view = visibility.at_place(claim(alice))
    assert [c.score for c in view.candidates] == [5.0, 4.0, 3.0]
    assert view.candidates[0].authors == ["writer"]
    assert view.candidates[0].judgements
    assert [image.external_id for image in view.targets()] == ["lighthouse-cloudy"]


@pytest.mark.parametrize("policy", [{"hide_scores": True}, {}])
def test_hidden_scores_show_nowhere_and_not_in_the_order(
    dialogue: Dialogue, alice: User, claim: Claim, policy: dict[str, bool]
) -> None:
    best_last = dialogue.candidates.order_by("pk").reverse()
    for rank, candidate in enumerate(best_last):
        candidate.panel_score = 5 - rank
        candidate.save()
    Dataset.objects.update(**policy) if policy else None
    place = claim(alice)
    if not policy:
        place.arm = Arm.BLIND
    view = visibility.at_place(place)
    assert all(c.score is None and not c.judgements for c in view.candidates)
    assert visibility.shown(view)["scores"] is False
    assert len({order_seen_by(place, reviewer) for reviewer in range(30)}) > 3


def order_seen_by(place: Assignment, reviewer: int) -> tuple[str, ...]:
    place.reviewer_id = reviewer
    order = [c.text for c in visibility.at_place(place).candidates]
    assert order == [c.text for c in visibility.at_place(place).candidates]
    return tuple(order)


def test_hidden_authors_are_not_in_the_view(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    Dataset.objects.update(hide_authors=True)
    view = visibility.at_place(claim(alice))
    assert all(not c.authors and not c.offline for c in view.candidates)


def test_reviewers_come_to_a_dialogue_without_the_others_decisions(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    decide(claim(alice))
    before = seen_by(erin, dialogue)
    assert (before.candidates, before.decisions, before.checks) == ([], [], [])
    at_place = visibility.at_place(claim(erin))
    assert "mine" not in [c.text for c in at_place.candidates]
    assert at_place.decisions == []


def test_after_deciding_one_sees_all(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    decide(claim(alice))
    view = seen_by(alice, dialogue)
    assert [d.reviewer for d in view.decisions] == [alice]
    assert any(c.chosen for c in view.candidates)


def test_an_adjudicator_sees_disputes_and_not_what_is_still_open(
    dialogue: Dialogue, alice: User, bob: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    decide(claim(alice))
    assert seen_by(bob, dialogue).decisions == []
    Dialogue.objects.update(stage=Stage.DISPUTED)
    assert len(seen_by(bob, dialogue).decisions) == 1


def test_an_admin_who_holds_a_place_is_a_reviewer_like_others(
    dialogue: Dialogue, alice: User, carol: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    decide(claim(alice))
    claim(carol)
    assert seen_by(carol, dialogue).decisions == []


def test_roles_may_what_they_should(
    dataset: Dataset, alice: User, bob: User, carol: User, dave: User
) -> None:
    people = [alice, bob, carol, dave]
    assert [can_review(p, dataset) for p in people] == [True, True, True, False]
    assert [can_adjudicate(p, dataset) for p in people] == [False, True, True, False]
    assert [can_administer(p, dataset) for p in people] == [False, False, True, False]


def test_to_an_outsider_a_dataset_does_not_exist(dataset: Dataset, dave: User) -> None:
    with pytest.raises(Missing, match="There is no dataset “coast” among yours"):
        dataset_for(dave, "coast")


def test_a_member_who_is_paused_or_locked_out_is_an_outsider(dataset: Dataset, bob: User) -> None:
    bob.is_active = False
    assert not can_review(bob, dataset)
    Membership.objects.filter(user=bob).update(paused=True)
    with pytest.raises(Missing):
        dataset_for(bob, "coast")


def test_hidden_authors_do_not_show_by_a_judge_of_their_family(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    Judgement.objects.update(self_judged=True)
    place = claim(alice)
    assert all(j.self_judged for c in visibility.at_place(place).candidates for j in c.judgements)
    Dataset.objects.update(hide_authors=True)
    place = Assignment.objects.select_related("dialogue__dataset").get(pk=place.pk)
    shown = [j for c in visibility.at_place(place).candidates for j in c.judgements]
    assert shown
    assert not any(judgement.self_judged for judgement in shown)
