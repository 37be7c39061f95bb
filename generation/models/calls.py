"""The ledger: every request to a model is a row, whatever became of it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generation.models.batches import Batch
from generation.models.endpoints import Endpoint, Prompt
from generation.models.runs import Run, RunItem
from review.models import Dataset


class CallOutcome(models.TextChoices):
    SENT = "sent"
    OK = "ok"
    FAILED = "failed"
    UNUSABLE = "unusable"
    # Sent by a worker that ended before the reply came.
    LOST = "lost"


class Call(models.Model):
    """One attempt: what was sent, what came back, what it cost in dollars (null: unknown).

    Written as *sent* before the request leaves, so that a call paid for by a worker that died is
    in the ledger too.
    """

    # Whose bill it is on; a call without a run was a try.
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="calls")
    item = models.ForeignKey(RunItem, null=True, on_delete=models.CASCADE, related_name="calls")
    # The batch that it is a line of; None: it was asked live.
    batch = models.ForeignKey(Batch, null=True, on_delete=models.CASCADE, related_name="calls")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.RESTRICT, related_name="+")
    prompt = models.ForeignKey(Prompt, null=True, on_delete=models.RESTRICT, related_name="+")
    attempt = models.PositiveSmallIntegerField(default=1)
    model = models.TextField(blank=True, default="")
    request = models.JSONField(default=dict)
    request_hash = models.CharField(max_length=64)
    saw_target = models.BooleanField(default=False)
    outcome = models.CharField(max_length=16, choices=CallOutcome, default=CallOutcome.SENT)
    status_code = models.PositiveSmallIntegerField(null=True)
    reply = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    tokens_input = models.PositiveIntegerField(null=True)
    tokens_cached = models.PositiveIntegerField(null=True)
    tokens_output = models.PositiveIntegerField(null=True)
    # The prices per million tokens that the cost was computed from.
    prices = models.JSONField(default=dict)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    latency_seconds = models.FloatField(null=True)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["dataset", "endpoint"], name="call_bill"),
            models.Index(
                fields=["item", "request_hash"],
                condition=Q(outcome=CallOutcome.OK),
                name="call_paid_reply",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk} to {self.endpoint}: {self.outcome}"
