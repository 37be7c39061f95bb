"""Whatever two people do at one dialogue at the same moment: one comes after the other, nothing is
lost, and neither waits for the other for ever."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from review import assignments, decisions
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
    Stage,
    User,
    Verdict,
)
from review.people import membership
from review.places import activity, drafts
from review.rulings import Ruling
from tests.load.invariants import broken

# How long the second may take while the first stands still, before it is taken to wait for it.
PATIENCE = 0.05


@dataclass
class Desk:
    """Alice holds a place in the one dialogue, its lease over; another place is free."""

    dataset: Dataset
    people: dict[str, User]
    dialogue: Dialogue = field(init=False)
    place: Assignment = field(init=False)

    def lay_out(self, stage: Stage) -> None:
        Decision.objects.all().delete()
        Dialogue.objects.all().delete()
        for name, user in self.people.items():
            role = Role.ADJUDICATOR if name == "bob" else Role.ANNOTATOR
            Membership.objects.get_or_create(dataset=self.dataset, user=user, role=role)
        self.dialogue = Dialogue.objects.create(
            dataset=self.dataset,
            external_id="d",
            turns=[{"role": "user", "text": "a pier"}],
            final_query="a pier",
            stage=stage,
            places_taken=1,
        )
        self.candidate = Candidate.objects.create(
            dialogue=self.dialogue, text="t", text_key="t", kind=CandidateKind.MODEL
        )
        now = timezone.now()
        self.place = Assignment.objects.create(
            dialogue=self.dialogue,
            reviewer=self.people["alice"],
            place=0,
            claimed_at=now,
            begun_at=now,
            active_at=now,
            expires_at=now - timedelta(seconds=1),
            shown={"candidates": [{"id": self.candidate.pk}]},
        )

    def accept(self) -> Ruling:
        return Ruling(Verdict.ACCEPT, candidate_id=self.candidate.pk)


def claim(desk: Desk, by: str) -> None:
    assignments.claim_next(dataset=desk.dataset, by=desk.people[by])


def decide(desk: Desk, by: str) -> None:
    place = Assignment.objects.get(pk=desk.place.pk)
    decisions.decide(assignment=place, ruling=desk.accept(), by=desk.people["alice"])


def save_draft(desk: Desk, by: str) -> None:
    place = Assignment.objects.select_related("dialogue__dataset").get(pk=desk.place.pk)
    drafts.save(assignment=place, draft=drafts.Draft("half a sentence"))


def renew(desk: Desk, by: str) -> None:
    place = Assignment.objects.select_related("dialogue__dataset").get(pk=desk.place.pk)
    activity.renew(place)


def expire(desk: Desk, by: str) -> None:
    assignments.release_overdue()


def give_back(desk: Desk, by: str) -> None:
    assignments.give_back(assignment=desk.place)


def adjudicate(desk: Desk, by: str) -> None:
    decisions.adjudicate(dialogue=desk.dialogue, ruling=desk.accept(), by=desk.people["bob"])


def delete(desk: Desk, by: str) -> None:
    """Alice is no member any more."""
    alice = desk.dataset.memberships.filter(user=desk.people["alice"]).first()
    if alice is not None:
        membership.remove(membership=alice)


ACTS = [claim, decide, save_draft, renew, expire, give_back, adjudicate, delete]
# Where the first one stands still while the second goes on.
MOMENTS = {
    "before it begins": "",
    "with its lock": "FOR UPDATE",
    "with a change that nobody else sees yet": "UPDATE ",
}


class Standstill:
    """Lets a thread stand still behind its first statement that has certain words."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.reached, self.go_on = Event(), Event()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if self.words and not self.reached.is_set() and self.words in sql:
            self.stand()
        return answer

    def stand(self) -> None:
        self.reached.set()
        self.go_on.wait(10)


def act(does: Callable[[Desk, str], None], desk: Desk, by: str, faults: list[str]) -> None:
    """A refusal is an answer; anything else is a fault."""
    try:
        with suppress(ReviewError):
            does(desk, by)
    except Exception as error:
        faults.append(f"{does.__name__}: {error!r}")


def first_one(does: Any, desk: Desk, still: Standstill, faults: list[str]) -> None:
    if not still.words:
        still.stand()
    with connection.execute_wrapper(still):
        act(does, desk, "erin", faults)
    still.reached.set()
    connection.close()


def second_one(does: Any, desk: Desk, faults: list[str]) -> None:
    act(does, desk, "frank", faults)
    connection.close()


def interleave(first: Any, second: Any, desk: Desk, words: str) -> list[str]:
    """The second goes as far as it can while the first stands still; then both end."""
    still, faults = Standstill(words), list[str]()
    one = Thread(target=first_one, args=(first, desk, still, faults))
    other = Thread(target=second_one, args=(second, desk, faults))
    one.start()
    still.reached.wait(10)
    other.start()
    other.join(PATIENCE)
    still.go_on.set()
    for thread in (one, other):
        thread.join(10)
        if thread.is_alive():
            faults.append("one waits for the other for ever")
    return faults


def ask(question: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


@contextmanager
def told(what: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", MOMENTS)
def test_any_two_acts_at_once_leave_the_record_whole(moment: str) -> None:
    dataset = Dataset.objects.create(slug="coast", decisions_needed=2, arms={})
    names = ("alice", "bob", "erin", "frank")
    desk = Desk(dataset, {name: User.objects.create(username=name) for name in names})
    for first in ACTS:
        for second in ACTS:
            disputed = adjudicate in {first, second}
            desk.lay_out(Stage.DISPUTED if disputed else Stage.JUDGED)
            faults = interleave(first, second, desk, MOMENTS[moment])
            with told(f"{second.__name__} while {first.__name__} stands {moment}"):
                assert faults == []
                assert broken(ask) == {}
