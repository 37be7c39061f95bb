"""Dialogues with a known outcome, by which reviewers learn and are measured."""

from django.db import models
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.dialogues import Dialogue
from review.models.users import User


class Control(models.Model):
    """A settled dialogue that an admin chose for the entry quiz and for hidden controls."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="controls")
    dialogue = models.OneToOneField(Dialogue, on_delete=models.CASCADE, related_name="control")
    # Why its outcome is right: shown after an answer in the quiz.
    explanation = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"control {self.dialogue}"
