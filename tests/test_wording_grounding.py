"""What stands nowhere in the dialogue is named, and what was taken up is found again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from review.turns import Turn
from review.wording.grounding import taken_phrases, unsupported_words

DIALOGUE: list[Turn] = [
    {"role": "user", "text": "We saw an old lighthouse on a rocky cliff."},
    {"role": "assistant", "text": "Lighthouses are lovely. With waves?"},
    {"role": "user", "text": "Show me it at dusk"},
]


def dialogue(*texts: str) -> list[Turn]:
    return [
        {"role": "assistant" if index % 2 else "user", "text": text}
        for index, text in enumerate(texts)
    ]


def taken(turns: list[Turn], text: str) -> list[list[str]]:
    found = taken_phrases(turns, text)
    return [
        [turn["text"][start:end] for start, end in spans]
        for turn, spans in zip(turns, found, strict=True)
    ]


def test_words_found_nowhere_are_named_as_phrases() -> None:
    text = "an old lighthouse with two fishing boats at dusk under pink clouds"
    assert unsupported_words(DIALOGUE, text) == ["fishing boats", "pink clouds"]


def test_inflection_and_case_do_not_matter() -> None:
    assert unsupported_words(DIALOGUE, "Old Lighthouses on rocky cliffs, waving") == []


def test_an_elided_article_does_not_hide_a_word() -> None:
    turns = dialogue(
        "Je cherche une image de l'église avec un jardin.", "Voici.", "La même la nuit"
    )
    assert unsupported_words(turns, "une église la nuit") == []
    assert unsupported_words(turns, "une église sous l'orage") == ["l'orage"]


def test_words_of_unspaced_scripts_are_found_inside_sentences() -> None:
    turns = dialogue("昨日赤い灯台を見ました。", "いいですね。", "それの写真")
    assert unsupported_words(turns, "赤い灯台の写真") == []
    assert "子犬" in "".join(unsupported_words(turns, "子犬の写真"))


def test_a_phrase_is_taken_whole_with_the_small_words_inside() -> None:
    assert taken(DIALOGUE, "an old lighthouse on a rocky cliff at dusk") == [
        ["old lighthouse on a rocky cliff"],
        ["Lighthouses"],
        [],
    ]


def test_lone_small_words_and_words_of_the_final_query_are_not_taken() -> None:
    turns = dialogue("Show me a photo of a barn", "At night?", "Show me a photo of it at night")
    assert taken(turns, "Show me a photo of the barn at night") == [["barn"], [], []]


def test_no_turns_take_nothing() -> None:
    assert taken_phrases([], "a barn") == []
    assert unsupported_words([], "a barn") == ["barn"]


@given(st.lists(st.text(), max_size=4), st.text())
def test_spans_are_in_range_for_any_text(texts: list[str], text: str) -> None:
    turns = dialogue(*texts)
    found = taken_phrases(turns, text)
    assert len(found) == len(turns)
    for turn, spans in zip(turns, found, strict=True):
        assert all(0 <= start < end <= len(turn["text"]) for start, end in spans)
        assert all(a.end <= b.start for a, b in pairwise(spans))


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_the_dialogues_own_words_are_supported(texts: list[str]) -> None:
    assert unsupported_words(dialogue(*texts), texts[0]) == []
