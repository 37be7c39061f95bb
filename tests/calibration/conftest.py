"""What was sent to workers, and what is kept, for the pages of calibration."""

from collections.abc import Callable

import pytest
from django.test import Client

from review.calibration.certifying.tasks import tend_certificates
from review.calibration.estimating import stored
from review.calibration.sampling.tasks import draw_waves
from review.models import (
    CalibrationReport,
    Dataset,
    Dialogue,
    User,
)
from review.report_tasks import compute_calibration
from tests.calibration.kept import figures, keep

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to a worker."""
    found: list[str] = []
    for task in (
        compute_calibration,
        draw_waves,
        tend_certificates,
    ):
        name = task.name.rsplit(".", 1)[-1]
        monkeypatch.setattr(task, "delay_on_commit", lambda _, name=name: found.append(name))
    return found


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a report is not reckoned while somebody waits."""
    monkeypatch.setattr(stored, "is_small", lambda _: False)
    monkeypatch.setattr(stored, "MOST_LIVE", -1)


@pytest.fixture
def report(dataset: Dataset, large: None) -> CalibrationReport:
    return keep(dataset, figures())


@pytest.fixture
def dialogues(make_dialogue: MakeDialogue) -> list[Dialogue]:
    return [make_dialogue(f"c-{number}") for number in range(6)]
