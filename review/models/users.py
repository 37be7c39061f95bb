"""People, and the tokens with which their programs speak for them."""

import hashlib
import secrets
from typing import Self

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. A model of our own from the first migration, since it cannot be changed later."""

    # The sample's accounts, which may sign in only where the server listens on loopback.
    is_demo = models.BooleanField(default=False)

    # Keys of the desk that this person chose, by action (`review.people.keys`).
    keys = models.JSONField(default=dict)

    def initial(self) -> str:
        return (self.username[:1] or "?").upper()


class ApiToken(models.Model):
    """A bearer token, kept as its SHA-256 alone: a copy of the database opens no door."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"token of {self.user}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User) -> tuple[Self, str]:
        """A new token for `user`: the row, and the secret itself, shown this once."""
        secret = f"recqr_{secrets.token_urlsafe(32)}"
        return cls.objects.create(user=user, digest=cls.digest_of(secret)), secret
