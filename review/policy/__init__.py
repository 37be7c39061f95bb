"""The review policy of a dataset: read, checked, changed, and what a change does to open work."""

from review.policy.effects import awaiting, catch_up, consequences
from review.policy.rules import ARMS, FIELDS
from review.policy.saving import save, values

__all__ = ["ARMS", "FIELDS", "awaiting", "catch_up", "consequences", "save", "values"]
