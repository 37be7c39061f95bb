"""A check is told in words that mean something to a reviewer."""

import pytest

from generation.checks.words import ordinal, place, sentence
from review.models import RetrievalCheck


def found(rank: int | None, tied: int | None = 1, outcome: str = "") -> RetrievalCheck:
    reason = "" if rank else "Image “x” is not in the corpus."
    return RetrievalCheck(
        rank=rank,
        tied=tied if rank else None,
        corpus_size=1000,
        outcome=outcome,
        unranked_reason=reason,
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        *[(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th")],
        *[(13, "13th"), (21, "21st"), (111, "111th"), (212, "212th"), (1002, "1,002nd")],
    ],
)
def test_ordinals(number: int, words: str) -> None:
    assert ordinal(number) == words


@pytest.mark.parametrize(
    ("rank", "tied", "words"),
    [
        (3, 1, "3rd"),
        (5, 12, "among the 12 tied at 5th"),
        (1, 1000, "nowhere"),
        (None, None, "not ranked"),
    ],
)
def test_a_place(rank: int | None, tied: int | None, words: str) -> None:
    assert place(found(rank, tied)) == words


def test_the_only_image_of_a_corpus_is_found() -> None:
    assert place(RetrievalCheck(rank=1, tied=1, corpus_size=1)) == "1st"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (found(212), found(3, 1, "improved"), "Improved: from 212th to 3rd of 1,000"),
        (found(1), found(4, 1, "worse"), "Worse: from 1st to 4th of 1,000"),
        (found(1, 1000), found(2, 1, "improved"), "Improved: from nowhere to 2nd of 1,000"),
        (found(1, 1000), found(999, 1, "worse"), "Worse: from chance to 999th of 1,000"),
        (found(1), found(1, 1, "same"), "The same: 1st of 1,000"),
        (
            found(900),
            found(850, 1, "same"),
            "The same: from 900th to 850th of 1,000, too little to count",
        ),
        (
            found(40, 7),
            found(5, 12, "improved"),
            "Improved: from among the 7 tied at 40th to among the 12 tied at 5th of 1,000",
        ),
        (found(None), found(None, None, "unranked"), "Not ranked: Image “x” is not in the corpus."),
    ],
)
def test_what_the_rewrite_did(before: RetrievalCheck, after: RetrievalCheck, words: str) -> None:
    assert sentence(before, after) == words
