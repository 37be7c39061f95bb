"""All figures on how far a dataset's reviewers agree, as kept, shown and given out."""

from dataclasses import asdict, dataclass
from typing import Any

from review.agreement import reviewers, wording
from review.agreement.arms import ArmLine, arms
from review.agreement.reading import read
from review.agreement.record import Record
from review.agreement.reviewers import Pair, Reviewer, Together, Week
from review.models import Dataset

# Grows when the stored form changes; a report of another form is reckoned again.
FORM = 1


@dataclass(frozen=True)
class Basis:
    """What the figures rest on: decisions that settle dialogues in their present round, and how
    many of these were given at a second look, after an earlier one was taken back."""

    decisions: int
    dialogues: int
    again: int
    left_out: list[str]


@dataclass(frozen=True)
class Report:
    basis: Basis
    together: Together
    pairs: list[Pair]
    reviewers: list[Reviewer]
    weeks: list[Week]
    arms: list[ArmLine]

    def as_json(self) -> dict[str, Any]:
        return {"form": FORM, **asdict(self)}


def reckon(dataset: Dataset) -> Report:
    return reckoned(read(dataset), dataset.arms)


def reckoned(record: Record, switched_on: dict[str, float]) -> Report:
    return Report(
        basis=_basis(record),
        together=reviewers.together(record),
        pairs=reviewers.pairs(record),
        reviewers=reviewers.reviewers(record),
        weeks=reviewers.weeks(record),
        arms=arms(record, switched_on),
    )


def summary(report: Report) -> dict[str, Any]:
    """What a release says of its reviewers, without naming any."""
    data = report.as_json()
    return {
        "agreement": {
            "decisions": report.basis.decisions,
            "again": report.basis.again,
            **data["together"],
        },
        "arms": [
            {**arm, "hides": wording.HIDDEN[arm["arm"]], "sentences": wording.sentences(arm)}
            for arm in data["arms"]
        ],
    }


def _basis(record: Record) -> Basis:
    counting = record.counting
    return Basis(
        decisions=len(counting),
        dialogues=len(set(record.dialogue[counting].tolist())),
        again=int(record.again[counting].sum()),
        left_out=reviewers.left_out(record),
    )
