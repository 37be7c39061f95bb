"""Where models answer, what they cost, and what they are told."""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generation.families import family_of
from review.models import Dataset, User


class EndpointKind(models.TextChoices):
    OPENAI = "openai"
    OFFLINE = "offline"


class StructuredOutput(models.TextChoices):
    """How a server is made to answer in a given form; the last works with any of them."""

    JSON_SCHEMA = "json_schema", "by JSON schema"
    JSON_OBJECT = "json_object", "as JSON object"
    TEXT = "text", "as plain text"


class Job(models.TextChoices):
    REWRITE = "rewrite"
    JUDGE = "judge"
    # Vectors of texts and images, for retrievers.
    EMBED = "embed"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def within(self, dataset: Dataset) -> Self:
        """What a dataset may use: its own, and those of the whole site."""
        return self.filter(Q(dataset=dataset) | Q(dataset=None), retired=False)

    def of_dataset_for(self, dataset: Dataset, job: str) -> Self:
        """The dataset's own endpoints for a job: what a run uses that names none."""
        return self.filter(dataset=dataset, retired=False, jobs__contains=[job])


def both_jobs() -> list[str]:
    """What a language model can do."""
    return [Job.REWRITE.value, Job.JUDGE.value]


class Endpoint(models.Model):
    """A model at an OpenAI-compatible server, or the offline one that needs none.

    It belongs to a dataset; those of the whole site (no dataset) are `default`, which the
    environment makes, and `offline`. The key itself is never stored: `key_variable` names the
    environment variable that holds it. An empty limit is none.
    """

    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=EndpointKind, default=EndpointKind.OPENAI)
    base_url = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    key_variable = models.CharField(max_length=64, blank=True, default="")
    # Which runs use it that name no endpoint; and whether retrievers may ask it for vectors.
    jobs = models.JSONField(default=both_jobs)
    structured_output = models.CharField(
        max_length=16, choices=StructuredOutput, default=StructuredOutput.JSON_SCHEMA
    )
    sees_images = models.BooleanField(default=False)
    has_batches = models.BooleanField(default=False)
    # Go into every request as they are, such as {"temperature": 0.7}.
    extra_parameters = models.JSONField(default=dict, blank=True)
    most_in_flight = models.PositiveSmallIntegerField(default=64)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    # How long one call may take before it counts as lost.
    timeout_seconds = models.PositiveSmallIntegerField(default=120)
    # Set where the model's name does not tell its family.
    own_family = models.CharField(max_length=64, blank=True, default="")
    # No run uses it any more; what it made and cost stays.
    retired = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now())

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name"],
                condition=Q(retired=False),
                name="endpoint_name_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind__in=EndpointKind.values), name="endpoint_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(structured_output__in=StructuredOutput.values),
                name="endpoint_structured_output_known",
            ),
            models.CheckConstraint(
                condition=Q(most_in_flight__gte=1), name="endpoint_lets_calls_out"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_offline(self) -> bool:
        return self.kind == EndpointKind.OFFLINE

    def only_embeds(self) -> bool:
        """Whether it is a model that makes vectors and writes nothing."""
        return self.jobs == [Job.EMBED]

    @property
    def family(self) -> str:
        """What models of one making share; a judge is not asked about its own family's work."""
        return self.own_family or ("offline" if self.is_offline() else family_of(self.model))

    def price_on(self, day: date) -> "EndpointPrice | None":
        """The price in force on a day; None where none is known."""
        return in_force(self.prices.all(), day)

    def has_prices(self, day: date) -> bool:
        price = self.price_on(day)
        return self.is_offline() or (
            price is not None and price.is_complete(writes=not self.only_embeds())
        )


class EndpointPrice(models.Model):
    """Dollars per million tokens from a day on. An unknown price is null, not 0."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="prices")
    since = models.DateField()
    input = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    cached = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    output = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    # What a call in a batch costs, as a share of these.
    batch_share = models.DecimalField(max_digits=4, decimal_places=3, default="0.5")

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "since"], name="price_once_a_day"),
            models.CheckConstraint(
                condition=(Q(input=None) | Q(input__gte=0))
                & (Q(cached=None) | Q(cached__gte=0))
                & (Q(output=None) | Q(output__gte=0)),
                name="price_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(batch_share__range=(0, 1)), name="price_batch_share_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} from {self.since}"

    def is_complete(self, *, writes: bool = True) -> bool:
        """Whether each call has a known cost; a model that only makes vectors writes nothing."""
        return self.input is not None and (self.output is not None or not writes)


def in_force(prices: Iterable[EndpointPrice], day: date) -> EndpointPrice | None:
    """Of an endpoint's prices the one that holds on a day."""
    begun = [price for price in prices if price.since <= day]
    return max(begun, key=lambda price: price.since, default=None)


class PromptKind(models.TextChoices):
    REWRITE = "rewrite"
    JUDGE = "judge"
    COMPARE = "compare"


class PromptQuerySet(models.QuerySet["Prompt"]):
    def latest(self, kind: str, dataset: Dataset | None) -> "Prompt | None":  # type: ignore[override]  # Django's takes field names
        """The version in use: the last that was saved for a dataset (None: shipped)."""
        return self.filter(kind=kind, dataset=dataset).order_by("-version").first()


class Prompt(models.Model):
    """One version of what a model is told; versions are only added.

    Without a dataset it is the text that the code ships.
    """

    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=PromptKind)
    version = models.PositiveIntegerField()
    text = models.TextField()
    hash = models.CharField(max_length=64)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "kind", "version"],
                name="prompt_version_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PromptKind.values), name="prompt_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}" + ("" if self.dataset_id else " as shipped")

    @staticmethod
    def hash_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()
