"""An unresolved reference is named; a word that only looks like one is not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.wording.references import references, unresolved_references


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Can you find a photo of it for me?", ["it"]),
        ("Could you send me a picture of that one?", ["that one"]),
        ("Please show me what I mentioned first.", ["what I mentioned first"]),
        ("Do you have the red one in the snow?", ["the red one"]),
        ("I want the second, please", ["the second"]),
        ("Let's go there", ["there"]),
        ("Can you send me that scene on a cloudy day?", ["that scene"]),
        ("What is its colour?", ["its"]),
        ("same but at night", ["same"]),
        ("something similar with boats", ["something similar"]),
        ("Yes, one that jumps", ["one"]),
        ("Which is closer?", ["Which"]),
        ("Ein Foto davon im Schnee", ["davon"]),
        ("Peux-tu me la montrer la nuit ?", ["la montrer"]),
        ("¿Puedes enviarme una foto de eso?", ["eso"]),
        ("Mi puoi mandare una foto di quello?", ["quello"]),
        ("Você pode me mandar uma foto dele?", ["dele"]),
        ("それの夜の写真", ["それ"]),
        ("给我看它的照片", ["它"]),
        ("Bana onun bir resmini bulur musun?", ["onun"]),
        ("मुझे उसकी तस्वीर भेजो", ["उसकी"]),
        ("أرسل لي صورة له", ["له"]),
    ],
)
def test_an_unresolved_reference_is_named(text: str, left: list[str]) -> None:
    assert unresolved_references(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "A dog that runs along the beach",
        "Is there a lighthouse on the cliff?",
        "Will it rain in Lisbon?",
        "That's great! A red barn, please",
        "A woman and her dog in the rain",
        "A lamp with a moth on it",
        "The second floor of an old house",
        "Two cats, only one awake",
        "Ein alter Leuchtturm im Schnee",
        "Une vieille maison au bord de la mer",
        "",
    ],
)
def test_a_text_that_stands_alone_leaves_nothing_open(text: str) -> None:
    assert unresolved_references(text) == []


@given(st.text())
def test_references_stand_in_order_within_any_text(text: str) -> None:
    found = references(text)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
