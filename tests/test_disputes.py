"""Disputes have a queue of their own: one adjudicator at a time, impartial where there is one."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from review import decisions
from review.discussion import disputes
from review.errors import Conflict, NotAllowed
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
Dispute = Callable[..., Dialogue]
SignIn = Callable[[User], Client]

DESK = "/datasets/coast/disputes/"


@pytest.fixture
def dispute(dataset: Dataset, make_dialogue: Make, claim: Claim) -> Dispute:
    """Makes a dialogue on which two people differ."""
    Dataset.objects.update(decisions_needed=2)

    def make(external_id: str, one: User, other: User) -> Dialogue:
        dialogue = make_dialogue(external_id)
        for number, person in enumerate((one, other)):
            place = claim(person)
            chosen = place.dialogue.candidates.order_by("pk")[number]
            ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
            decisions.decide(assignment=place, ruling=ruling, by=person)
        dialogue.refresh_from_db()
        assert dialogue.stage == Stage.DISPUTED
        return dialogue

    return make


def handed(dataset: Dataset, by: User) -> str | None:
    dialogue = disputes.claim_next(dataset=dataset, by=by)
    return None if dialogue is None else dialogue.external_id


def reject(dialogue: Dialogue, by: User, key: str = "") -> Decision:
    ruling = Ruling(Verdict.REJECT, reason="private")
    return decisions.adjudicate(dialogue=dialogue, ruling=ruling, by=by, idempotency_key=key)


def test_the_oldest_dispute_comes_first_and_stays_until_it_is_settled(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User
) -> None:
    first = dispute("d-1", alice, erin)
    dispute("d-2", alice, erin)
    assert [handed(dataset, bob), handed(dataset, bob)] == ["d-1", "d-1"]
    reject(first, bob)
    first.refresh_from_db()
    assert (first.held_by, first.held_until) == (None, None)
    assert handed(dataset, bob) == "d-2"


def test_two_adjudicators_are_handed_two_disputes(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User, carol: User
) -> None:
    dispute("d-1", alice, erin)
    dispute("d-2", alice, erin)
    assert [handed(dataset, bob), handed(dataset, carol)] == ["d-1", "d-2"]
    bobs, carols = (Membership.objects.get(user=person) for person in (bob, carol))
    assert (disputes.count(bobs), disputes.count(carols)) == (1, 1)


def test_what_another_holds_is_neither_taken_nor_settled(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User, carol: User
) -> None:
    dialogue = dispute("d-1", alice, erin)
    disputes.claim_next(dataset=dataset, by=bob)
    for act in (
        lambda: disputes.take(dialogue=dialogue, by=carol),
        lambda: reject(dialogue, carol),
    ):
        with pytest.raises(Conflict, match="bob looks at this dispute now"):
            act()


def test_a_hold_ends_by_itself_and_when_it_is_left(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User, carol: User
) -> None:
    dialogue = dispute("d-1", alice, erin)
    assert handed(dataset, bob) == "d-1"
    Dialogue.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert handed(dataset, carol) == "d-1"
    assert handed(dataset, bob) is None
    disputes.give_back(dialogue=dialogue, by=carol)
    assert handed(dataset, bob) == "d-1"


def test_nobody_settles_their_own_dispute_while_another_can(
    dataset: Dataset, dispute: Dispute, alice: User, bob: User, carol: User
) -> None:
    dispute("d-1", alice, bob)
    assert handed(dataset, bob) is None
    bobs = Membership.objects.get(user=bob)
    assert (disputes.count(bobs), disputes.left_to_others(bobs)) == (0, 1)
    assert handed(dataset, carol) == "d-1"


@pytest.mark.parametrize("other", ["paused", "a party too"])
def test_who_is_left_settles_even_their_own_dispute(
    dataset: Dataset, dispute: Dispute, alice: User, bob: User, carol: User, other: str
) -> None:
    dispute("d-1", carol if other == "a party too" else alice, bob)
    if other == "paused":
        Membership.objects.filter(user=carol).update(paused=True)
    assert handed(dataset, bob) == "d-1"


def test_an_annotator_is_handed_no_dispute(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, client_of: SignIn
) -> None:
    dispute("d-1", alice, erin)
    with pytest.raises(NotAllowed):
        disputes.claim_next(dataset=dataset, by=alice)
    assert client_of(alice).get(DESK).status_code == 403


def test_seconds_are_those_of_signs_of_life(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User
) -> None:
    dispute("d-1", alice, erin)
    dialogue = disputes.claim_next(dataset=dataset, by=bob)
    assert dialogue is not None
    for seconds in (20, 500):
        Dialogue.objects.update(held_active_at=timezone.now() - timedelta(seconds=seconds))
        dialogue.refresh_from_db()
        assert disputes.renew(dialogue=dialogue, by=bob)
    assert reject(dialogue, bob).seconds == pytest.approx(80, abs=2)


def test_a_repeated_adjudication_counts_once(
    dispute: Dispute, alice: User, erin: User, bob: User
) -> None:
    dialogue = dispute("d-1", alice, erin)
    assert reject(dialogue, bob, "k") == reject(dialogue, bob, "k")
    assert Decision.objects.filter(adjudication=True).count() == 1


def test_the_desk_shows_both_sides_and_answers_with_the_next(
    dispute: Dispute, alice: User, erin: User, bob: User, client_of: SignIn
) -> None:
    first = dispute("d-1", alice, erin)
    dispute("d-2", alice, erin)
    browser = client_of(bob)
    page = browser.get(DESK)
    assert page.context["dialogue"] == first
    chosen = [card.chosen_by for card in page.context["reading"].cards]
    assert chosen == [["alice"], ["erin"], []]
    assert [d.reviewer for d in page.context["sendable"]] == [alice, erin]
    ruling = {"verdict": "edit", "text": "the lighthouse in grey weather", "key": "k"}
    answer = browser.post("/datasets/coast/dialogues/d-1/adjudicate/", ruling, follow=True)
    assert answer.context["dialogue"].external_id == "d-2"
    assert "Edited" in answer.content.decode()
    first.refresh_from_db()
    assert first.approval == "adjudicated"
    saw = first.decisions.get(adjudication=True).saw
    shown = [card.view.id for card in page.context["reading"].cards]
    assert [candidate["id"] for candidate in saw["candidates"]] == shown
    assert (saw["scores"], saw["authors"], saw["retrieval"], saw["target"]) == (True,) * 4
    assert saw["decisions"] == [d.pk for d in page.context["view"].decisions]


def test_the_desk_sends_a_decision_back_and_names_what_is_missing(
    dispute: Dispute, alice: User, erin: User, bob: User, client_of: SignIn
) -> None:
    dispute("d-1", alice, erin)
    browser = client_of(bob)
    browser.get(DESK)
    address = "/datasets/coast/dialogues/d-1/adjudicate/"
    decision = Decision.objects.get(reviewer=erin).pk
    refused = browser.post(address, {"verdict": "send-back", "decision": decision})
    assert refused.status_code == 400
    assert "Say what the reviewer should look at again" in refused.content.decode()
    sent = {"verdict": "send-back", "decision": decision, "comment": "The sky?"}
    answer = browser.post(address, sent, follow=True).content.decode()
    assert "No disputes" in answer
    assert "Sent back to erin" in answer


def test_what_was_settled_meanwhile_is_said_and_the_text_kept(
    dispute: Dispute, alice: User, erin: User, bob: User, carol: User, client_of: SignIn
) -> None:
    dialogue = dispute("d-1", alice, erin)
    reject(dialogue, carol)
    ruling = {"verdict": "edit", "text": "the lighthouse in grey weather"}
    answer = client_of(bob).post("/datasets/coast/dialogues/d-1/adjudicate/", ruling)
    assert answer.status_code == 409
    assert "no longer disputed" in answer.content.decode()
    assert "the lighthouse in grey weather" in answer.content.decode()


def test_a_sign_of_life_keeps_the_hold_and_says_when_it_has_gone(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User, client_of: SignIn
) -> None:
    dialogue = dispute("d-1", alice, erin)
    browser = client_of(bob)
    browser.get(DESK)
    assert browser.post("/datasets/coast/disputes/renew/d-1/").status_code == 204
    browser.post("/datasets/coast/disputes/leave/d-1/")
    dialogue.refresh_from_db()
    assert dialogue.held_by is None
    assert browser.post("/datasets/coast/disputes/renew/d-1/").status_code == 409


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_never_handed_the_same_dispute(
    dataset: Dataset, dispute: Dispute, alice: User, erin: User, bob: User, carol: User
) -> None:
    for number in range(3):
        dispute(f"d-{number}", alice, erin)
    barrier, came = Barrier(2), []

    def work(person: User) -> None:
        barrier.wait()
        while (dialogue := disputes.claim_next(dataset=dataset, by=person)) is not None:
            reject(dialogue, person)
            came.append(dialogue.external_id)
        connection.close()

    threads = [Thread(target=work, args=[person]) for person in (bob, carol)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(came) == ["d-0", "d-1", "d-2"]
