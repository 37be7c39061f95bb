"""The offline rewriter writes candidates that stand without the history."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.offline.rewriter import rewrite
from review.turns import Turn


def dialogue(*texts: str) -> list[Turn]:
    return [
        {"role": "assistant" if index % 2 else "user", "text": text}
        for index, text in enumerate(texts)
    ]


BARN = dialogue(
    "Do you have a red barn in a wheat field?",
    "Sure, here is one.",
    "Can you send me a picture of it in the snow, please?",
)


def test_a_reference_gives_way_to_what_it_means() -> None:
    first = rewrite(BARN)[0]
    assert (
        first == "Can you send me a picture of the red barn in a wheat field in the snow, please?"
    )


def test_request_phrases_are_dropped_in_some_candidates() -> None:
    candidates = rewrite(BARN)
    assert "A red barn in a wheat field in the snow" in candidates
    assert any(one.startswith("Can you") for one in candidates)


def test_constraints_of_the_final_query_are_kept_in_every_candidate() -> None:
    assert all("in the snow" in one for one in rewrite(BARN))


@pytest.mark.parametrize(
    "refusal",
    [
        "Someone suggested a pelican, which I did not like.",
        "We also talked about a pelican, but that is not what I need.",
        "Not a pelican, we had plenty of that already.",
        "I don't want a pelican any more.",
    ],
)
@pytest.mark.parametrize(
    "query", ["Can you find a photo of it?", "Show me what I mentioned first.", "Send me that one."]
)
def test_a_rejected_thing_is_never_taken_up(refusal: str, query: str) -> None:
    turns = dialogue("I read a book about a hedgehog.", "Nice!", refusal, "Got it.", query)
    candidates = rewrite(turns, count=9)
    assert all("pelican" not in one for one in candidates)
    assert all("hedgehog" in one for one in candidates)


def test_what_was_mentioned_first_is_found_behind_later_topics() -> None:
    turns = dialogue(
        "I drew a windmill.",
        "Good.",
        "Then I drew a tractor.",
        "Fine.",
        "Show me what I mentioned first",
    )
    assert "windmill" in rewrite(turns)[0]
    assert "tractor" not in rewrite(turns)[0]


def test_an_ordinal_picks_from_what_was_offered() -> None:
    turns = dialogue("Cats?", "A black cat or a tabby cat.", "The second, but outdoors")
    assert "tabby" in rewrite(turns)[0]
    assert "black" not in rewrite(turns)[0]


def test_a_name_that_answers_a_request_goes_in_with_its_kind() -> None:
    turns = dialogue(
        "Is there a museum near?",
        "The closest is Villa Aurora, it's 2 km away.",
        "What is the address?",
    )
    assert rewrite(turns)[0] == "What is the address of the museum Villa Aurora 2 km away?"


def test_a_possessive_becomes_a_phrase() -> None:
    turns = dialogue("I saw a wooden bridge.", "Yes?", "Show me its old railing")
    assert rewrite(turns)[0] == "Show me the old railing of the wooden bridge"


def test_one_stands_for_the_thing_and_keeps_its_own_adjective() -> None:
    turns = dialogue("I need a kite on a beach.", "Here.", "Do you have a yellow one?")
    assert rewrite(turns)[0] == "Do you have a yellow kite on a beach?"


def test_answers_become_facts_of_one_picture() -> None:
    turns = dialogue(
        "a boy feeding ducks by a pond",
        "what color is his coat?",
        "blue",
        "are there any trees?",
        "yes",
        "is it raining?",
        "no",
    )
    assert rewrite(turns)[0] == "A boy feeding ducks by a pond, blue coat, trees"


def test_remarks_beside_the_wish_are_left_out_of_some_candidate() -> None:
    turns = dialogue(
        "do you have pictures of a castle?",
        "This one?",
        "not the ruin, my son would cry. can you send me that place at dawn?",
    )
    assert "The castle at dawn, not the ruin" in rewrite(turns)


def test_what_the_final_query_refuses_stays_refused() -> None:
    turns = dialogue(
        "a mill by a river",
        "Here.",
        "same scene in fog? a painting though, not one of those prints",
    )
    candidates = rewrite(turns)
    assert candidates[0] == "A mill by a river in fog, a painting, not prints"
    assert all("painting" in one and "prints" in one for one in candidates)


def test_a_candidate_never_drops_to_a_list_of_lone_words() -> None:
    turns = dialogue(
        "something with apples for the kitchen",
        "With a jug?",
        "i do like the jug. so that table again, but nothing in it",
    )
    for one in rewrite(turns):
        parts = [part.split() for part in one.split(",")]
        assert sum(len(part) == 1 for part in parts) * 2 <= len(parts)


def test_a_wish_behind_a_remark_is_kept() -> None:
    turns = dialogue(
        "trams, please",
        "In mine it rains. Is that all right?",
        "rain is fine. but he always worked late so could it be dark out?",
    )
    assert all("dark" in one for one in rewrite(turns))


def test_what_was_added_behind_a_thing_belongs_to_it() -> None:
    turns = dialogue("a lighthouse, yes. red and white", "Here.", "show me it at night")
    assert rewrite(turns)[0] == "Show me the red and white lighthouse at night".replace("S", "s", 1)


def test_one_of_several_offered_by_colour_is_named_with_its_noun() -> None:
    turns = dialogue(
        "is there one with a tram?", "A yellow one, a red one, and a green one.", "the last one"
    )
    assert "green tram" in rewrite(turns)[0]


def test_what_the_assistant_offers_to_leave_out_is_not_taken_up() -> None:
    turns = dialogue(
        "an old bench with flowers", "I could do it without flowers.", "Yes, show me that in snow"
    )
    assert all("flowers" not in one for one in rewrite(turns))


def test_an_order_beside_the_wish_is_left_out() -> None:
    turns = dialogue("a card with two mugs", "Here.", "a third person comes too. can you fix that?")
    assert any("third person" in one and "fix" not in one for one in rewrite(turns))


def test_no_candidate_holds_a_noun_without_its_article_where_the_language_needs_one() -> None:
    turns = dialogue("Une image de chat ?", "Voici.", "la même idée mais avec lui, sous la pluie")
    assert all("avec chat" not in one for one in rewrite(turns))


OTHER_LANGUAGES = [
    (
        "Ich suche ein altes Auto vor einem Haus.",
        "Hier.",
        "Hast du ein Foto davon im Schnee?",
        "altes Auto",
        "im Schnee",
    ),
    (
        "Je cherche une vieille maison au bord de la mer.",
        "Voici.",
        "Peux-tu me la montrer la nuit ?",
        "vieille maison",
        "la nuit",
    ),
    (
        "Busco un gato negro en una ventana.",
        "Claro.",
        "¿Puedes enviarme una foto de eso con lluvia?",
        "gato negro",
        "con lluvia",
    ),
    (
        "Cerco un vecchio faro sul mare.",
        "Certo.",
        "Mi puoi mandare una foto di quello di notte?",
        "vecchio faro",
        "di notte",
    ),
    (
        "Procuro um gato preto na janela.",
        "Claro.",
        "Você pode me mandar uma foto dele com chuva?",
        "gato preto",
        "com chuva",
    ),
    (
        "昨日、赤い屋根の灯台を見ました。",
        "いいですね。",
        "それの夜の写真を送ってもらえますか？",
        "灯台",
        "夜",
    ),
    (
        "我昨天看到了一座灯塔。",
        "很好。",
        "你能给我发一张它的照片吗？",
        "灯塔",
        "",
    ),
    (
        "मैंने एक पुराना किला देखा।",
        "बढ़िया!",
        "क्या आप मुझे उसकी तस्वीर भेज सकते हैं?",
        "पुराना किला",
        "",
    ),
    (
        "شاهدت أمس منارة قديمة على البحر.",
        "جميل!",
        "هل يمكنك أن ترسل لي صورة لها في الليل؟",
        "منارة قديمة",
        "في الليل",
    ),
    (
        "Dün bir deniz feneri gördüm.",
        "Güzel!",
        "Onun gece fotoğrafını gönderir misin?",
        "deniz feneri",
        "gece",
    ),
]


@pytest.mark.parametrize(("told", "reply", "query", "phrase", "kept"), OTHER_LANGUAGES)
def test_other_languages_are_rewritten_too(
    told: str, reply: str, query: str, phrase: str, kept: str
) -> None:
    first = rewrite(dialogue(told, reply, query))[0]
    assert phrase in first
    assert kept in first


def test_a_query_without_history_only_loses_its_request() -> None:
    assert rewrite(dialogue("Show me a picture of a red barn, please!"))[1:] == [
        "A picture of a red barn",
        "A red barn",
    ]
    assert rewrite(dialogue("A red barn")) == ["A red barn"]


def test_a_note_brings_up_what_it_names() -> None:
    turns = dialogue("A harbour and a windmill, maybe?", "Both are nice.", "Show me it at night")
    assert "windmill" in rewrite(turns, note="they meant the windmill")[0]


def test_the_same_dialogue_gives_the_same_candidates() -> None:
    assert rewrite(BARN) == rewrite([{**turn} for turn in BARN])


def test_there_are_never_more_candidates_than_asked_for() -> None:
    assert [len(rewrite(BARN, count=count)) for count in (0, 1, 2)] == [0, 1, 2]
    assert rewrite([]) == []


def test_candidates_differ_in_more_than_case_and_signs() -> None:
    plain = ["".join(filter(str.isalnum, one.casefold())) for one in rewrite(BARN, count=9)]
    assert len(plain) == len(set(plain))


SNIPPETS = (
    "it that one the second a red barn which I did not like no yes ? . , her davon それ 它 🙂"
)
PIECES = st.sampled_from(SNIPPETS.split())
ANY_TEXT = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=6), ANY_TEXT)
def test_any_text_in_turns_never_breaks_it(texts: list[str], note: str) -> None:
    candidates = rewrite(dialogue(*texts), note=note)
    assert 1 <= len(candidates) <= 4


@pytest.mark.parametrize(
    "unit", ["it ", "the red barn on a hill, which I did not like. ", "灯塔在海边", "yes, "]
)
def test_a_hostile_length_does_not_hold_up_a_worker(unit: str) -> None:
    turns = dialogue(unit * 20_000, unit * 20_000, "Can you send me it?")
    start = time.process_time()
    assert rewrite(turns)
    assert time.process_time() - start < 5
