"""Where models answer, and what they are asked."""

import hashlib

from django.db import models
from django.db.models import Q


class EndpointKind(models.TextChoices):
    OPENAI = "openai"
    OFFLINE = "offline"


class Endpoint(models.Model):
    """A model at an OpenAI-compatible server, or the offline one that needs none.

    The key itself is never stored: `key_variable` names the environment variable that holds it.
    Prices are dollars per million tokens; an unknown price is null, not 0.
    """

    name = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=EndpointKind, default=EndpointKind.OPENAI)
    base_url = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    key_variable = models.CharField(max_length=64, blank=True, default="")
    price_input = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    price_cached = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    price_output = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    most_in_flight = models.PositiveSmallIntegerField(default=64)
    # How long one call may take before it counts as lost.
    timeout_seconds = models.PositiveSmallIntegerField(default=120)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EndpointKind.values), name="endpoint_kind_known"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_offline(self) -> bool:
        return self.kind == EndpointKind.OFFLINE

    def has_prices(self) -> bool:
        return self.is_offline() or None not in (self.price_input, self.price_output)


class PromptKind(models.TextChoices):
    REWRITE = "rewrite"
    JUDGE = "judge"


class Prompt(models.Model):
    """One version of what a model is told; never changed once a run has used it."""

    kind = models.CharField(max_length=16, choices=PromptKind)
    version = models.PositiveIntegerField()
    text = models.TextField()
    hash = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="prompt_version_once"),
            models.UniqueConstraint(fields=["kind", "hash"], name="prompt_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"

    @staticmethod
    def hash_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()
