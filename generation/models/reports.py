"""What was reckoned over a whole dataset, kept so that its page need not wait."""

from django.db import models

from review.models import Dataset


class JudgeReport(models.Model):
    """How far a dataset's judges agree, as last reckoned: `judges_compared.report.Report`."""

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

    def __str__(self) -> str:
        return f"judges of {self.dataset}"

    def is_awaited(self) -> bool:
        return self.asked is not None
