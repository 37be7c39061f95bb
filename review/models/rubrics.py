"""What judges go by: the criteria, what each level means, and how they count."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User

LEVELS = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class RubricCriterion:
    """One criterion: the question, an example of each level from 5 to 1, and how it counts.

    `weight` is its share in a judge's score of a candidate (0: asked, but not counted);
    `pass_mark` the panel's mean from which a candidate passes on it.
    """

    key: str
    question: str
    levels: dict[int, str]
    weight: float
    pass_mark: int

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        levels = {int(level): words for level, words in data["levels"].items()}
        return cls(**{**data, "levels": levels})

    def wording(self) -> list[Any]:
        """What a judge reads of it."""
        return [self.key, self.question, [self.levels[level] for level in LEVELS]]


class Rubric(models.Model):
    """One version of the criteria; versions are only added. Without a dataset: as shipped.

    `hash` is of the wording alone: other weights ask no judge again.
    """

    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    criteria = models.JSONField()
    hash = models.CharField(max_length=64)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(db_default=Now())
    # When all scores of its dataset were reckoned by it; null while they still are by another.
    reckoned = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "version"], name="rubric_version_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"rubric v{self.version}" + ("" if self.dataset_id else " as shipped")

    @classmethod
    def holding(cls, criteria: list[RubricCriterion], **fields: Any) -> Self:
        wording = json.dumps([criterion.wording() for criterion in criteria], ensure_ascii=False)
        digest = hashlib.sha256(wording.encode()).hexdigest()
        return cls(criteria=[asdict(criterion) for criterion in criteria], hash=digest, **fields)

    @cached_property
    def parts(self) -> list[RubricCriterion]:
        return [RubricCriterion.from_json(data) for data in self.criteria]

    def weights(self) -> dict[str, float]:
        return {part.key: part.weight for part in self.parts}

    def pass_marks(self) -> dict[str, int]:
        return {part.key: part.pass_mark for part in self.parts}
