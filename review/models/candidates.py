"""Candidate rewrites and what judges said of them."""

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.dialogues import Dialogue
from review.models.users import User
from review.wording.likeness import likeness_key


def text_key(text: str) -> str:
    """What makes two texts the same candidate: their NFC form, without outer white space."""
    return hashlib.sha256(unicodedata.normalize("NFC", text).strip().encode()).hexdigest()


class CandidateKind(models.TextChoices):
    MODEL = "model"
    OFFLINE = "offline"
    IMPORTED = "imported"
    PERSON = "person"


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def proposed(self) -> Self:
        """What reviewers are offered: all but other reviewers' edits."""
        return self.exclude(kind=CandidateKind.PERSON)

    def proposed_or(self, own: int | None) -> Self:
        """What reviewers are offered, and what one of them wrote."""
        return self.filter(~Q(kind=CandidateKind.PERSON) | Q(pk=own))

    def of_the_record(self) -> Self:
        """All but what people wrote for practice alone."""
        practice = Q(decisions__purpose__in=["quiz", "control"])
        written = self.filter(practice, kind=CandidateKind.PERSON)
        return self.exclude(pk__in=written.exclude(decisions__purpose="review").values("pk"))


class Candidate(models.Model):
    """A proposed rewrite with its author and how it was made."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="candidates")
    text = models.TextField()
    text_key = models.CharField(max_length=64)
    author = models.TextField()
    kind = models.CharField(max_length=16, choices=CandidateKind)
    # Set where a person wrote it.
    reviewer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # Provenance of machine work; a candidate that several authors wrote keeps the others here,
    # each with the same fields.
    model = models.TextField(blank=True, default="")
    family = models.CharField(max_length=64, blank=True, default="")
    prompt_hash = models.CharField(max_length=64, blank=True, default="")
    saw_target = models.BooleanField(null=True)
    also_by = models.JSONField(default=list)
    round = models.PositiveSmallIntegerField(default=0)
    # The panel's mean over its judges, and the largest distance between two of them.
    panel_score = models.FloatField(null=True)
    disagreement = models.FloatField(null=True)
    # Whether the panel's mean reaches the pass mark on every criterion.
    passes = models.BooleanField(null=True)
    # The share of its comparisons with others that it won, a tie as half.
    preference = models.FloatField(null=True)
    created = models.DateTimeField(db_default=Now())

    objects = CandidateQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dialogue", "text_key"], name="candidate_text_once_in_dialogue"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="candidate_has_text"),
            models.CheckConstraint(
                condition=Q(kind__in=CandidateKind.values), name="candidate_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=CandidateKind.PERSON) | Q(reviewer=None),
                name="candidate_reviewer_is_person",
            ),
            models.CheckConstraint(
                condition=Q(panel_score=None) | Q(panel_score__range=(1, 5)),
                name="candidate_score_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(preference=None) | Q(preference__range=(0, 1)),
                name="candidate_preference_0_to_1",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def is_offline(self) -> bool:
        return self.kind == CandidateKind.OFFLINE

    def authors(self) -> list[str]:
        return [self.author, *(entry["author"] for entry in self.also_by)]

    def repeats_final_query(self) -> bool:
        """Whether it says the final query over again: the same words in the same order."""
        return likeness_key(self.text) == likeness_key(self.dialogue.final_query)


class Criterion(models.TextChoices):
    CORRECTNESS = "correctness"
    COMPLETENESS = "completeness"
    CLARITY = "clarity"
    CONCISENESS = "conciseness"
    GROUNDEDNESS = "groundedness"


class Judgement(models.Model):
    """One judge's score of one candidate on one criterion, or why there is none."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="judgements")
    judge = models.TextField()
    criterion = models.CharField(max_length=32)
    score = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(blank=True, default="")
    unscored_reason = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    family = models.CharField(max_length=64, blank=True, default="")
    prompt_hash = models.CharField(max_length=64, blank=True, default="")
    offline = models.BooleanField(default=False)
    imported = models.BooleanField(default=False)
    saw_target = models.BooleanField(null=True)
    # Its judge is of the family that wrote the candidate, and the panel had no other.
    self_judged = models.BooleanField(default=False)
    # Of the second pass over the same candidates, shown in the reverse order.
    reversed = models.BooleanField(default=False)
    # The candidate's place, from 0, in the order that the judge was shown.
    shown_position = models.PositiveSmallIntegerField(null=True)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "judge", "criterion", "prompt_hash", "reversed"],
                name="judgement_once_per_prompt",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=False, score__range=(1, 5), unscored_reason="")
                | (Q(score=None) & ~Q(unscored_reason="")),
                name="judgement_scored_or_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.judge} on {self.criterion}: {self.score or 'unscored'}"


def heard(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Of the judgements of a candidate, in the order in which they were made, those that count.

    A judge that was asked again under another prompt or rubric is heard for the last one alone,
    and one of the family that wrote the candidate only while no other has scored it.
    """
    rows = list(judgements)
    told = {row.judge: row.prompt_hash for row in rows}
    last = [row for row in rows if row.prompt_hash == told[row.judge]]
    others = any(row.score is not None and not row.self_judged for row in last)
    return [row for row in last if not (others and row.self_judged)]


class Comparison(models.Model):
    """One judge's word on two candidates of a dialogue, asked in both orders.

    Without a winner it is a tie: the judge said so, or *flipped*, naming another winner when the
    order was reversed. `unscored_reason` says why there is no word at all.
    """

    first = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    judge = models.TextField()
    winner = models.ForeignKey(Candidate, null=True, on_delete=models.CASCADE, related_name="+")
    flipped = models.BooleanField(default=False)
    # What the judge said in either order.
    reasons = models.JSONField(default=list)
    # Which place won in either order: 0 the first shown, 1 the second, null neither.
    won_places = models.JSONField(default=list)
    unscored_reason = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    family = models.CharField(max_length=64, blank=True, default="")
    prompt_hash = models.CharField(max_length=64, blank=True, default="")
    offline = models.BooleanField(default=False)
    saw_target = models.BooleanField(null=True)
    self_judged = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "judge", "prompt_hash"], name="comparison_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("second")), name="comparison_of_two_in_order"
            ),
            models.CheckConstraint(
                condition=Q(winner=None)
                | Q(flipped=False, unscored_reason="")
                & (Q(winner=models.F("first")) | Q(winner=models.F("second"))),
                name="comparison_winner_is_one_of_them",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.judge} on {self.first_id} and {self.second_id}: {self.winner_id or 'tie'}"
