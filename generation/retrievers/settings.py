"""What may be said of a retriever when it is set up: checked by its kind, told in words."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from review.errors import Invalid


def refuse_unknown(given: Mapping[str, Any], known: Collection[str]) -> None:
    """Raises `Invalid` for a setting that a kind does not have."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        there = f"There are: {', '.join(known)}." if known else "This kind has no settings."
        raise Invalid(f"There is no setting “{unknown[0]}”. {there}", field="settings")


def text(given: Mapping[str, Any], name: str) -> str:
    """A setting that is text, with its spaces; empty where it is not given."""
    value = given.get(name) or ""
    if not isinstance(value, str):
        raise Invalid(f"“{name}” is text: give it in quotes.", field="settings")
    return value


def choice(given: Mapping[str, Any], name: str, allowed: Sequence[str], *, default: str) -> str:
    """A setting that is one of a few words."""
    value = text(given, name).strip() or default
    if value and value not in allowed:
        raise Invalid(f"“{name}” is one of {', '.join(allowed)}.", field="settings")
    return value


def number(given: Mapping[str, Any], name: str, allowed: range) -> int | None:
    """A setting that is a whole number; None where it is not given."""
    value = given.get(name)
    if value is None or value == "":
        return None
    # True is a number to Python, and to nobody else.
    if type(value) is not int or value not in allowed:
        raise Invalid(
            f"“{name}” is a whole number from {allowed[0]:,} to {allowed[-1]:,}.", field="settings"
        )
    return value


def folder(given: Mapping[str, Any], name: str) -> str:
    """A setting that names a folder of the machine where models run, which may be another."""
    value = text(given, name).strip()
    if value and not PurePosixPath(value).is_absolute():
        raise Invalid(f"“{name}” is the whole path of a folder: /models/mine.", field="settings")
    return value
