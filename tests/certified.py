"""Certificates and what they cover, made without the waves that a test of one takes."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from review.calibration.certifying.applying import AUDITED
from review.calibration.conditions import present
from review.lots import lot
from review.models import Certificate, Dataset, Dialogue, Stage

Make = Callable[..., Dialogue]


def certificate_of(dataset: Dataset, *, number: int = 1, **fields: Any) -> Certificate:
    """One in force under what scores dialogues now, from a panel score of 4.5 on."""
    now = present(dataset)
    assert now is not None
    values = {"threshold": 4.5, "share": 0.05, "confidence": 0.95, "grid": [5.0, 4.5], **fields}
    return Certificate.objects.create(
        dataset=dataset,
        number=number,
        conditions=now.as_json(),
        conditions_hash=now.hash,
        **values,
    )


def ids(*, audited: bool, number: int = 1) -> Iterator[str]:
    """Ids of dialogues that a certificate leaves to people by lot, or does not."""
    for n in count():
        name = f"d-{n}"
        if (lot("recqr", "audit", number, name) < AUDITED) == audited:
            yield name


def make_some(make_dialogue: Make, number: int, *, audited: bool = False) -> list[Dialogue]:
    names = ids(audited=audited)
    return [make_dialogue(next(names)) for _ in range(number)]


def stages_of(dialogues: list[Dialogue]) -> list[Stage]:
    keys = [dialogue.pk for dialogue in dialogues]
    rows = dict(Dialogue.objects.filter(pk__in=keys).values_list("pk", "stage"))
    return [Stage(rows[key]) for key in keys]
