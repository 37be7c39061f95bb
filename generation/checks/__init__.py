"""The retrieval check: does the approved rewrite find the image that the user meant?"""

from generation.checks.checking import TOP_IMAGES, checker_of, outcome_of, rank_spread
from generation.checks.draining import BATCH, drain
from generation.checks.due import (
    checkers,
    datasets_due,
    others_wait,
    outdated,
    rankable,
    some_wait,
    unranked,
)
from generation.checks.texts import QueryText, history_text, texts_of

__all__ = [
    "BATCH",
    "TOP_IMAGES",
    "QueryText",
    "checker_of",
    "checkers",
    "datasets_due",
    "drain",
    "history_text",
    "others_wait",
    "outcome_of",
    "outdated",
    "rank_spread",
    "rankable",
    "some_wait",
    "texts_of",
    "unranked",
]
