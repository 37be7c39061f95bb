"""The rubric in force: shipped with the code, or a dataset's own version of it."""

import math
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from review.errors import Invalid
from review.models import (
    Certificate,
    CertificateEnd,
    Criterion,
    Dataset,
    Rubric,
    RubricCriterion,
    User,
)
from review.models.rubrics import LEVELS
from review.permissions import check_can_administer

SHIPPED = Path(__file__).with_name("rubric.toml")
LONGEST_WORDS = 1000
MOST_WEIGHT = 100.0


def current(dataset: Dataset) -> Rubric:
    """The last version that was saved for a dataset, else the shipped one."""
    return Rubric.objects.filter(dataset=dataset).first() or shipped()


def shipped() -> Rubric:
    """The rubric of the code, entered as a new version whenever its text or weights changed."""
    made = Rubric.holding(_shipped_criteria(), dataset=None)
    last = Rubric.objects.filter(dataset=None).first()
    if last is not None and _as_kept(last.criteria) == _as_kept(made.criteria):
        return last
    return _add(made)


def told(rubric: Rubric) -> dict[str, Any]:
    """What a release says of the rubric: its questions and marks, and the hash of its wording."""
    return {
        "name": str(rubric),
        "hash": rubric.hash,
        "criteria": [
            {
                "criterion": part.key,
                "question": part.question,
                "weight": part.weight,
                "pass_mark": part.pass_mark,
            }
            for part in rubric.parts
        ],
    }


def save(*, dataset: Dataset, criteria: list[RubricCriterion], by: User | None = None) -> Rubric:
    """Puts a new version of the rubric in force for a dataset; the same again adds none.

    With other weights or pass marks it is not `reckoned`: the caller sends the task that reckons
    panel scores anew. Raises `Invalid`.
    """
    if by is not None:
        check_can_administer(by, dataset)
    check(criteria)
    made = Rubric.holding(criteria, dataset=dataset, by=by)
    now = current(dataset)
    if _as_kept(now.criteria) == _as_kept(made.criteria):
        return now
    made.reckoned = _still_reckoned(now, made)
    return _add(made)


def awaiting() -> QuerySet[Dataset]:
    """Datasets whose scores are to be reckoned by the rubric in force."""
    waiting = Rubric.objects.filter(dataset=OuterRef("pk"), reckoned=None)
    return Dataset.objects.filter(Exists(waiting))


def _still_reckoned(before: Rubric, after: Rubric) -> datetime | None:
    """Words alone change no score; scores of a shipped rubric are as it says."""
    same = (before.weights(), before.pass_marks()) == (after.weights(), after.pass_marks())
    known = before.created if before.dataset_id is None else before.reckoned
    return known if same else None


def check(criteria: list[RubricCriterion]) -> None:
    """Raises `Invalid` with the field at fault: `correctness-weight`, `clarity-level-3`, ..."""
    if [criterion.key for criterion in criteria] != list(Criterion.values):
        raise Invalid(f"A rubric has these criteria, in order: {', '.join(Criterion.values)}.")
    for criterion in criteria:
        _check_criterion(criterion)
    if not any(criterion.weight for criterion in criteria):
        raise Invalid("At least one criterion needs a weight above 0.", field="correctness-weight")


def _check_criterion(criterion: RubricCriterion) -> None:
    key = criterion.key
    _check_words(criterion.question, f"{key}-question", "a question")
    for level in LEVELS:
        words = criterion.levels.get(level, "")
        _check_words(words, f"{key}-level-{level}", f"a description of level {level}")
    if not (math.isfinite(criterion.weight) and 0 <= criterion.weight <= MOST_WEIGHT):
        raise Invalid(f"A weight is a number from 0 to {MOST_WEIGHT:g}.", field=f"{key}-weight")
    if criterion.pass_mark not in LEVELS:
        raise Invalid("A pass mark is a level from 1 to 5.", field=f"{key}-pass-mark")


def _check_words(words: str, field: str, what: str) -> None:
    if not words.strip() or len(words) > LONGEST_WORDS:
        raise Invalid(f"Give {what} of 1 to {LONGEST_WORDS} characters.", field=field)


@transaction.atomic
def _add(rubric: Rubric) -> Rubric:
    versions = Rubric.objects.filter(dataset=rubric.dataset)
    if rubric.dataset is not None:
        Dataset.objects.select_for_update().get(pk=rubric.dataset.pk)
    rubric.version = (versions.aggregate(last=Max("version"))["last"] or 0) + 1
    found, _ = Rubric.objects.get_or_create(
        dataset=rubric.dataset,
        version=rubric.version,
        defaults={
            "criteria": rubric.criteria,
            "hash": rubric.hash,
            "by": rubric.by,
            "reckoned": rubric.reckoned,
        },
    )
    _end_certificates(found)
    return found


def _end_certificates(rubric: Rubric) -> None:
    """What was certified under other words, weights or marks is certified no more."""
    rows = Certificate.objects.filter(dataset=rubric.dataset)
    if rubric.dataset is None:
        own = Rubric.objects.filter(dataset=OuterRef("dataset"))
        rows = Certificate.objects.filter(~Exists(own))
    note = f"Version {rubric.version} of the rubric is in force."
    rows.end(CertificateEnd.CHANGED, note, rubric.by)


def _as_kept(criteria: list[dict[str, Any]]) -> list[RubricCriterion]:
    return [RubricCriterion.from_json(data) for data in criteria]


@cache
def _shipped_criteria() -> list[RubricCriterion]:
    """Read once: it is asked for with every batch of judgements."""
    data = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    return [_from_toml(key, data[key]) for key in Criterion.values]


def _from_toml(key: str, data: Mapping[str, Any]) -> RubricCriterion:
    return RubricCriterion.from_json({"key": key, **data})
