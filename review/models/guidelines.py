"""The guidelines of a dataset, version by version."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User


class Guidelines(models.Model):
    """One version, in Markdown. The one in force stands in the dataset as well."""

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="guidelines_versions"
    )
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    # What changed, for those who knew the version before.
    summary = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "version"], name="guidelines_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset}, version {self.version}"


class SecondLookQuerySet(models.QuerySet["SecondLook"]):
    def unfinished(self) -> Self:
        return self.filter(ended_at=None)


class SecondLook(models.Model):
    """Decisions made under an old version, sent back to their reviewers: asked for once, and done
    by a worker. What remains to be done follows from the decisions themselves."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="second_looks")
    version = models.PositiveIntegerField()
    comment = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now())
    # How many decisions it was about when it was asked for, and how many went back.
    decisions = models.PositiveIntegerField()
    sent = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    objects = SecondLookQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "version"],
                condition=Q(ended_at=None),
                name="second_look_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"second look at version {self.version} of {self.dataset}"
