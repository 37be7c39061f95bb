"""Files on their way into the storage, piece by piece."""

from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User


class UploadQuerySet(models.QuerySet["Upload"]):
    def unfinished(self) -> Self:
        return self.filter(finished=None)


class Upload(models.Model):
    """A source that a person brings: `received` of its `size` bytes lie in `file`."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # As the person's own machine calls it: shown, and never a path of ours.
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    # Its name in the storage; empty once the file was thrown away.
    file = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    created = models.DateTimeField(db_default=Now())
    finished = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(received__lte=models.F("size")), name="upload_within_its_size"
            ),
            models.CheckConstraint(
                condition=models.Q(finished=None)
                | (models.Q(received=models.F("size")) & ~models.Q(sha256="")),
                name="upload_finished_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.dataset}"

    def path(self) -> Path:
        """Where the bytes lie. Pieces are appended in place, so that this is always a disk."""
        return Path(settings.MEDIA_ROOT) / self.file

    def is_whole(self) -> bool:
        return self.finished is not None
