"""Places: who may decide on which dialogue, and until when."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from review.models.dialogues import Dialogue
from review.models.users import User


class PlaceState(models.TextChoices):
    OPEN = "open"
    DECIDED = "decided"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    RETURNED = "returned"


# What counts against the number of decisions that a dialogue needs.
TAKEN = [PlaceState.OPEN, PlaceState.DECIDED]


class Arm(models.TextChoices):
    """What was hidden from the reviewer, by lot, to learn how much it leads people."""

    PLAIN = "plain"
    BLIND = "blind"  # the scores
    UNAIDED = "unaided"  # the candidates, until the reviewer has written a rewrite
    NO_TARGET = "no-target"
    NO_RETRIEVAL = "no-retrieval"  # what a text would find, while it is written


class Purpose(models.TextChoices):
    """What a place is for. Only *review* counts; the others have a known outcome."""

    REVIEW = "review"
    CONTROL = "control"
    QUIZ = "quiz"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def held(self) -> Self:
        return self.filter(state=PlaceState.OPEN)

    def held_by(self, user: User) -> Self:
        return self.held().filter(reviewer=user)

    def taken(self) -> Self:
        return self.filter(state__in=TAKEN)

    def for_review(self) -> Self:
        return self.filter(purpose=Purpose.REVIEW)

    def of_an_arm(self) -> Self:
        """Those whose arm was drawn by lot, so that arms can be compared."""
        return self.for_review().filter(drawn=False)

    def overdue(self, now: datetime) -> Self:
        return self.held().filter(expires_at__lt=now)


class Assignment(models.Model):
    """A reviewer's place in a dialogue: a lease while open, kept afterwards as history."""

    dialogue = models.ForeignKey(
        Dialogue, on_delete=models.CASCADE, related_name="assignments", db_index=False
    )
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    # From 0; unique among the places taken, so that there are never more than the policy says.
    place = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=16, choices=PlaceState, default=PlaceState.OPEN)
    arm = models.CharField(max_length=16, choices=Arm, default=Arm.PLAIN)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.REVIEW)
    # In a dialogue that was drawn for calibration: the scores are hidden, and not by lot.
    drawn = models.BooleanField(default=False, db_default=False)
    claimed_at = models.DateTimeField()
    # When the dialogue came before the reviewer's eyes; until then it is held ahead.
    begun_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # Time at work, as the server saw it: between two signs of life, a pause counting a minute.
    active_at = models.DateTimeField(null=True)
    active_seconds = models.FloatField(default=0)
    # What the reviewer was shown last; a decision keeps its own copy.
    shown = models.JSONField(default=dict)
    # What the reviewer tried while writing: each text with its rank and the images it would find.
    tried = models.JSONField(default=list)
    # In the *unaided* arm: what was written before any candidate was shown.
    unaided_text = models.TextField(blank=True, default="")
    # What is being written, kept at every pause; `draft_rest` has what else the form holds. The
    # revision grows with each, so that of two tabs the older does not overwrite the newer.
    draft = models.TextField(blank=True, default="")
    draft_rest = models.JSONField(default=dict)
    draft_revision = models.PositiveIntegerField(default=0)
    drafted_at = models.DateTimeField(null=True)
    # Sent back by an adjudicator or admin for a second look, with their comment.
    sent_back_at = models.DateTimeField(null=True)
    sent_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    sent_back_note = models.TextField(blank=True, default="")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dialogue", "round", "place"],
                condition=Q(state__in=["open", "decided"], purpose="review"),
                name="place_taken_once",
            ),
            models.UniqueConstraint(
                fields=["dialogue", "round", "reviewer"],
                condition=Q(state__in=["open", "decided"]),
                name="reviewer_once_in_dialogue",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlaceState.values), name="place_state_known"
            ),
            models.CheckConstraint(
                condition=Q(arm__in=Arm.values, purpose__in=Purpose.values),
                name="place_arm_and_purpose_known",
            ),
            models.CheckConstraint(
                condition=(Q(state="open") & Q(ended_at=None))
                | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="place_open_or_ended",
            ),
        ]
        indexes = [
            # Whether a person has, or had, a place in a dialogue is asked all the time.
            models.Index(fields=["dialogue", "reviewer"], name="place_of_reviewer"),
            models.Index(
                fields=["reviewer"], condition=Q(state="open"), name="place_held_by_reviewer"
            ),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="place_overdue"),
            # Work at places that were lost before a decision, for the hours of a person.
            models.Index(
                fields=["ended_at"],
                condition=Q(state__in=["expired", "returned"]),
                name="place_lost",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} at {self.dialogue}"

    def is_open(self) -> bool:
        return self.state == PlaceState.OPEN

    def hides_scores(self) -> bool:
        return self.arm == Arm.BLIND

    def hides_candidates(self) -> bool:
        return self.arm == Arm.UNAIDED and not self.unaided_text

    def hides_target(self) -> bool:
        return self.arm == Arm.NO_TARGET

    def hides_retrieval(self) -> bool:
        """Whether it is hidden what a text would find; that would tell the target, too."""
        return self.arm in {Arm.NO_RETRIEVAL, Arm.NO_TARGET}

    def is_practice(self) -> bool:
        return self.purpose != Purpose.REVIEW

    def has_draft(self) -> bool:
        return bool(self.draft or self.draft_rest)
