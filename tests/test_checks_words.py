"""A check is told in words that mean something to a reviewer."""

from dataclasses import replace

import pytest

from generation.checks.words import left_out, ordinal, outdated, place, sentence, targets_apart
from review.checking import Checker
from review.models import Dialogue, RetrievalCheck


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


def test_several_targets_are_told_apart() -> None:
    turns = [{"role": "user", "text": "that one", "images": ["pier"]}]
    dialogue = Dialogue(target_images=["cabin", "pier", "gone"], turns=turns)
    before, after = found(5), found(1)
    before.ranks, after.ranks = {"cabin": [5, 1]}, {"cabin": [1, 3]}
    assert targets_apart(dialogue, before, after) == [
        "“cabin”: from 5th to among the 3 tied at 1st.",
        "“pier” is shown in the dialogue itself, and does not count.",
        "“gone” could not be ranked.",
    ]
    dialogue.target_images = ["cabin"]
    assert targets_apart(dialogue, before, after) == []


def test_what_was_left_out_is_named() -> None:
    check = RetrievalCheck(left_out=[f"i-{number}" for number in range(8)], leaves_out=True)
    assert left_out(check).endswith("“i-5” and 2 more.")
    check.left_out = []
    assert left_out(check) == ""
    check.leaves_out = False
    assert left_out(check) == "Images that the dialogue shows were ranked as well."


def test_what_has_changed_since_a_check_is_named() -> None:
    check = RetrievalCheck(retriever_hash="h", corpus_version=1)
    now = Checker("bm25", "h", corpus_version=1)
    assert outdated(check, now) == ""
    changed = replace(now, corpus_version=2, margin=0.1)
    said = (
        "Outdated: the corpus and the rule of the check have changed since. A check run renews it."
    )
    assert outdated(check, changed).startswith(said)
    assert "not used any more" in outdated(check, None)
