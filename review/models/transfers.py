"""What came in and what went out: imports and releases."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User


class ImportStatus(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportQuerySet(models.QuerySet["Import"]):
    def unfinished(self) -> Self:
        """What a worker has still to do, or to finish for one that died."""
        return self.filter(status__in=[ImportStatus.WAITING, ImportStatus.RUNNING])


class Import(models.Model):
    """One import: its source, who ran it, how far it came, and what became of each record."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="imports")
    source = models.TextField()
    format = models.CharField(max_length=32)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=16, choices=ImportStatus, default=ImportStatus.WAITING)
    # Where it was uploaded; None for what the command read.
    upload = models.ForeignKey(
        "review.Upload", null=True, on_delete=models.SET_NULL, related_name="imports"
    )
    # As the engine takes them: format, images, replace, append_candidates, ...
    options = models.JSONField(default=dict)
    # SHA-256 of all that the source holds, known once it has been read to its end.
    checksum = models.CharField(max_length=64, blank=True, default="")
    # Where to go on: the document and the records of it that are behind us.
    position = models.JSONField(default=dict)
    # The report as it grows, with `bytes_read` and `bytes_total`.
    counts = models.JSONField(default=dict)
    # When its worker last gave a sign of life.
    pulse = models.DateTimeField(null=True)
    # Why a failed import could not go on, in a sentence for who asked for it.
    failure = models.TextField(blank=True, default="")
    # Name in the storage of a JSONL of what was rejected; "" where nothing was.
    rejected = models.CharField(max_length=200, blank=True, default="")
    started = models.DateTimeField(db_default=Now())
    finished = models.DateTimeField(null=True)
    # As printed by the command: counts of dialogues and images, errors, seconds.
    report = models.JSONField(default=dict)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ImportStatus.values), name="import_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} into {self.dataset}"


class Release(models.Model):
    """A numbered export of a dataset, with the checksum of what was written."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    format = models.CharField(max_length=16, default="jsonl")
    dialogues = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # How far reviewers agreed, and what it did to them to see scores or targets, when it was made.
    manifest = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="release_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} release {self.number}"
