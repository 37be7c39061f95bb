"""The way of a dialogue is one table, and what settles it is one pure function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import Conflict
from review.models import Dialogue, Stage
from review.stages import TRANSITIONS, Event, Settlement, advance, next_stage, settle


def test_every_stage_stands_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Stage)


def test_every_event_leads_somewhere_from_somewhere() -> None:
    used = {event for row in TRANSITIONS.values() for event in row}
    assert used == set(Event)


def test_every_stage_can_be_reached() -> None:
    reached = {stage for row in TRANSITIONS.values() for stage in row.values()}
    assert reached == set(Stage)


def test_nothing_is_approved_before_it_has_candidates() -> None:
    assert next_stage(Stage.IMPORTED, Event.APPROVE) is None


def test_one_decision_settles_where_one_is_needed() -> None:
    assert settle([7], needed=1, quorum=1) == Settlement(Event.APPROVE, 7)


def test_a_rejection_settles_like_any_outcome() -> None:
    assert settle([None, None], needed=2, quorum=2) == Settlement(Event.REJECT)


def test_nothing_is_settled_before_all_decisions_are_in() -> None:
    assert settle([7, 7], needed=3, quorum=2) is None


def test_different_outcomes_are_a_dispute() -> None:
    assert settle([7, 8], needed=2, quorum=2) == Settlement(Event.DISPUTE)
    assert settle([7, None], needed=2, quorum=2) == Settlement(Event.DISPUTE)


def test_a_quorum_settles_against_the_minority() -> None:
    assert settle([7, 7, None], needed=3, quorum=2) == Settlement(Event.APPROVE, 7)


def test_two_quorums_at_once_are_a_dispute() -> None:
    assert settle([7, 7, 8, 8], needed=4, quorum=2) == Settlement(Event.DISPUTE)


@given(
    outcomes=st.lists(st.one_of(st.none(), st.integers(1, 3)), max_size=5),
    needed=st.integers(1, 5),
    data=st.data(),
)
def test_an_approved_candidate_had_its_quorum(
    outcomes: list[int | None], needed: int, data: st.DataObject
) -> None:
    quorum = data.draw(st.integers(1, needed))
    settlement = settle(outcomes, needed=needed, quorum=quorum)
    if settlement and settlement.event == Event.APPROVE:
        assert outcomes.count(settlement.candidate_id) >= quorum
    if len(outcomes) >= needed:
        assert settlement is not None


def test_a_dialogue_that_moved_meanwhile_is_not_moved_again(dialogue: Dialogue) -> None:
    stale = Dialogue.objects.get(pk=dialogue.pk)
    advance(dialogue, Event.REJECT)
    with pytest.raises(Conflict, match="Somebody else just moved dialogue d-1"):
        advance(stale, Event.REJECT)


def test_an_event_that_does_not_apply_is_refused_in_words(dialogue: Dialogue) -> None:
    advance(dialogue, Event.REJECT)
    with pytest.raises(Conflict, match="is rejected: it cannot approve"):
        advance(dialogue, Event.APPROVE)
