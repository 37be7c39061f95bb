"""Rules that the database itself holds of waves and certificates, each broken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from review.models import Certificate, Certified, Dataset, Dialogue, Drawn, Wave

Rows = dict[str, Any]
TESTED = {"share": 0.05, "confidence": 0.95, "grid": [5.0], "conditions": {}}


@pytest.fixture
def rows(dialogue: Dialogue, dataset: Dataset) -> Rows:
    r: Rows = {
        "dataset": dataset,
        "dialogue": dialogue,
        "candidate": dialogue.candidates.earliest("pk"),
        "wave": Wave.objects.create(dataset=dataset, number=1, kind="uniform", size=2),
        "certificate": Certificate.objects.create(
            dataset=dataset, number=1, threshold=4.5, **TESTED
        ),
    }
    certified(r)
    return r


def drawn(r: Rows, **values: Any) -> Drawn:
    given = {"probability": 0.5, "place": 0, "round": 0, "score": 4.0, "dialogue": r["dialogue"]}
    return Drawn.objects.create(wave=r["wave"], candidate=r["candidate"], **{**given, **values})


def certified(r: Rows, **values: Any) -> Certified:
    given = {"certificate": r["certificate"], "round": 0, "score": 4.6, "used_as": "audit"}
    return Certified.objects.create(
        dialogue=r["dialogue"], candidate=r["candidate"], **{**given, **values}
    )


def another(r: Rows, **values: Any) -> Certificate:
    return Certificate.objects.create(dataset=r["dataset"], **{**TESTED, "number": 2, **values})


BREACHES: dict[str, Callable[[Rows], object]] = {
    "wave_number_once": lambda r: Wave.objects.create(
        dataset=r["dataset"], number=1, kind="uniform", size=2
    ),
    "wave_draws_some": lambda r: Wave.objects.update(size=0),
    "wave_even_share_from_half": lambda r: Wave.objects.update(kind="informative", even_share=0.4),
    "drawn_place_once": lambda r: [
        drawn(r),
        drawn(r, dialogue=Dialogue.objects.create(dataset=r["dataset"], external_id="2", turns=[])),
    ],
    "drawn_by_a_probability": lambda r: drawn(r, probability=0),
    "drawn_score_1_to_5": lambda r: drawn(r, score=0.5),
    "certificate_number_once": lambda r: another(r, number=1),
    "certificate_in_force_once": lambda r: another(r, threshold=4.0),
    "certificate_shares_within_0_and_1": lambda r: another(r, share=0),
    "certificate_threshold_1_to_5": lambda r: Certificate.objects.update(threshold=6),
    "certificate_ended_for_a_reason": lambda r: Certificate.objects.update(ended_at=timezone.now()),
    "certified_once_by_certificate": lambda r: certified(r),
    "certified_use_known": lambda r: Certified.objects.update(used_as="trust"),
    "certified_good_since": lambda r: Certified.objects.update(good=True),
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_database_refuses(name: str, rows: Rows) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BREACHES[name](rows)


def test_every_constraint_of_calibration_is_broken_here_once() -> None:
    models = [Wave, Drawn, Certificate, Certified]
    named = {constraint.name for model in models for constraint in model._meta.constraints}
    assert named == set(BREACHES)
