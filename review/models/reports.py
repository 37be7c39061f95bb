"""What is reckoned in the background, kept so that its page need not wait."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from review.models.datasets import Dataset


class ReckonedQuerySet(models.QuerySet["Reckoned"]):
    def awaiting(self) -> Self:
        """What is wanted and no worker is at."""
        free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
        return self.filter(free, asked__isnull=False)


class Reckoned(models.Model):
    """What takes a worker a while to reckon, as last reckoned (`review.reports`)."""

    # Set while it is wanted anew.
    asked = models.DateTimeField(null=True)
    # A worker is at it until then, unless it dies.
    leased_until = models.DateTimeField(null=True)
    # Null before the first time.
    computed = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    data = models.JSONField(default=dict)
    # Why it could not be reckoned, in a sentence.
    failure = models.TextField(blank=True, default="")

    objects = ReckonedQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_awaited(self) -> bool:
        return self.asked is not None


class StoredReport(Reckoned):
    """A report of one kind on a dataset."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="+")
    # From what: the last row of each kind that was there.
    last_rows = models.JSONField(default=dict)

    class Meta:
        abstract = True


class AgreementReport(StoredReport):
    """How far a dataset's reviewers agree: `agreement.report.Report`."""

    def __str__(self) -> str:
        return f"agreement of {self.dataset}"
