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
    BLIND = "blind"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def held(self) -> Self:
        return self.filter(state=PlaceState.OPEN)

    def held_by(self, user: User) -> Self:
        return self.held().filter(reviewer=user)

    def taken(self) -> Self:
        return self.filter(state__in=TAKEN)

    def overdue(self, now: datetime) -> Self:
        return self.held().filter(expires_at__lt=now)


class Assignment(models.Model):
    """A reviewer's place in a dialogue: a lease while open, kept afterwards as history."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="assignments")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    # From 0; unique among the places taken, so that there are never more than the policy says.
    place = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=16, choices=PlaceState, default=PlaceState.OPEN)
    arm = models.CharField(max_length=16, choices=Arm, default=Arm.PLAIN)
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # What the reviewer was shown last; a decision keeps its own copy.
    shown = models.JSONField(default=dict)
    # A text that was being written when the place was lost.
    draft = models.TextField(blank=True, default="")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dialogue", "round", "place"],
                condition=Q(state__in=["open", "decided"]),
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
                condition=(Q(state="open") & Q(ended_at=None))
                | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="place_open_or_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reviewer"], condition=Q(state="open"), name="place_held_by_reviewer"
            ),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="place_overdue"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} at {self.dialogue}"

    def is_open(self) -> bool:
        return self.state == PlaceState.OPEN

    def hides_scores(self) -> bool:
        return self.arm == Arm.BLIND
