"""What may be said of a retriever when it is set up: checked by its kind, told in words."""

from collections.abc import Collection, Mapping
from typing import Any

from review.errors import Invalid


def refuse_unknown(given: Mapping[str, Any], known: Collection[str]) -> None:
    """Raises `Invalid` for a setting that a kind does not have."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        there = f"There are: {', '.join(known)}." if known else "This kind has no settings."
        raise Invalid(f"There is no setting “{unknown[0]}”. {there}", field="settings")
