"""The guidelines of a dataset, version by version."""

from django.db import models
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
