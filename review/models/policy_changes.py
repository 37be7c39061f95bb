"""Changes of review policies: who, when, from what to what."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User


class PolicyChangeQuerySet(models.QuerySet["PolicyChange"]):
    def pending(self) -> Self:
        """Changes that the dialogues in the queue do not follow yet."""
        return self.filter(applied=None)


class PolicyChange(models.Model):
    """One change of a dataset's policy, by field: what it was, and what it is since."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="policy_changes")
    before = models.JSONField()  # dict[str, Any], of the changed fields alone
    after = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now())
    # When what was open followed it: the queue reordered, settled what has enough decisions.
    applied = models.DateTimeField(null=True)

    objects = PolicyChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["dataset"], condition=Q(applied=None), name="policy_change_pending"
            )
        ]

    def __str__(self) -> str:
        return f"policy of {self.dataset} at {self.created}"

    def steps(self) -> list[tuple[str, Any, Any]]:
        """Each changed field with its value before and after."""
        return [(name, value, self.after[name]) for name, value in self.before.items()]
