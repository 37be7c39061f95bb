"""A dataset, its review policy, and its members."""

from typing import Any, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from review.models.users import User

SLUG = RegexValidator(r"^[a-z0-9-]+\Z", "Use lower-case letters, digits and hyphens only.")


def default_reject_reasons() -> list[dict[str, str]]:
    """What a reviewer may say against a dialogue: `code`, `label` and `kind`.

    Kind *rewrite*: no candidate can be made good. Kind *dialogue*: the dialogue itself is unusable.
    """
    return [
        {"code": "no-good-rewrite", "label": "No rewrite can be made good", "kind": "rewrite"},
        {"code": "ambiguous", "label": "What the user means is unclear", "kind": "rewrite"},
        {"code": "wrong-target", "label": "The target image is wrong", "kind": "dialogue"},
        {"code": "unusable", "label": "The dialogue is broken or nonsense", "kind": "dialogue"},
        {"code": "private", "label": "Private or harmful content", "kind": "dialogue"},
    ]


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def of_member(self, user: User) -> Self:
        return self.filter(memberships__user=user, memberships__paused=False)


class Dataset(models.Model):
    """A named body of dialogues and images under one review policy."""

    slug = models.CharField(max_length=64, unique=True, validators=[SLUG])
    title = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)

    # Review policy.
    decisions_needed = models.PositiveSmallIntegerField(default=1)
    quorum = models.PositiveSmallIntegerField(null=True, blank=True)
    needs_scores = models.BooleanField(default=False)
    dispute_when_worse = models.BooleanField(default=False)
    hide_authors = models.BooleanField(default=False)
    hide_scores = models.BooleanField(default=False)
    lease_minutes = models.PositiveSmallIntegerField(default=30)
    reject_reasons = models.JSONField(default=default_reject_reasons)
    guidelines = models.TextField(blank=True, default="")
    guidelines_version = models.PositiveIntegerField(default=1)
    seed = models.CharField(max_length=64, default="recqr")

    # Grows with every change of the corpus; images carry the versions that added and removed them.
    corpus_version = models.PositiveIntegerField(default=0)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decisions_needed__range=(1, 5)), name="dataset_decisions_1_to_5"
            ),
            models.CheckConstraint(
                condition=models.Q(quorum=None)
                | models.Q(quorum__gte=1, quorum__lte=models.F("decisions_needed")),
                name="dataset_quorum_within_decisions",
            ),
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[a-z0-9-]+$"), name="dataset_slug_plain"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def agreement_needed(self) -> int:
        """How many equal outcomes settle a dialogue."""
        return self.quorum or self.decisions_needed

    def policy(self) -> dict[str, Any]:
        """The review policy as it stands, to be kept with each decision made under it."""
        return {
            "decisions_needed": self.decisions_needed,
            "quorum": self.quorum,
            "needs_scores": self.needs_scores,
            "dispute_when_worse": self.dispute_when_worse,
            "hide_authors": self.hide_authors,
            "hide_scores": self.hide_scores,
        }


class Role(models.TextChoices):
    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    ADMIN = "admin"


class Membership(models.Model):
    """One person's role in one dataset. An adjudicator may also annotate, an admin may do both."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    paused = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.dataset}"

    def adjudicates(self) -> bool:
        return self.role in {Role.ADJUDICATOR, Role.ADMIN}

    def administers(self) -> bool:
        return self.role == Role.ADMIN
