"""What people decided. Rows are added, never changed: an undo is a row too."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from review.models.assignments import Assignment, Purpose
from review.models.candidates import Candidate
from review.models.dialogues import Dialogue, Stage
from review.models.users import User


class Verdict(models.TextChoices):
    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"
    MORE = "more"
    SKIP = "skip"
    UNDO = "undo"
    SEND_BACK = "send-back"


# What reviewers say of which rewrite is approved, if any.
SETTLING = [Verdict.ACCEPT, Verdict.EDIT, Verdict.REJECT]
# What says something of rewrites: a skip says nothing.
SAYING = [*SETTLING, Verdict.MORE]
# Records of their own that take back an earlier decision: the reviewer's, or another's for a
# second look.
TAKING_BACK = [Verdict.UNDO, Verdict.SEND_BACK]


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> Self:
        """Decisions for the record that nobody has taken back."""
        return self.not_taken_back().filter(purpose=Purpose.REVIEW)

    def practice(self) -> Self:
        """Decisions on dialogues whose outcome was known: they settle nothing."""
        return self.not_taken_back().exclude(purpose=Purpose.REVIEW)

    def not_taken_back(self) -> Self:
        # Not as `superseded_by=None`: of that join PostgreSQL expects a single row, and counts
        # many decisions ten times as long.
        superseding = Decision.objects.filter(supersedes=OuterRef("pk"))
        return self.exclude(verdict__in=TAKING_BACK).filter(~Exists(superseding))

    def counting(self, dialogue: Dialogue) -> Self:
        """The reviewers' outcomes that settle `dialogue` in its present round."""
        return self.standing().filter(
            dialogue=dialogue,
            round=dialogue.round,
            adjudication=False,
            verdict__in=SETTLING,
        )


class Decision(models.Model):
    """One reviewer's verdict on one dialogue, with what they saw when they gave it."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="decisions")
    # None for an adjudicator, who needs no place.
    assignment = models.ForeignKey(
        Assignment, null=True, on_delete=models.CASCADE, related_name="decisions"
    )
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=16, choices=Verdict)
    candidate = models.ForeignKey(
        Candidate, null=True, on_delete=models.RESTRICT, related_name="decisions"
    )
    # The candidate that an edit started from.
    started_from = models.ForeignKey(
        Candidate, null=True, on_delete=models.RESTRICT, related_name="+"
    )
    reason = models.CharField(max_length=64, blank=True, default="")
    note = models.TextField(blank=True, default="")
    # Other candidates that the reviewer found right as well.
    also = models.ManyToManyField(Candidate, related_name="also_accepted_by")
    # Codes of what the dataset's validators said of the text, and why it was approved all the same.
    findings = ArrayField(models.CharField(max_length=32), default=list)
    override = models.TextField(blank=True, default="")
    adjudication = models.BooleanField(default=False)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.REVIEW)
    round = models.PositiveSmallIntegerField(default=0)
    # The dialogue's stage once this decision had been taken in.
    stage_after = models.CharField(max_length=16, choices=Stage, blank=True, default="")
    # At work, as the server saw it (`review.places.activity`).
    seconds = models.FloatField()
    saw = models.JSONField(default=dict)
    policy = models.JSONField(default=dict)
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.RESTRICT, related_name="superseded_by"
    )
    idempotency_key = models.CharField(max_length=128, blank=True, default="")
    created = models.DateTimeField(db_default=Now())

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reviewer", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="decision_once_per_key",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["accept", "edit"], candidate__isnull=False)
                | Q(verdict__in=["reject", "more", "skip", *TAKING_BACK], candidate=None),
                name="decision_candidate_fits_verdict",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=TAKING_BACK, supersedes__isnull=False)
                | (~Q(verdict__in=TAKING_BACK) & Q(supersedes=None)),
                name="decision_undo_supersedes",
            ),
            models.CheckConstraint(
                condition=Q(adjudication=True) | Q(assignment__isnull=False),
                name="decision_has_place",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "-id"], name="decision_by_reviewer"),
            # Hours: of one person, and of everybody in a few weeks. Rows are only added, so that a
            # block of the table holds one span of time.
            models.Index(fields=["reviewer", "created"], name="decision_of_reviewer_on_day"),
            BrinIndex(fields=["created"], name="decision_by_day"),
            models.Index(
                fields=["reviewer"],
                condition=~Q(purpose=Purpose.REVIEW),
                name="decision_practice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer}: {self.verdict}"

    def settles(self) -> bool:
        """Whether it is a reviewer's word on which rewrite is approved, if any."""
        return self.verdict in SETTLING and not self.adjudication and self.purpose == Purpose.REVIEW

    def is_practice(self) -> bool:
        return self.purpose != Purpose.REVIEW

    def outcome(self) -> int | None:
        """The id of the candidate that this decision wants approved; None for a rejection."""
        return self.candidate_id
