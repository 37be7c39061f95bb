"""The whole desk against a model of it in plain Python: whatever people do in whatever order, both
say the same of every place and every dialogue."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from review import assignments, decisions, undoing, visibility
from review.errors import ReviewError
from review.models import (
    Assignment,
    Candidate,
    CandidateKind,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    Role,
    User,
    Verdict,
)
from review.people import membership
from review.places import drafts
from review.rulings import Ruling
from tests.load.invariants import broken

NAMES = ["alice", "erin", "frank"]
DIALOGUES = 4
TEXTS = ["a pier at dusk", "a pier"]

names = st.sampled_from(NAMES)
dialogues = st.integers(0, DIALOGUES - 1)


@dataclass
class ModelDialogue:
    """What a dialogue is: who holds a place, who decided what, and who passed it on."""

    holders: set[str] = field(default_factory=set)
    outcomes: dict[str, int | None] = field(default_factory=dict)  # a candidate, or a rejection
    skipped: set[str] = field(default_factory=set)
    settled: str = ""
    adjudicated: bool = False

    def is_open(self) -> bool:
        return not self.settled

    def taken(self) -> int:
        return len(self.holders) + len(self.outcomes)

    def knows(self, name: str) -> bool:
        return name in self.holders | self.outcomes.keys() | self.skipped

    def settle(self, needed: int) -> None:
        if len(self.outcomes) < needed:
            return
        outcomes = list(self.outcomes.values())
        winners = {one for one in outcomes if outcomes.count(one) >= needed}
        if len(winners) != 1:
            self.settled = "disputed"
        else:
            self.settled = "rejected" if winners == {None} else "approved"
        if self.taken() > needed:
            self.holders.clear()


class Desk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.needed = 1
        self.paused: set[str] = set()
        self.model = [ModelDialogue() for _ in range(DIALOGUES)]
        self.dataset = Dataset.objects.create(slug="coast", arms={})
        self.people = {name: User.objects.create(username=name) for name in [*NAMES, "bob"]}
        for name, user in self.people.items():
            role = Role.ADJUDICATOR if name == "bob" else Role.ANNOTATOR
            Membership.objects.create(dataset=self.dataset, user=user, role=role)
        self.rows = [self._made(number) for number in range(DIALOGUES)]

    def _made(self, number: int) -> Dialogue:
        row = Dialogue.objects.create(
            dataset=self.dataset,
            external_id=str(number),
            turns=[{"role": "user", "text": "that one"}],
            final_query="that one",
            stage="judged",
            panel_score=4,
        )
        for text in TEXTS:
            Candidate.objects.create(
                dialogue=row, text=text, text_key=text, kind=CandidateKind.MODEL, author="m"
            )
        return row

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def _place(self, name: str, number: int) -> Assignment | None:
        held = Assignment.objects.held_by(self.people[name])
        return held.filter(dialogue=self.rows[number]).first()

    def _held(self, name: str) -> list[int]:
        return [number for number, one in enumerate(self.model) if name in one.holders]

    def _one_held(self, name: str, number: int) -> int:
        """A dialogue in which they hold a place, where there is one: most acts need that."""
        held = self._held(name)
        return held[number % len(held)] if held else number

    def _waits_for(self, name: str) -> set[int]:
        return {
            number
            for number, one in enumerate(self.model)
            if one.is_open() and one.taken() < self.needed and not one.knows(name)
        }

    def _taken(self, name: str, place: Assignment | None, expected: set[int]) -> None:
        """A claim gave one of `expected`, or nothing where there is nothing."""
        if place is None:
            assert expected == set()
            return
        number = int(place.dialogue.external_id)
        assert number in expected
        self.model[number].holders.add(name)

    @rule(name=names)
    def claim(self, name: str) -> None:
        expected = set(self._held(name)) or self._waits_for(name)
        try:
            place = assignments.claim_next(dataset=self.dataset, by=self.people[name])
        except ReviewError:
            assert name in self.paused
            return
        assert name not in self.paused
        self._taken(name, place, expected)
        if place is not None:
            visibility.record_shown(visibility.at_place(place))

    @rule(name=names)
    def claim_ahead(self, name: str) -> None:
        held = set(self._held(name))
        try:
            place = assignments.claim_ahead(dataset=self.dataset, by=self.people[name])
        except ReviewError:
            assert name in self.paused
            return
        if place is not None and int(place.dialogue.external_id) in held:
            return
        self._taken(name, place, self._waits_for(name) if len(held) < 2 else set())

    @rule(name=names, number=dialogues, choice=st.integers(0, len(TEXTS) - 1))
    def accept(self, name: str, number: int, choice: int) -> None:
        number = self._one_held(name, number)
        candidate = self.rows[number].candidates.filter(kind="model")[choice]
        self._decide(name, number, Ruling(Verdict.ACCEPT, candidate_id=candidate.pk), candidate.pk)

    @rule(name=names, number=dialogues)
    def edit(self, name: str, number: int) -> None:
        self._decide(
            name, self._one_held(name, number), Ruling(Verdict.EDIT, text=TEXTS[0].upper()), "edit"
        )

    @rule(name=names, number=dialogues)
    def reject(self, name: str, number: int) -> None:
        self._decide(
            name, self._one_held(name, number), Ruling(Verdict.REJECT, reason="unusable"), None
        )

    def _decide(self, name: str, number: int, ruling: Ruling, outcome: Any) -> None:
        place, one = self._place(name, number), self.model[number]
        if place is None or name in self.paused:
            return
        visibility.record_shown(visibility.at_place(place))
        try:
            made = decisions.decide(assignment=place, ruling=ruling, by=self.people[name])
        except ReviewError:
            # Settled by others under an earlier policy.
            assert not one.is_open()
            return
        one.holders.discard(name)
        one.outcomes[name] = made.candidate_id if outcome == "edit" else outcome
        if one.is_open():
            one.settle(self.needed)

    @rule(name=names, number=dialogues)
    def skip(self, name: str, number: int) -> None:
        number = self._one_held(name, number)
        place = self._place(name, number)
        if place is None or name in self.paused:
            return
        decisions.decide(assignment=place, ruling=Ruling(Verdict.SKIP), by=self.people[name])
        self.model[number].holders.discard(name)
        self.model[number].skipped.add(name)

    @rule(name=names, number=dialogues)
    def undo(self, name: str, number: int) -> None:
        mine = Decision.objects.standing().filter(reviewer=self.people[name], adjudication=False)
        last = mine.filter(dialogue=self.rows[number]).order_by("-pk").first()
        if last is None:
            return
        one, ahead = self.model[number], self._ahead_of(name, number)
        was_skip = last.verdict == Verdict.SKIP
        try:
            undoing.undo(decision=last, by=self.people[name])
        except ReviewError:
            gone = was_skip and (one.taken() >= self.needed or name in one.holders)
            assert one.adjudicated or gone or (was_skip and name in one.outcomes)
            return
        one.skipped.discard(name)
        one.outcomes.pop(name, None)
        one.holders.add(name)
        one.settled = ""
        for other in ahead:
            self.model[other].holders.discard(name)

    def _ahead_of(self, name: str, number: int) -> list[int]:
        """What goes back when something is taken in hand before what is in hand now."""
        held = Assignment.objects.held_by(self.people[name]).exclude(dialogue=self.rows[number])
        if not held.exclude(begun_at=None).exists():
            return []
        return [int(place.dialogue.external_id) for place in held.filter(begun_at=None)]

    @rule(name=names, number=dialogues, text=st.text(alphabet="ab", max_size=3))
    def draft(self, name: str, number: int, text: str) -> None:
        number = self._one_held(name, number)
        place = self._place(name, number)
        if place is not None:
            newer = drafts.Draft(text, revision=place.draft_revision)
            drafts.save(assignment=place, draft=newer)
            place.refresh_from_db()
            assert place.draft == text

    @rule(name=names, number=dialogues)
    def expire(self, name: str, number: int) -> None:
        number = self._one_held(name, number)
        place = self._place(name, number)
        if place is not None:
            past = timezone.now() - timedelta(seconds=1)
            Assignment.objects.filter(pk=place.pk).update(expires_at=past)
            assignments.release_overdue()
            self.model[number].holders.discard(name)

    @rule(name=names, number=dialogues)
    def give_back(self, name: str, number: int) -> None:
        number = self._one_held(name, number)
        place = self._place(name, number)
        if place is not None:
            assignments.give_back(assignment=place)
            self.model[number].holders.discard(name)

    @rule(number=dialogues, choice=st.integers(0, len(TEXTS) - 1))
    def adjudicate(self, number: int, choice: int) -> None:
        candidate = self.rows[number].candidates.filter(kind="model")[choice]
        ruling = Ruling(Verdict.ACCEPT, candidate_id=candidate.pk)
        one = self.model[number]
        try:
            decisions.adjudicate(dialogue=self.rows[number], ruling=ruling, by=self.people["bob"])
        except ReviewError:
            assert one.settled != "disputed"
            return
        assert one.settled == "disputed"
        one.settled, one.adjudicated = "approved", True

    @rule(name=names)
    def pause_or_let_in(self, name: str) -> None:
        row = Membership.objects.get(user=self.people[name])
        membership.pause(membership=row, paused=not row.paused)
        self.paused ^= {name}
        if name in self.paused:
            for one in self.model:
                one.holders.discard(name)

    @rule(needed=st.integers(1, 3))
    def change_policy(self, needed: int) -> None:
        """Only where nothing waits for the new one: that is another's work."""
        if any(one.is_open() and one.taken() > 0 for one in self.model):
            return
        Dataset.objects.update(decisions_needed=needed)
        self.dataset.refresh_from_db()
        self.needed = needed

    @invariant()
    def both_say_the_same(self) -> None:
        taken = Assignment.objects.taken().select_related("reviewer", "dialogue")
        places = {(int(a.dialogue.external_id), a.reviewer.username, a.state) for a in taken}
        held = {(n, name, "open") for n, one in enumerate(self.model) for name in one.holders}
        decided = {
            (n, name, "decided") for n, one in enumerate(self.model) for name in one.outcomes
        }
        assert places == held | decided
        stages = dict(Dialogue.objects.values_list("external_id", "stage"))
        assert stages == {str(n): one.settled or "judged" for n, one in enumerate(self.model)}

    @invariant()
    def the_record_is_whole(self) -> None:
        assert broken(ask) == {}


def ask(question: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


@pytest.mark.django_db
def test_the_desk_does_what_its_model_does() -> None:
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
