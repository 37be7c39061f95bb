"""The retrieval check: does the approved rewrite find the image that the user meant?"""

from generation.checks.checking import (
    BATCH,
    TOP_IMAGES,
    QueryText,
    awaiting_or_outdated,
    check_dialogue,
    datasets_awaiting,
    drain,
    history_text,
    others_wait,
    outcome_of,
    texts_of,
)

__all__ = [
    "BATCH",
    "TOP_IMAGES",
    "QueryText",
    "awaiting_or_outdated",
    "check_dialogue",
    "datasets_awaiting",
    "drain",
    "history_text",
    "others_wait",
    "outcome_of",
    "texts_of",
]
