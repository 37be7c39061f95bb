"""A place is handed to one reviewer at a time, and comes back by itself."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from review import assignments, decisions
from review.errors import Conflict, Missing
from review.models import (
    Assignment,
    Dataset,
    Dialogue,
    Membership,
    PlaceState,
    Role,
    Stage,
    User,
    Verdict,
)
from review.people import membership
from review.rulings import Ruling
from review.tasks import sweep_places

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]


def lapse(assignment: Assignment) -> None:
    """Lets the lease end, as if its time had passed."""
    past = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(pk=assignment.pk).update(expires_at=past)


def test_scored_dialogues_come_before_unscored_ones(
    make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_dialogue("unscored", stage=Stage.PROPOSED)
    make_dialogue("scored")
    assert claim(alice).dialogue.external_id == "scored"


def test_a_policy_can_hold_back_what_has_no_scores(
    make_dialogue: Make, dataset: Dataset, alice: User
) -> None:
    Dataset.objects.update(needs_scores=True)
    dataset.refresh_from_db()
    make_dialogue("unscored", stage=Stage.PROPOSED)
    assert assignments.claim_next(dataset=dataset, by=alice) is None


def test_what_has_no_candidates_is_not_handed_out(
    make_dialogue: Make, dataset: Dataset, alice: User
) -> None:
    make_dialogue(stage=Stage.IMPORTED)
    assert assignments.claim_next(dataset=dataset, by=alice) is None


def test_claiming_again_gives_back_ones_own_place(
    make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    first = claim(alice)
    lapse(first)
    again = claim(alice)
    assert again == first
    assert again.expires_at > timezone.now()


def test_two_people_are_handed_two_dialogues(
    make_dialogue: Make, alice: User, erin: User, claim: Claim
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    assert claim(alice).dialogue != claim(erin).dialogue


def test_a_dialogue_has_as_many_places_as_it_needs_decisions(
    dialogue: Dialogue, dataset: Dataset, alice: User, erin: User, bob: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    dataset.refresh_from_db()
    assert [claim(alice).place, claim(erin).place] == [0, 1]
    assert assignments.claim_next(dataset=dataset, by=bob) is None


def test_an_overdue_place_goes_to_the_next_person(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    lost = claim(alice)
    lapse(lost)
    assert claim(erin).dialogue == dialogue
    lost.refresh_from_db()
    assert lost.state == PlaceState.EXPIRED


def test_a_place_given_back_is_free_again(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    assignments.give_back(assignment=claim(alice))
    assert claim(erin).dialogue == dialogue


def test_a_skipped_dialogue_goes_to_others_and_not_back(
    dialogue: Dialogue, dataset: Dataset, alice: User, erin: User, claim: Claim
) -> None:
    decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.SKIP), by=alice)
    assert assignments.claim_next(dataset=dataset, by=alice) is None
    assert claim(erin).dialogue == dialogue


def test_admins_can_offer_skipped_dialogues_again(
    dialogue: Dialogue, dataset: Dataset, alice: User, claim: Claim
) -> None:
    decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.SKIP), by=alice)
    assert assignments.offer_again(dataset=dataset) == 1
    assert claim(alice).dialogue == dialogue


def test_an_outsider_cannot_claim(dialogue: Dialogue, dataset: Dataset, dave: User) -> None:
    with pytest.raises(Missing):
        assignments.claim_next(dataset=dataset, by=dave)


def test_a_paused_member_cannot_claim(dialogue: Dialogue, dataset: Dataset, alice: User) -> None:
    Membership.objects.filter(user=alice).update(paused=True)
    with pytest.raises(Missing):
        assignments.claim_next(dataset=dataset, by=alice)


def test_anothers_place_does_not_exist_for_me(
    dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    place = claim(alice)
    with pytest.raises(Missing):
        assignments.place_of(assignment_id=place.pk, by=erin)


def _at_once(*actions: Callable[[], object]) -> list[object]:
    """Runs the actions on connections of their own, all at the same moment."""
    barrier = Barrier(len(actions))
    results: list[object] = [None] * len(actions)

    def run(index: int, action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[index] = action()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_people_who_claim_at_once_never_share_a_place(
    make_dialogue: Make, dataset: Dataset
) -> None:
    for number in range(6):
        make_dialogue(f"d-{number}")
    people = [User.objects.create_user(f"reviewer-{number}") for number in range(6)]
    for person in people:
        Membership.objects.create(dataset=dataset, user=person, role=Role.ANNOTATOR)
    claims = [
        lambda person=person: assignments.claim_next(dataset=dataset, by=person)
        for person in people
    ]
    places = _at_once(*claims)
    assert len({place.dialogue_id for place in places if isinstance(place, Assignment)}) == 6


@pytest.mark.django_db(transaction=True)
def test_one_person_in_two_tabs_holds_one_place(
    make_dialogue: Make, dataset: Dataset, alice: User
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    first, second = _at_once(*[lambda: assignments.claim_next(dataset=dataset, by=alice)] * 2)
    assert first == second
    assert Assignment.objects.held_by(alice).count() == 1


def test_a_lost_place_is_taken_up_again_before_what_was_handed_out_since(
    make_dialogue: Make, dataset: Dataset, alice: User, claim: Claim
) -> None:
    make_dialogue("first")
    make_dialogue("second")
    lost = claim(alice)
    Assignment.objects.filter(pk=lost.pk).update(draft="half a sentence")
    lapse(lost)
    assignments.release_overdue(dataset=dataset)
    since = Assignment.objects.create(
        dialogue=Dialogue.objects.get(external_id="second"),
        reviewer=alice,
        place=0,
        claimed_at=timezone.now(),
        begun_at=timezone.now(),
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    again = assignments.reclaim(assignment=lost, by=alice)
    assert (again.pk, again.draft, again.is_open()) == (lost.pk, "half a sentence", True)
    assert claim(alice) == again
    since.refresh_from_db()
    assert since.is_open()
    assert since.begun_at is None


def test_a_lost_place_that_somebody_else_has_stays_lost(
    dialogue: Dialogue, dataset: Dataset, alice: User, erin: User, claim: Claim
) -> None:
    lost = claim(alice)
    assignments.give_back(assignment=lost)
    claim(erin)
    with pytest.raises(Conflict, match="Somebody else has dialogue d-1 now"):
        assignments.reclaim(assignment=lost, by=alice)


def test_the_sweep_frees_the_work_of_people_who_went_away(
    make_dialogue: Make, alice: User, erin: User, claim: Claim
) -> None:
    make_dialogue("first")
    make_dialogue("second")
    gone, there = claim(alice), claim(erin)
    Assignment.objects.filter(pk=gone.pk).update(sent_back_at=timezone.now())
    lapse(gone)
    sweep_places()
    gone.refresh_from_db()
    there.refresh_from_db()
    assert (gone.state, there.state) == (PlaceState.EXPIRED, PlaceState.OPEN)
    assert Dialogue.objects.get(external_id="first").places_taken == 0


@pytest.mark.django_db(transaction=True)
def test_a_dialogue_that_is_locked_for_a_moment_still_waits(
    dialogue: Dialogue, dataset: Dataset, alice: User
) -> None:
    """Work in the background locks what it changes: who claims then is not sent home."""
    locked, claimed = Event(), list[Assignment | None]()

    def work() -> None:
        with transaction.atomic():
            Dialogue.objects.select_for_update().get(pk=dialogue.pk)
            locked.set()
            time.sleep(0.1)
        connection.close()

    def claim() -> None:
        claimed.append(assignments.claim_next(dataset=dataset, by=alice))
        connection.close()

    threads = [Thread(target=work), Thread(target=claim)]
    threads[0].start()
    assert locked.wait(5)
    threads[1].start()
    for thread in threads:
        thread.join()
    [place] = claimed
    assert place is not None
    assert place.dialogue == dialogue


@pytest.mark.django_db(transaction=True)
def test_who_is_paused_while_they_claim_holds_nothing_afterwards(
    dialogue: Dialogue, dataset: Dataset, alice: User
) -> None:
    claimed, go_on = Event(), Event()

    def claim() -> None:
        with transaction.atomic():
            assignments.claim_next(dataset=dataset, by=alice)
            claimed.set()
            go_on.wait(5)
        connection.close()

    def pause() -> None:
        membership.pause(membership=Membership.objects.get(user=alice), paused=True)
        connection.close()

    threads = [Thread(target=claim), Thread(target=pause)]
    threads[0].start()
    assert claimed.wait(5)
    threads[1].start()
    threads[1].join(0.1)
    go_on.set()
    for thread in threads:
        thread.join()
    assert not Assignment.objects.held_by(alice).exists()
