"""Runs: a plan of machine work, frozen when it starts. What remains is derived from its items."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generation.models.endpoints import Endpoint, Prompt
from review.models import Dataset, Dialogue, Rubric, User


class RunKind(models.TextChoices):
    REWRITE = "rewrite"
    JUDGE = "judge"
    CHECK = "check"
    BENCHMARK = "benchmark"


class RunStatus(models.TextChoices):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class RunQuerySet(models.QuerySet["Run"]):
    def unfinished(self) -> Self:
        return self.filter(status=RunStatus.RUNNING)

    def frozen_corpora(self, dataset_id: int) -> list[int]:
        """The versions of a dataset's corpus that benchmarks still search: they run, or rest."""
        over = RunStatus.STOPPED, RunStatus.DONE
        runs = self.filter(dataset=dataset_id, kind=RunKind.BENCHMARK).exclude(status__in=over)
        return list(runs.values_list("parameters__corpus_version", flat=True).distinct())


class Run(models.Model):
    """Machine work over frozen dialogues with a budget in dollars (null: none)."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=RunKind)
    status = models.CharField(max_length=16, choices=RunStatus, default=RunStatus.RUNNING)
    prompt = models.ForeignKey(Prompt, null=True, on_delete=models.RESTRICT, related_name="+")
    # What judges are to go by, with its weights as they stood.
    rubric = models.ForeignKey(Rubric, null=True, on_delete=models.RESTRICT, related_name="+")
    parameters = models.JSONField(default=dict)
    budget_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Why it paused or stopped, in a sentence.
    note = models.TextField(blank=True, default="")
    # The one worker that is at it, and until when without another sign of life: a budget is kept
    # by one purse.
    drained_by = models.UUIDField(null=True)
    drained_until = models.DateTimeField(null=True)
    created = models.DateTimeField(db_default=Now())
    finished = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RunKind.values), name="run_kind_known"),
            models.CheckConstraint(
                condition=Q(status__in=RunStatus.values), name="run_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"

    def model_of(self, endpoint: Endpoint) -> str:
        """The model that the run froze for an endpoint."""
        return str(self.parameters.get("models", {}).get(endpoint.name, endpoint.model))

    def compares(self) -> bool:
        """Whether its judges compare candidates in pairs rather than score them."""
        return bool(self.parameters.get("pairwise"))

    def goes_in_batches(self) -> bool:
        return bool(self.parameters.get("batch"))


class ItemState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class RunItemQuerySet(models.QuerySet["RunItem"]):
    def available(self, now: datetime) -> Self:
        """What a worker may take: pending, and leased by nobody or by one who is gone."""
        return self.filter(state=ItemState.PENDING).filter(
            Q(leased_until=None) | Q(leased_until__lt=now)
        )

    def pending(self) -> Self:
        return self.filter(state=ItemState.PENDING)


class RunItem(models.Model):
    """One piece of a run's plan: one dialogue at one endpoint, or one dialogue to check."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="items")
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(Endpoint, null=True, on_delete=models.RESTRICT, related_name="+")
    round = models.PositiveSmallIntegerField(default=0)
    # What makes two items the same work: `planning.Recipes`.
    recipe = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=16, choices=ItemState, default=ItemState.PENDING)
    # What made it fail, in a sentence.
    failure = models.TextField(blank=True, default="")
    leased_until = models.DateTimeField(null=True)
    # The last batch that it went into: while that is open, the item is with a server.
    batch = models.ForeignKey(
        "generation.Batch",
        null=True,
        on_delete=models.SET_NULL,
        related_name="items",
        db_index=False,
    )
    finished = models.DateTimeField(null=True)

    objects = RunItemQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "dialogue", "endpoint"],
                name="item_once_in_run",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(failure=""))
                | (~Q(state="failed") & Q(failure="")),
                name="item_failed_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(state="pending"), name="item_pending"),
            models.Index(fields=["dialogue", "endpoint"], name="item_done_before"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="item_in_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.dialogue}"

    def asked(self) -> Endpoint:
        """The endpoint of an item that is done at one."""
        if self.endpoint is None:
            raise ValueError(f"{self} is done at no endpoint")
        return self.endpoint
