"""What people say to each other about a dialogue."""

from django.db import models
from django.db.models.functions import Now

from review.models.dialogues import Dialogue
from review.models.users import User


class Comment(models.Model):
    """A line in the thread of a dialogue. Seen by those who may see others' decisions on it."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["dialogue", "id"], name="comment_thread")]

    def __str__(self) -> str:
        return f"{self.author}: {self.text}"


class Mention(models.Model):
    """A person whom a comment names with @, until they have seen it."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="mention_once"),
        ]
        indexes = [
            models.Index(fields=["user"], condition=models.Q(seen_at=None), name="mention_unseen"),
        ]

    def __str__(self) -> str:
        return f"@{self.user} in {self.comment_id}"
