"""The review policy of a dataset: read, checked, changed, and what a change does to open work."""

from review.policy.effects import awaiting, catch_up, consequences
from review.policy.rules import checked
from review.policy.saving import save, values

__all__ = ["awaiting", "catch_up", "checked", "consequences", "save", "values"]
