"""The stored report on how far judges may be trusted: read with its time, and taken up again."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from review.calibration.estimating import stored
from review.calibration.estimating.stored import CALIBRATION
from review.models import (
    CalibrationReport,
    Dataset,
    Decision,
    Dialogue,
    User,
    Wave,
)
from review.report_tasks import compute_calibration, sweep_reports
from review.reports import FRESH
from tests.calibration_records import forty_drawn, say

SignIn = Callable[[User], Client]
ADDRESS = "/api/v1/datasets/coast/calibration/"


@pytest.fixture
def drawn(dataset: Dataset) -> list[Dialogue]:
    return forty_drawn(dataset)


@pytest.fixture
def large(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset, drawn: list[Dialogue], alice: User
) -> list[int]:
    """So much that a worker reckons; the datasets that were sent to it."""
    sent: list[int] = []
    monkeypatch.setattr(stored, "MOST_LIVE", 10)
    monkeypatch.setattr(compute_calibration, "delay_on_commit", sent.append)
    for dialogue in drawn[:20]:
        say(dialogue, alice)
    return sent


def test_programs_read_the_stored_report_with_its_time_and_ask_for_it_anew(
    dataset: Dataset, large: list[int], drawn: list[Dialogue], bob: User, alice: User,
    program_of: SignIn,
) -> None:  # fmt: skip
    program = program_of(bob)
    # The draw has asked for the first one.
    assert program.get(ADDRESS).json() == {
        "state": "missing", "awaited": True, "computed": None, "newer": 0, "conditions": None,
        "waves": None, "from_waves": None, "from_blind": None,
    }  # fmt: skip
    assert program.post(ADDRESS).status_code == 202
    assert large == [dataset.pk]
    compute_calibration(dataset.pk)
    say(drawn[30], alice)
    found = program.get(ADDRESS).json()
    assert (found["state"], found["newer"]) == ("stored", 1)
    assert found["computed"]
    assert found["waves"][0]["decided"] == 20
    assert found["from_waves"]["overall"]["rate"]["people"]["n"] == 20
    assert program_of(alice).get(ADDRESS).status_code == 403


def test_a_stored_report_is_taken_up_again_after_decisions_and_draws(
    dataset: Dataset, large: list[int], drawn: list[Dialogue], carol: User, alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sent: list[tuple[int]] = []
    monkeypatch.setattr(compute_calibration, "apply_async", lambda names, **_: sent.append(names))
    CALIBRATION.ask(dataset=dataset, by=carol)
    compute_calibration(dataset.pk)
    old = timezone.now() - 2 * FRESH
    CalibrationReport.objects.update(computed=old)
    Decision.objects.update(created=old - FRESH)
    Wave.objects.update(drawn_at=old - FRESH)
    sweep_reports()
    assert sent == []
    Wave.objects.update(drawn_at=timezone.now())
    sweep_reports()
    assert sent == [(dataset.pk,)]
