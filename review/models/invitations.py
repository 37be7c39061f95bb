"""Links by which people join a dataset."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from review.models.datasets import Dataset, Role
from review.models.users import User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=now, uses__lt=F("most_uses"))


class Invitation(models.Model):
    """Lets whoever has its link join in a role. Kept as the SHA-256 of its secret alone."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=Role)
    languages = ArrayField(models.CharField(max_length=16), default=list)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    most_uses = models.PositiveSmallIntegerField(default=1)
    uses = models.PositiveSmallIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(uses__lte=F("most_uses")), name="invitation_uses_within_most"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation to {self.dataset} as {self.role}"
