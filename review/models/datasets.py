"""A dataset, its review policy, and its members."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Value
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


def default_skip_reasons() -> list[dict[str, str]]:
    """Why a reviewer may pass a dialogue on: `code` and `label`."""
    return [
        {"code": "unsure", "label": "I cannot tell which is right"},
        {"code": "language", "label": "It is not in a language that I read well"},
        {"code": "images", "label": "I cannot see an image that matters"},
        {"code": "later", "label": "Somebody else should look at it"},
    ]


def default_arms() -> dict[str, float]:
    """One place in ten hides the scores, so that a release can say how far they led people."""
    return {"blind": 0.1}


def default_validators() -> dict[str, str]:
    """What is said of a rewrite before it is approved, by code: `off`, `warn` or `block`."""
    return {
        "equal": "warn",
        "unresolved": "warn",
        "too-long": "warn",
        "unsupported": "warn",
    }


class QueueOrder(models.TextChoices):
    """Which dialogue is handed out first. Scored ones come before the others in any order."""

    OLDEST = "oldest"
    DISAGREEMENT = "disagreement"
    HIGHEST = "highest"
    LOWEST = "lowest"
    RANDOM = "random"


class HideUntil(models.TextChoices):
    """How long a reviewer sees neither what the policy hides nor what others decided."""

    DECIDED = "decided"
    SETTLED = "settled"


class Takers(models.TextChoices):
    """Whom the queue hands dialogues to."""

    MEMBERS = "members"
    ANNOTATORS = "annotators"


class CertifiedUse(models.TextChoices):
    """What a dataset does with dialogues that its certificate covers."""

    NOTHING = "nothing"
    ACCEPT = "accept"  # approve them without a person
    ONE_DECISION = "one-decision"  # one reviewer who agrees is enough


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
    hide_until = models.CharField(max_length=16, choices=HideUntil, default=HideUntil.DECIDED)
    shuffle_candidates = models.BooleanField(default=False)
    queue_order = models.CharField(max_length=16, choices=QueueOrder, default=QueueOrder.OLDEST)
    # False while the places of dialogues in the queue still follow an earlier order.
    queue_ordered = models.BooleanField(default=True)
    takers = models.CharField(max_length=16, choices=Takers, default=Takers.MEMBERS)
    # Share of places in each arm but the plain one, by `Arm`.
    arms = models.JSONField(default=default_arms)
    validators = models.JSONField(default=default_validators)
    most_words = models.PositiveSmallIntegerField(default=40)
    skip_reasons = models.JSONField(default=default_skip_reasons)
    # Dialogues with a known outcome, put among the others unseen: their share, and the accuracy
    # below which the admins are told.
    control_rate = models.FloatField(default=0)
    control_threshold = models.FloatField(default=0.7)
    # Dialogues that a new reviewer decides first, and the share of them to get right.
    quiz_size = models.PositiveSmallIntegerField(default=0)
    quiz_pass = models.FloatField(default=0.8)
    lease_minutes = models.PositiveSmallIntegerField(default=30)
    reject_reasons = models.JSONField(default=default_reject_reasons)
    # Reasons that are offered no more but that decisions give: `code`, `label` and `kind`, which
    # is *skip* for those of passing a dialogue on.
    retired_reasons = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    guidelines = models.TextField(blank=True, default="")
    guidelines_version = models.PositiveIntegerField(default=1)
    seed = models.CharField(max_length=64, default="recqr")
    # How far expected reciprocal ranks (from 0 to 1) must lie apart to differ: below the first
    # hundred places a few places up or down are chance.
    check_margin = models.FloatField(default=0.001, db_default=0.001)
    # Images that a dialogue shows are no answers to it: they are left out where it is searched for.
    leave_out_shown = models.BooleanField(default=True, db_default=True)
    certified_use = models.CharField(
        max_length=16,
        choices=CertifiedUse,
        default=CertifiedUse.NOTHING,
        db_default=CertifiedUse.NOTHING,
    )

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
                condition=models.Q(queue_order__in=QueueOrder.values),
                name="dataset_queue_order_known",
            ),
            models.CheckConstraint(
                condition=models.Q(hide_until__in=HideUntil.values),
                name="dataset_hide_until_known",
            ),
            models.CheckConstraint(
                condition=models.Q(takers__in=Takers.values), name="dataset_takers_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    control_rate__range=(0, 0.5),
                    control_threshold__range=(0, 1),
                    quiz_pass__range=(0, 1),
                ),
                name="dataset_shares_within_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(check_margin__range=(0, 1)), name="dataset_margin_0_to_1"
            ),
            models.CheckConstraint(
                condition=models.Q(certified_use__in=CertifiedUse.values),
                name="dataset_certified_use_known",
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

    def all_reject_reasons(self) -> list[dict[str, str]]:
        """Those that are offered, and those that only decisions of the past give."""
        past = [reason for reason in self.retired_reasons if reason["kind"] != "skip"]
        return [*self.reject_reasons, *past]

    def policy(self) -> dict[str, Any]:
        """The review policy as it stands, to be kept with each decision made under it."""
        return {
            "decisions_needed": self.decisions_needed,
            "quorum": self.quorum,
            "needs_scores": self.needs_scores,
            "dispute_when_worse": self.dispute_when_worse,
            "check_margin": self.check_margin,
            "leave_out_shown": self.leave_out_shown,
            "hide_authors": self.hide_authors,
            "hide_scores": self.hide_scores,
            "hide_until": self.hide_until,
            "shuffle_candidates": self.shuffle_candidates,
            "queue_order": self.queue_order,
            "takers": self.takers,
            "arms": self.arms,
            "validators": self.validators,
            "most_words": self.most_words,
            "control_rate": self.control_rate,
            "quiz_size": self.quiz_size,
            "certified_use": self.certified_use,
        }


class Role(models.TextChoices):
    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    ADMIN = "admin"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self, user: User) -> Self:
        """A person's memberships that are not paused; none where their account is shut."""
        return self.filter(user=user, paused=False) if user.is_active else self.none()


class Membership(models.Model):
    """One person's role in one dataset. An adjudicator may also annotate, an admin may do both."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    paused = models.BooleanField(default=False)
    # Codes of the languages this member is handed dialogues in; empty for all.
    languages = ArrayField(models.CharField(max_length=16), default=list)
    # The last version of the guidelines that this member said they had read.
    guidelines_confirmed = models.PositiveIntegerField(default=0)
    quiz_passed_at = models.DateTimeField(null=True)
    # How often the lot of hidden controls was drawn for this member.
    lots_drawn = models.PositiveIntegerField(db_default=0)
    created = models.DateTimeField(db_default=Now())

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.dataset}"

    def takes_places(self) -> bool:
        """Whether the queue hands dialogues to this member."""
        return self.dataset.takers == Takers.MEMBERS or self.role == Role.ANNOTATOR

    def knows_guidelines(self) -> bool:
        """Whether they confirmed the guidelines in force; there is nothing to confirm in none."""
        dataset = self.dataset
        return not dataset.guidelines or self.guidelines_confirmed >= dataset.guidelines_version

    def adjudicates(self) -> bool:
        return self.role in {Role.ADJUDICATOR, Role.ADMIN}

    def administers(self) -> bool:
        return self.role == Role.ADMIN
