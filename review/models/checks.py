"""What a retriever found: ranks of the target image per form of the query."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.candidates import Candidate
from review.models.dialogues import Dialogue


class QueryForm(models.TextChoices):
    FINAL_QUERY = "final_query"
    HISTORY = "history"
    CANDIDATE = "candidate"
    REWRITE = "rewrite"
    # The rewrite without the words that leak its target: for their share of the gain.
    WITHOUT_LEAKS = "without_leaks"


class CheckOutcome(models.TextChoices):
    """How the approved rewrite did against the final query."""

    IMPROVED = "improved"
    SAME = "same"
    WORSE = "worse"
    UNRANKED = "unranked"


class RetrievalCheck(models.Model):
    """Rank of the target for one text by one retriever in one version of the corpus.

    `rank` is 1 + the number of images with a strictly higher score; `tied` counts the images
    whose score is equal (within 1e-6), the target's own included. With several targets it is
    the best of them, and `ranks` keeps all: {image id: [rank, tied]}.
    """

    dialogue = models.ForeignKey(
        Dialogue, on_delete=models.CASCADE, related_name="retrieval_checks"
    )
    candidate = models.ForeignKey(Candidate, null=True, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=32)
    text_key = models.CharField(max_length=64)
    retriever = models.CharField(max_length=64)
    retriever_hash = models.CharField(max_length=64)
    corpus_version = models.PositiveIntegerField()
    # How many images were ranked: those of the corpus that the retriever can rank, without
    # `left_out`, the images that the dialogue itself shows.
    corpus_size = models.PositiveIntegerField()
    left_out = models.JSONField(default=list)
    rank = models.PositiveIntegerField(null=True)
    tied = models.PositiveIntegerField(null=True)
    score = models.FloatField(null=True)
    ranks = models.JSONField(default=dict)
    # The best images that the text found, as [image id, score], best first.
    top = models.JSONField(default=list)
    # The model's limit cut the text.
    cut = models.BooleanField(default=False, db_default=False)
    # The dataset's rule when it was made: whether shown images were left out, and the margin.
    leaves_out = models.BooleanField(default=True, db_default=True)
    margin = models.FloatField(default=0.001, db_default=0.001)
    unranked_reason = models.TextField(blank=True, default="")
    # Only on the row of the approved rewrite.
    outcome = models.CharField(max_length=16, choices=CheckOutcome, blank=True, default="")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "dialogue",
                    "form",
                    "text_key",
                    "retriever_hash",
                    "corpus_version",
                    "leaves_out",
                ],
                name="check_once_per_version",
            ),
            models.CheckConstraint(
                condition=Q(
                    rank__isnull=False,
                    tied__isnull=False,
                    rank__range=(1, models.F("corpus_size")),
                    tied__gte=1,
                    unranked_reason="",
                )
                | (Q(rank=None, tied=None) & ~Q(unranked_reason="")),
                name="check_ranked_or_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.retriever} {self.form}: {self.rank or self.unranked_reason}"
