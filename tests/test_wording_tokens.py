"""Words of any script know where they stand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.wording.language import language_of
from review.wording.tokens import key, words


def texts(text: str) -> list[str]:
    return [word.text for word in words(text)]


def test_apostrophes_hyphens_and_numbers_hold_a_word_together() -> None:
    assert texts("it's a black-and-tan dog, 4.5 m") == [
        "it's",
        "a",
        "black-and-tan",
        "dog",
        "4.5",
        "m",
    ]


def test_combining_marks_stay_with_their_letter() -> None:
    assert texts("क़िला नदी") == ["क़िला", "नदी"]
    assert texts("e\u0301toile") == ["e\u0301toile"]


def test_composed_and_decomposed_letters_compare_equal() -> None:
    assert key("E\u0301toile") == key("étoile")


def test_japanese_particles_stand_apart() -> None:
    assert texts("灯台が好き")[:2] == ["灯台", "が"]


@pytest.mark.parametrize("text", ["灯塔在海边", "ประภาคารสีแดง", "ຫໍປະທີບ"])
def test_scripts_without_spaces_are_segmented(text: str) -> None:
    assert len(texts(text)) > 1
    assert "".join(texts(text)) == text


@given(st.text())
def test_spans_give_the_words_back(text: str) -> None:
    found = words(text)
    assert [text[word.start : word.end] for word in found] == [word.text for word in found]
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Can you send me that one?", "en"),
        ("Kannst du mir ein Foto davon schicken?", "de"),
        ("Peux-tu me montrer la même chose ?", "fr"),
        ("¿Puedes enviarme una foto de eso?", "es"),
        ("Mi puoi mandare una foto di quello?", "it"),
        ("Você pode me mandar uma foto dele?", "pt"),
        ("Bana bunun bir resmini bulur musun?", "tr"),
        ("それの写真を送って", "ja"),
        ("给我看它的照片", "zh"),
        ("أرسل لي صورة له", "ar"),
        ("मुझे उसकी तस्वीर भेजो", "hi"),
    ],
)
def test_a_language_is_told_by_script_and_function_words(text: str, code: str) -> None:
    assert language_of(text).code == code
