"""Retrievers as a dataset set them up, and the vectors that models made for them."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from pgvector.django import HalfVectorField

from generation.models.endpoints import Endpoint
from review.models import Dataset, Image

NAME = RegexValidator(r"^[a-z0-9-]+\Z", "Use lower-case letters, digits and hyphens only.")


class RetrieverKind(models.TextChoices):
    BM25 = "bm25"
    DENSE = "dense"
    CLIP = "clip"
    ENDPOINT = "endpoint"
    FUSION = "fusion"


class ConfiguredRetrieverQuerySet(models.QuerySet["ConfiguredRetriever"]):
    def within(self, dataset: Dataset) -> Self:
        """What a dataset uses now, its primary one first."""
        return self.filter(dataset=dataset, retired=False).order_by("-primary", "name")


class ConfiguredRetriever(models.Model):
    """One way to search a dataset's corpus: a kind, and what that kind needs to know.

    `fingerprint` stands for the model itself, as the worker that loaded it found it: its files or
    its revision. Empty until then, and for kinds without a model; `problem` says why it could not
    be loaded.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64, validators=[NAME])
    kind = models.CharField(max_length=16, choices=RetrieverKind)
    # The one whose ranks decide the outcome of a check, and which the desk uses.
    primary = models.BooleanField(default=False)
    settings = models.JSONField(default=dict, blank=True)
    endpoint = models.ForeignKey(Endpoint, null=True, on_delete=models.RESTRICT, related_name="+")
    # What a fusion puts together.
    members = models.ManyToManyField("self", symmetrical=False, related_name="fusions", blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    problem = models.TextField(blank=True, default="")
    # Nothing is searched with it any more; what it found stays.
    retired = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now())

    objects = ConfiguredRetrieverQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name"],
                condition=Q(retired=False),
                name="retriever_name_once",
            ),
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(primary=True, retired=False),
                name="retriever_primary_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RetrieverKind.values), name="retriever_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[a-z0-9-]+$"), name="retriever_name_plain"
            ),
            models.CheckConstraint(
                condition=Q(kind="endpoint", endpoint__isnull=False)
                | (~Q(kind="endpoint") & Q(endpoint=None)),
                name="retriever_endpoint_where_needed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VectorSpace(models.Model):
    """The vectors of a dataset's images by one version of one retriever.

    A new version fills a space of its own while the one before it still serves.
    """

    retriever = models.ForeignKey(
        ConfiguredRetriever, on_delete=models.CASCADE, related_name="spaces"
    )
    # `Retriever.hash`: of everything that changes a rank.
    hash = models.CharField(max_length=64)
    # The retriever as it was then, so that texts can be searched with while a new version is made.
    settings = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, default="")
    dimensions = models.PositiveIntegerField()
    # The newest version of the corpus of which every image has a vector, or a reason for none.
    complete_version = models.PositiveIntegerField(null=True)
    # When its HNSW index was made; null where there is none.
    indexed = models.DateTimeField(null=True)
    # What makes it rest, in a sentence.
    problem = models.TextField(blank=True, default="")
    # The worker that fills it holds it until then, unless it dies.
    leased_until = models.DateTimeField(null=True)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["retriever", "hash"], name="space_once_per_version"),
        ]

    def __str__(self) -> str:
        return f"{self.retriever} ({self.hash[:8]})"


class ImageVector(models.Model):
    """An image as a unit vector in a space; or why it has none, in a sentence."""

    space = models.ForeignKey(
        VectorSpace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    vector = HalfVectorField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "image"], name="image_once_in_space"),
            models.CheckConstraint(
                condition=(Q(vector__isnull=False) & Q(reason=""))
                | (Q(vector=None) & ~Q(reason="")),
                name="vector_or_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image} in {self.space}"


class TextVector(models.Model):
    """A query as a unit vector in a space: the same each time, and paid for once."""

    space = models.ForeignKey(
        VectorSpace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # `review.models.candidates.text_key` of the text.
    text_key = models.CharField(max_length=64)
    vector = HalfVectorField()
    # The model's limit cut the text.
    cut = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "text_key"], name="text_once_in_space"),
        ]

    def __str__(self) -> str:
        return f"{self.text_key[:8]} in {self.space}"


class ImageLikeness(models.Model):
    """Two images of a corpus that look alike: by their perceptual hashes, their vectors, or both.

    `first` < `second`, ids of images in the corpus. `bits` is the Hamming distance of the hashes
    (64 bits), `cosine` that of the vectors of the primary retriever that has any.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    first = models.TextField()
    second = models.TextField()
    bits = models.PositiveSmallIntegerField(null=True)
    cosine = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "first", "second"], name="likeness_once"),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("second")), name="likeness_in_order"
            ),
            models.CheckConstraint(
                condition=Q(bits__isnull=False) | Q(cosine__isnull=False),
                name="likeness_by_something",
            ),
        ]
        indexes = [models.Index(fields=["dataset", "second"], name="likeness_second")]

    def __str__(self) -> str:
        return f"{self.first} ~ {self.second}"


class LikenessFound(models.Model):
    """When the likenesses of a dataset's images were found, and for what.

    `key` is a SHA-256 of all that they depend on: the corpus, its vectors, its targets.
    """

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    found = models.DateTimeField()

    def __str__(self) -> str:
        return f"likenesses of {self.dataset}"
