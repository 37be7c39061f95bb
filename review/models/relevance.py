"""What retrieval shows of a dialogue beside ranks: words that deceive, images that fit as well."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.candidates import Candidate
from review.models.dialogues import Dialogue
from review.models.users import User


class Trait(models.TextChoices):
    """What a dialogue may be, as retrieval shows it: kept in `Dialogue.traits`."""

    LEAK = "leak", "Leaks the target"
    HALLUCINATION = "hallucination", "Says what nobody said"
    PADDING = "padding", "Has words without effect"
    SHORTCUT = "shortcut", "Needs no history"
    HISTORY_REQUIRED = "history-required", "Needs its history"
    UNRESOLVED = "unresolved", "Not found even with its history"
    UNCHANGED = "unchanged", "Rewrite equals the final query"
    UNSTABLE = "unstable", "Candidates' ranks differ widely"
    TOO_BROAD = "too-broad", "Ten or more images fit"


class WordFinding(models.Model):
    """One content word of an approved rewrite, and what the target's rank is without it.

    `start` and `end` are its place in the text of the candidate, in characters. Supported words
    are those that the dialogue, its shown images, or a person account for.
    """

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="word_findings")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    retriever = models.CharField(max_length=64)
    retriever_hash = models.CharField(max_length=64)
    corpus_version = models.PositiveIntegerField()
    word = models.TextField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    supported = models.BooleanField()
    # Leak, hallucination or padding; empty where it is none of them.
    trait = models.CharField(max_length=16, choices=Trait, blank=True, default="")
    # Of the target with the whole rewrite, and without the word.
    rank = models.PositiveIntegerField()
    tied = models.PositiveIntegerField()
    rank_without = models.PositiveIntegerField()
    tied_without = models.PositiveIntegerField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["dialogue", "retriever", "start"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "retriever_hash", "corpus_version", "start"],
                name="word_found_once_per_version",
            ),
            models.CheckConstraint(
                condition=Q(start__lt=models.F("end")), name="word_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(trait__in=["", Trait.LEAK, Trait.HALLUCINATION, Trait.PADDING]),
                name="word_trait_known",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.word}” of {self.dialogue}: {self.trait or 'fine'}"


class WordSupport(models.Model):
    """A person points to what supports a word of a rewrite: a turn, or an image that it shows."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="word_supports")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    # As words compare: `review.wording.tokens.Word.key`.
    word_key = models.TextField()
    # Number of the turn in the dialogue, from 0.
    turn = models.PositiveSmallIntegerField()
    by = models.ForeignKey(User, on_delete=models.RESTRICT, related_name="+")
    created = models.DateTimeField(db_default=Now())
    # Taken back by whoever said it, or by an admin.
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "word_key", "by"],
                condition=Q(withdrawn=None),
                name="word_supported_once_by_each",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.word_key}” by turn {self.turn} of {self.dialogue}"


class RelevanceQuerySet(models.QuerySet["Relevance"]):
    def standing(self) -> Self:
        """The last word on each image of each dialogue. To be narrowed by dialogue or image alone:
        by anything else an earlier word would come to stand."""
        return self.order_by("dialogue", "image", "-pk").distinct("dialogue", "image")


class Relevance(models.Model):
    """A person's word on whether an image fits a dialogue's query as well as its target does.

    Rows are only added: the last one on an image stands.
    """

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="relevances")
    # Id of an image in the corpus, as in `Dialogue.target_images`.
    image = models.TextField()
    fits = models.BooleanField()
    by = models.ForeignKey(User, on_delete=models.RESTRICT, related_name="+")
    created = models.DateTimeField(db_default=Now())

    objects = RelevanceQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["dialogue", "image", "-id"], name="relevance_last")]

    def __str__(self) -> str:
        return f"{self.image} {'fits' if self.fits else 'does not fit'} {self.dialogue}"
