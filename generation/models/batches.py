"""Batches: many requests handed to a server at once, for half the price and within a day."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generation.models.endpoints import Endpoint
from generation.models.runs import Run


class BatchState(models.TextChoices):
    """*Preparing* until the server has named it; *collected* once its replies are entered."""

    PREPARING = "preparing"
    SUBMITTED = "submitted"
    COLLECTED = "collected"
    FAILED = "failed"


# Those that still want something done.
OPEN = [BatchState.PREPARING, BatchState.SUBMITTED]


class BatchQuerySet(models.QuerySet["Batch"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN)


class Batch(models.Model):
    """One batch of a run's requests at one endpoint, as the Batch API of OpenAI takes it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="batches")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.RESTRICT, related_name="+")
    # Goes with the batch as metadata: what was submitted before a crash is found by it.
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=16, choices=BatchState, default=BatchState.PREPARING)
    # The uploaded requests, by the server's name for them; "" until they are there.
    input_file = models.TextField(blank=True, default="")
    remote_id = models.TextField(blank=True, default="")
    # The server's own word for how far it is, and its counts.
    remote_status = models.CharField(max_length=32, blank=True, default="")
    lines = models.PositiveIntegerField(default=0)
    lines_done = models.PositiveIntegerField(default=0)
    # What its lines may cost in dollars: held back from the run's budget until it is collected.
    held_usd = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    # The last trouble with its server, and how many there were in a row.
    problem = models.TextField(blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    created = models.DateTimeField(db_default=Now())
    asked_at = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="batch_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=BatchState.SUBMITTED) | ~Q(remote_id=""),
                name="batch_submitted_has_id",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run"],
                condition=Q(state__in=OPEN),
                name="batch_open",
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.run}"
