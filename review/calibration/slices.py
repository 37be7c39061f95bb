"""By what parts of a dataset figures on judges are told: language, turns, source, rewriter."""

from collections.abc import Sequence
from typing import Any

from review.calibration.report import LANGUAGE, REWRITER, SOURCE, TURNS

DIMENSIONS = (LANGUAGE, TURNS, SOURCE, REWRITER)
UNKNOWN = "unknown"
LONGEST_NAME = 80
# Number of turns: up to this many, and the name of the slice.
_TURNS = ((2, "1-2"), (4, "3-4"), (8, "5-8"))
_MORE_TURNS = "9+"


def slices_of(
    *, language: str, turns: int, metadata: dict[str, Any], imported_from: str, rewriter: str
) -> dict[str, str]:
    """The value of a dialogue in each dimension. `imported_from` is the source of its import, ""
    for none; `rewriter` the author of its best candidate."""
    return {
        LANGUAGE: language or UNKNOWN,
        TURNS: turns_slice(turns),
        SOURCE: source_of(metadata, imported_from) or UNKNOWN,
        REWRITER: rewriter,
    }


def turns_slice(turns: int) -> str:
    return next((name for most, name in _TURNS if turns <= most), _MORE_TURNS)


def turns_slices() -> list[str]:
    """All slices by number of turns, from the fewest."""
    return [*(name for _, name in _TURNS), _MORE_TURNS]


def source_of(metadata: dict[str, Any], imported_from: str) -> str:
    """What a dialogue's metadata says, else the name of what it was imported from."""
    said = metadata.get("source")
    if isinstance(said, str) and said.strip():
        return said.strip()[:LONGEST_NAME]
    return imported_from.rstrip("/").rsplit("/", 1)[-1][:LONGEST_NAME]


def in_order(dimension: str, values: Sequence[str]) -> list[str]:
    """The values of a dimension in the order in which they are told of."""
    if dimension == TURNS:
        return sorted(values, key=turns_slices().index)
    return sorted(values, key=lambda value: (value == UNKNOWN, value))
