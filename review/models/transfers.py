"""What came in and what went out: imports and releases."""

from django.db import models
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User


class Import(models.Model):
    """One import: its source, who ran it, and what became of each record."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="imports")
    source = models.TextField()
    format = models.CharField(max_length=32)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    started = models.DateTimeField(db_default=Now())
    finished = models.DateTimeField(null=True)
    # As printed by the command: counts of dialogues and images, errors, seconds.
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.source} into {self.dataset}"


class Release(models.Model):
    """A numbered export of a dataset, with the checksum of what was written."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    format = models.CharField(max_length=16, default="jsonl")
    dialogues = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="release_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} release {self.number}"
