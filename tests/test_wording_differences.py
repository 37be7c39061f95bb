"""Differences show what a rewrite changed and lose nothing of either text."""

from hypothesis import given
from hypothesis import strategies as st

from review.wording.differences import Piece, differences

SENTENCES = st.lists(
    st.sampled_from(
        ["send", "me", "it", "the", "red", "Barn", "at", "night", ",", "?", "灯塔", "\n"]
    )
).map(" ".join)


def joined(pieces: list[Piece], *kinds: str) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


def before(pieces: list[Piece]) -> str:
    return "".join(
        piece.was if piece.kind == "same" else joined([piece], "removed") for piece in pieces
    )


def kinds(pieces: list[Piece]) -> dict[str, str]:
    return {piece.kind: piece.text.strip() for piece in pieces}


def test_a_phrase_in_the_place_of_a_reference_is_resolved() -> None:
    pieces = differences("Send me a photo of it, please", "Send me a photo of the red barn, please")
    assert kinds(pieces)["resolved"] == "the red barn"
    assert kinds(pieces)["removed"] == "it"


def test_a_phrase_in_the_place_of_other_words_is_added() -> None:
    pieces = differences("a barn at night", "a barn at dawn")
    assert kinds(pieces) == {"same": "a barn at", "removed": "night", "added": "dawn"}


def test_case_and_spaces_are_no_difference() -> None:
    assert {piece.kind for piece in differences("Send  it", "send it")} == {"same"}


def test_a_composed_letter_is_no_difference() -> None:
    assert {piece.kind for piece in differences("cafe\u0301", "café")} == {"same"}


def test_an_empty_query_makes_all_of_the_text_added() -> None:
    assert differences("", "a barn") == [Piece("added", "a barn")]
    assert differences("", "") == []


def test_very_long_texts_are_compared_as_a_whole() -> None:
    long = "word " * 7000
    assert [piece.kind for piece in differences(long, "barn")] == ["removed", "added"]


@given(st.text(), st.text())
def test_pieces_rebuild_any_two_texts(final_query: str, text: str) -> None:
    pieces = differences(final_query, text)
    assert joined(pieces, "same", "added", "resolved") == text
    assert before(pieces) == final_query


@given(SENTENCES, SENTENCES)
def test_pieces_rebuild_texts_that_share_words(final_query: str, text: str) -> None:
    pieces = differences(final_query, text)
    assert joined(pieces, "same", "added", "resolved") == text
    assert before(pieces) == final_query
