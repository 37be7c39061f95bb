"""Hours and counts per person and day, by which people are paid."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from review import assignments, decisions, undoing
from review.errors import Invalid
from review.models import Assignment, Dataset, Decision, Dialogue, User
from review.people import worklog
from review.people.worklog import Period, Work
from review.rulings import Ruling

SignIn = Callable[[User], Client]
Claim = Callable[[User], Assignment]
CSV = "/datasets/coast/hours.csv"


def decide(place: Assignment, by: User, *, seconds: float, verdict: str = "accept") -> Decision:
    """A decision after so many seconds at work."""
    Assignment.objects.filter(pk=place.pk).update(
        active_seconds=seconds, active_at=timezone.now() + timedelta(seconds=1)
    )
    place.refresh_from_db()
    chosen = place.dialogue.candidates.first() if verdict == "accept" else None
    ruling = Ruling(verdict, chosen.pk if chosen else None)
    return decisions.decide(assignment=place, ruling=ruling, by=by)


def today_of(dataset: Dataset, of: User) -> Work:
    log = worklog.worklog(dataset=dataset, period=Period.lately(1), of=of)
    return log[0].work if log else Work()


def test_time_counts_once_however_often_a_place_is_decided(
    dataset: Dataset, alice: User, dialogue: Dialogue, claim: Claim
) -> None:
    first = decide(claim(alice), alice, seconds=60)
    place = undoing.undo(decision=first, by=alice)
    decide(place, alice, seconds=90, verdict="skip")
    work = today_of(dataset, alice)
    assert (work.accept, work.skip, work.decisions, work.places) == (0, 1, 0, 1)
    assert work.seconds == pytest.approx(90)


def test_time_at_a_place_that_was_lost_counts(
    dataset: Dataset, alice: User, dialogue: Dialogue, claim: Claim
) -> None:
    place = claim(alice)
    Assignment.objects.filter(pk=place.pk).update(active_seconds=120)
    assignments.give_back(assignment=place)
    work = today_of(dataset, alice)
    assert (work.places, work.seconds) == (1, 120)


def test_practice_counts_as_time_and_a_control_as_a_decision(
    dataset: Dataset, alice: User, make_dialogue: Callable[..., Dialogue], claim: Claim
) -> None:
    for number, purpose in enumerate(["review", "control", "quiz"]):
        make_dialogue(f"d-{number}")
        given = decide(claim(alice), alice, seconds=10)
        Decision.objects.filter(pk=given.pk).update(purpose=purpose)
    work = today_of(dataset, alice)
    assert (work.accept, work.quiz, work.seconds) == (2, 1, pytest.approx(30))


def test_days_are_those_of_the_site(
    dataset: Dataset, alice: User, dialogue: Dialogue, claim: Claim, settings: Any
) -> None:
    given = decide(claim(alice), alice, seconds=10)
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    Decision.objects.filter(pk=given.pk).update(created=late)

    def days() -> list[date]:
        period = Period(date(2026, 11, 1), date(2026, 12, 1))
        return [entry.day for entry in worklog.worklog(dataset=dataset, period=period)]

    assert days() == [date(2026, 11, 30)]
    settings.TIME_ZONE = "Europe/Berlin"
    assert days() == [date(2026, 12, 1)]


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("x", "", "from"),
        ("", "2026-13-01", "to"),
        ("2026-02-02", "2026-02-01", "to"),
        ("2024-01-01", "2026-01-01", "from"),
        ("0001-01-01", "", "from"),
    ],
)
def test_a_period_that_is_none_is_named(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Period.of(first, last)
    assert refused.value.field == field


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_has_a_line_for_each_person_and_day(
    alice: User, carol: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    decide(claim(alice), alice, seconds=5400)
    User.objects.filter(pk=alice.pk).update(username="=HYPERLINK(1)")
    answer = client_of(carol).get(CSV)
    assert "attachment" in answer["Content-Disposition"]
    [row] = rows_of(answer)
    assert (row["person"], row["accept"], row["hours"]) == ("'=HYPERLINK(1)", "1", "1.50")
    page = client_of(carol).get("/datasets/coast/hours/").content.decode()
    assert "1 h 30 min" in page


def test_a_person_downloads_their_own_hours_and_no_others(
    alice: User, erin: User, make_dialogue: Callable[..., Dialogue], claim: Claim, client_of: SignIn
) -> None:
    for number, person in enumerate([alice, erin]):
        make_dialogue(f"d-{number}")
        decide(claim(person), person, seconds=10)
    assert [row["person"] for row in rows_of(client_of(alice).get(f"{CSV}?mine"))] == ["alice"]
    assert client_of(alice).get(CSV).status_code == 403
    assert client_of(alice).get("/datasets/coast/hours/").status_code == 403


def test_a_program_asks_for_hours(
    alice: User,
    carol: User,
    dialogue: Dialogue,
    claim: Claim,
    program_of: Callable[[User], Client],
) -> None:
    decide(claim(alice), alice, seconds=10)
    address = "/api/v1/datasets/coast/hours/"
    [day] = program_of(carol).get(address).json()
    assert (day["person"], day["accept"]) == ("alice", 1)
    assert program_of(alice).get(address).status_code == 403
    assert program_of(alice).get(f"{address}?mine=1").json() == [day]
    assert program_of(carol).get(f"{address}?from=never").status_code == 400


def test_a_bad_period_is_said_on_the_page(carol: User, client_of: SignIn) -> None:
    answer = client_of(carol).get("/datasets/coast/hours/?from=never")
    assert answer.status_code == 400
    assert "write it as 2026-11-30" in answer.content.decode()
