"""Images of a dataset's corpus."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import F, Q

from review.models.datasets import Dataset


class ImageQuerySet(models.QuerySet["Image"]):
    def current(self) -> Self:
        """The corpus as it is now."""
        return self.filter(removed_version=None)

    def at_version(self, version: int) -> Self:
        """The corpus as it was at `version`."""
        return self.filter(added_version__lte=version).filter(
            Q(removed_version=None) | Q(removed_version__gt=version)
        )

    def unprepared(self) -> Self:
        """Pictures whose review size nobody has made ahead."""
        return self.filter(prepared=False).exclude(file="")

    def unhashed(self) -> Self:
        """Pictures whose perceptual hash nobody has reckoned."""
        return self.filter(perceptual_hash="").exclude(file="")

    def named(self, external_ids: Iterable[str]) -> Self:
        return self.filter(external_id__in=list(external_ids))


class Image(models.Model):
    """An image of the corpus. Without a file it is *declared*: known by its caption alone."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="images")
    external_id = models.TextField()
    caption = models.TextField(blank=True, default="")
    url = models.TextField(blank=True, default="")
    file = models.FileField(blank=True, default="", max_length=200)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    media_type = models.CharField(max_length=32, blank=True, default="")
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Why a file that came with the import was not taken.
    refused = models.TextField(blank=True, default="")
    metadata = models.JSONField(default=dict)
    # Whether its review size was made ahead of the first who asks for it.
    prepared = models.BooleanField(default=False, db_default=False)
    # 64 bits in hexadecimal, alike for pictures that look alike; empty until it was reckoned, and
    # "-" (`hashing.NONE`) where there is none.
    perceptual_hash = models.CharField(max_length=16, blank=True, default="", db_default="")
    added_version = models.PositiveIntegerField()
    removed_version = models.PositiveIntegerField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "external_id"],
                condition=Q(removed_version=None),
                name="image_id_once_in_corpus",
            ),
            models.CheckConstraint(
                condition=Q(removed_version=None) | Q(removed_version__gt=F("added_version")),
                name="image_removed_after_added",
            ),
        ]
        indexes = [
            models.Index(fields=["dataset", "added_version"]),
            # Looked at every few seconds, and nearly always empty.
            models.Index(
                fields=["dataset"],
                condition=Q(prepared=False) & ~Q(file=""),
                name="image_unprepared",
            ),
            models.Index(
                fields=["dataset"],
                condition=Q(perceptual_hash="") & ~Q(file=""),
                name="image_unhashed",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    def has_file(self) -> bool:
        return bool(self.file)

    def description(self) -> str:
        """Words for a reader who cannot see it."""
        return self.caption or f"image {self.external_id}"
