"""A decision goes back to its reviewer for a second look, with a comment, first in line."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from review import assignments, decisions
from review.discussion import disputes, sending_back
from review.errors import Conflict, Invalid, NotAllowed
from review.models import (
    Assignment,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]


def decide(place: Assignment, ruling: Ruling) -> Decision:
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def accept(place: Assignment, number: int = 0) -> Decision:
    chosen = place.dialogue.candidates.order_by("pk")[number]
    return decide(place, Ruling(Verdict.ACCEPT, candidate_id=chosen.pk))


def send(decision: Decision, by: User, comment: str = "Look at the sky.") -> Assignment:
    return sending_back.send_back(decision=decision, comment=comment, by=by)


def test_a_dispute_that_was_sent_back_is_settled_by_the_second_look(
    make_dialogue: Make, dataset: Dataset, alice: User, erin: User, bob: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    dialogue = make_dialogue("d-1")
    accept(claim(alice), 0)
    second = decide(claim(erin), Ruling(Verdict.EDIT, text="a lighthouse in grey weather"))
    disputes.claim_next(dataset=dataset, by=bob)
    make_dialogue("d-2")
    place = send(second, bob)
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.held_by) == (Stage.JUDGED, None)
    assert claim(erin) == place
    assert (place.sent_back_by, place.sent_back_note) == (bob, "Look at the sky.")
    place.refresh_from_db()
    assert place.draft == "a lighthouse in grey weather"
    accept(place, 0)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED
    record = Decision.objects.get(verdict=Verdict.SEND_BACK)
    assert (record.reviewer, record.supersedes, record.note) == (bob, second, "Look at the sky.")


def test_it_comes_before_what_is_held_ahead_and_is_listed(
    make_dialogue: Make, dataset: Dataset, alice: User, bob: User, claim: Claim
) -> None:
    for number in range(3):
        make_dialogue(f"d-{number}")
    first = accept(claim(alice))
    in_hand = claim(alice)
    assignments.claim_ahead(dataset=dataset, by=alice)
    place = send(first, bob)
    assert list(sending_back.returned_to(alice, dataset)) == [place]
    assert claim(alice) == in_hand
    accept(in_hand)
    assert claim(alice) == place
    accept(place)
    assert not sending_back.returned_to(alice, dataset)


def test_who_does_not_come_for_it_loses_it_to_everybody(
    dialogue: Dialogue, dataset: Dataset, alice: User, erin: User, bob: User, claim: Claim
) -> None:
    place = send(accept(claim(alice)), bob)
    assert place.expires_at > timezone.now() + timedelta(days=6)
    assert assignments.claim_next(dataset=dataset, by=erin) is None
    Assignment.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert claim(erin).dialogue == dialogue


@pytest.mark.parametrize("gone", ["paused", "removed", "switched off"])
def test_who_is_gone_cannot_be_sent_anything(
    dialogue: Dialogue, alice: User, bob: User, claim: Claim, gone: str
) -> None:
    decision = accept(claim(alice))
    if gone == "paused":
        Membership.objects.filter(user=alice).update(paused=True)
    elif gone == "removed":
        Membership.objects.filter(user=alice).delete()
    else:
        User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(Conflict, match="alice is paused or no longer a member"):
        send(decision, bob)
    assert Decision.objects.standing().count() == 1


def test_what_something_was_built_on_stays(
    make_dialogue: Make, dataset: Dataset, alice: User, erin: User, bob: User, claim: Claim
) -> None:
    make_dialogue("d-0")
    released = accept(claim(alice))
    Dialogue.objects.update(released=True)
    Dataset.objects.update(decisions_needed=2)
    dialogue = make_dialogue("d-1")
    settled = accept(claim(alice), 0)
    accept(claim(erin), 1)
    decisions.adjudicate(dialogue=dialogue, ruling=Ruling(Verdict.EDIT, text="so"), by=bob)
    came = sending_back.send_back_many(decisions=[released, settled], comment="Again.", by=bob)
    assert came.sent == 0
    assert "part of a release" in came.refused[0]
    assert "adjudicator has settled" in came.refused[1]


def test_it_takes_an_adjudicator_and_a_comment_and_works_once(
    dialogue: Dialogue, alice: User, erin: User, bob: User, claim: Claim
) -> None:
    decision = accept(claim(alice))
    with pytest.raises(NotAllowed):
        send(decision, erin)
    with pytest.raises(Invalid):
        send(decision, bob, "  ")
    send(decision, bob)
    with pytest.raises(Conflict, match="taken back already"):
        send(decision, bob)


def test_many_go_back_at_once(
    make_dialogue: Make, dataset: Dataset, alice: User, carol: User, claim: Claim
) -> None:
    for number in range(3):
        make_dialogue(f"d-{number}")
        accept(claim(alice))
    standing = list(Decision.objects.standing())
    came = sending_back.send_back_many(decisions=standing, comment="New guidelines.", by=carol)
    assert (came.sent, came.refused) == (3, [])
    assert sending_back.returned_to(alice, dataset).count() == 3


@pytest.mark.django_db(transaction=True)
def test_sent_back_and_settled_at_once_one_of_the_two_holds(
    dialogue: Dialogue, alice: User, erin: User, bob: User, carol: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    first = accept(claim(alice), 0)
    accept(claim(erin), 1)
    barrier, refused = Barrier(2), []

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
        except Conflict as error:
            refused.append(error)
        connection.close()

    ruling = Ruling(Verdict.REJECT, reason="private")
    acts = [
        lambda: send(first, bob),
        lambda: decisions.adjudicate(dialogue=dialogue, ruling=ruling, by=carol),
    ]
    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 1
    dialogue.refresh_from_db()
    sent_back = Decision.objects.filter(verdict=Verdict.SEND_BACK).exists()
    assert dialogue.stage == (Stage.JUDGED if sent_back else Stage.REJECTED)
