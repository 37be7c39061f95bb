"""Benchmark runs: what was frozen, and where each retriever found the targets."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from generation.models.runs import Run
from review.models import Dialogue, Reckoned


class BenchmarkDialogue(models.Model):
    """One dialogue of a benchmark as it stood when the run began: the record may go on."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="subjects", db_index=False)
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="+")
    # The text of each turn, the final query last.
    turns = ArrayField(models.TextField())
    targets = ArrayField(models.TextField())
    # Ids of the images that the turns show.
    shown = ArrayField(models.TextField())
    # What people said of other images: whether each fits as well, by id.
    others = models.JSONField(default=dict)
    # What slices and clusters go by: `benchmark.facts.Facts`.
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "dialogue"], name="benchmark_dialogue_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dialogue} in {self.run}"


class BenchmarkText(models.Model):
    """One form of one dialogue's query, as it stood when the run began."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="texts", db_index=False)
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="+")
    # As it goes into names of files: `final-query`, `rewrite`, `best-gpt-x`, ...
    form = models.CharField(max_length=80)
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "dialogue", "form"], name="benchmark_text_once"),
            models.CheckConstraint(
                condition=Q(form__regex=r"^[a-z0-9-]+$"), name="benchmark_form_plain"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} of {self.dialogue} in {self.run}"


class BenchmarkScore(models.Model):
    """Where one retriever found the targets of one dialogue by one form of its query.

    `rank`, `tied` and `ranks` as in `review.RetrievalCheck`; `ranks` has the other images that
    people found to fit as well. `cell_key` is a SHA-256 of all that the ranks depend on: a later
    run that has the same reads them.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="scores", db_index=False)
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="+")
    retriever = models.CharField(max_length=64)
    form = models.CharField(max_length=80)
    cell_key = models.CharField(max_length=64)
    corpus_size = models.PositiveIntegerField()
    rank = models.PositiveIntegerField(null=True)
    tied = models.PositiveIntegerField(null=True)
    score = models.FloatField(null=True)
    ranks = models.JSONField(default=dict)
    # The best images that the text found, as [image id, score], best first.
    top = models.JSONField(default=list)
    cut = models.BooleanField(default=False)
    unranked_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "retriever", "form", "dialogue"], name="benchmark_score_once"
            ),
            models.CheckConstraint(
                condition=Q(rank__isnull=False, tied__isnull=False, unranked_reason="")
                | (Q(rank=None, tied=None) & ~Q(unranked_reason="")),
                name="benchmark_ranked_or_reason",
            ),
        ]
        indexes = [models.Index(fields=["cell_key"], name="benchmark_cell")]

    def __str__(self) -> str:
        return f"{self.retriever} {self.form}: {self.rank or self.unranked_reason}"


class BenchmarkReport(Reckoned):
    """What a benchmark run showed, as last reckoned: `benchmark.report.Report`."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"report of {self.run}"


class BenchmarkArchive(Reckoned):
    """All files of a benchmark in one zip, as last written: rankings take a worker its time.

    `data` has its `file` in the storage, its size in `bytes`, the `files` that it holds, and
    `left_out`: why rankings are missing.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"files of {self.run}"
