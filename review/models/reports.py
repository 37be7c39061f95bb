"""What is reckoned over a whole dataset, kept so that its page need not wait."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from review.models.datasets import Dataset


class ReportQuerySet(models.QuerySet["StoredReport"]):
    def awaiting(self) -> Self:
        """Reports that are wanted and that no worker is at."""
        free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
        return self.filter(free, asked__isnull=False)


class StoredReport(models.Model):
    """A report of one kind on a dataset, as last reckoned (`review.reports`)."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="+")
    # Set while it is wanted anew.
    asked = models.DateTimeField(null=True)
    # A worker is at it until then, unless it dies.
    leased_until = models.DateTimeField(null=True)
    # When and from what: the last row of each kind that was there. Null before the first time.
    computed = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    last_rows = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    # Why it could not be reckoned, in a sentence.
    failure = models.TextField(blank=True, default="")

    objects = ReportQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_awaited(self) -> bool:
        return self.asked is not None


class AgreementReport(StoredReport):
    """How far a dataset's reviewers agree: `agreement.report.Report`."""

    def __str__(self) -> str:
        return f"agreement of {self.dataset}"
