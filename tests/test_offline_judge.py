"""The offline judge scores what can be counted and says how it counted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from generation.offline.judge import CRITERIA, Judge, judge
from generation.offline.rewriter import rewrite
from review.turns import Turn


def dialogue(*texts: str) -> list[Turn]:
    return [
        {"role": "assistant" if index % 2 else "user", "text": text}
        for index, text in enumerate(texts)
    ]


BARN = dialogue(
    "Do you have a red barn in a wheat field?",
    "Sure. A windmill as well?",
    "Not a windmill. Can you send me it in deep snow?",
)
GOOD = "A red barn in a wheat field in deep snow, not a windmill"


def mean(text: str, turns: list[Turn] = BARN) -> float:
    return sum(score for score, _ in judge(turns, text).values()) / len(CRITERIA)


def test_every_criterion_has_a_score_and_one_sentence() -> None:
    judged = judge(BARN, GOOD)
    assert tuple(judged) == CRITERIA
    for score, reason in judged.values():
        assert 1 <= score <= 5
        assert reason.endswith(".")


def test_a_rewrite_that_stands_alone_beats_the_final_query() -> None:
    assert mean(GOOD) == 5
    assert mean(GOOD) > mean(BARN[-1]["text"])


def test_a_reference_left_open_is_named_and_costs_completeness() -> None:
    score, reason = judge(BARN, "Can you send me it in deep snow?")["completeness"]
    assert score <= 2
    assert "“it”" in reason


def test_a_lost_constraint_is_named_and_costs_correctness() -> None:
    score, reason = judge(BARN, "A red barn in a wheat field")["correctness"]
    assert score < 5
    assert "snow" in reason


def test_taking_up_a_refused_thing_is_incorrect() -> None:
    score, reason = judge(BARN, "A windmill in deep snow")["correctness"]
    assert score <= 2
    assert "“windmill”" in reason
    turns = dialogue(
        "I like owls.", "Ok.", "Not an eagle, though.", "Ok.", "Show me them in flight"
    )
    assert judge(turns, "An eagle in flight")["correctness"] == (
        1,
        "Takes up what was turned down: “eagle”.",
    )


def test_words_found_nowhere_are_named_and_cost_groundedness() -> None:
    score, reason = judge(BARN, GOOD + " with two horses and a tractor")["groundedness"]
    assert score <= 3
    assert "“horses”" in reason


def test_a_long_text_is_not_concise() -> None:
    assert judge(BARN, GOOD)["conciseness"][0] == 5
    assert judge(BARN, " ".join([GOOD] * 4))["conciseness"][0] <= 2


def test_a_text_that_still_asks_is_less_concise_than_one_that_says() -> None:
    asking = judge(BARN, "Can you send me a red barn in a wheat field in deep snow?")
    assert asking["conciseness"][0] < judge(BARN, GOOD)["conciseness"][0]


def test_repetition_costs_clarity() -> None:
    assert judge(BARN, "A red barn barn in the the snow")["clarity"][0] < 5


def test_a_refusal_of_the_final_query_is_a_condition_that_can_be_lost() -> None:
    score, reason = judge(BARN, "A red barn in a wheat field in deep snow")["correctness"]
    assert score < 5
    assert "“windmill”" in reason


def test_a_broken_shape_is_named_and_costs_clarity() -> None:
    broken = {
        ", the red barn in deep snow": "begins with a sign",
        "The red barn? in deep snow, not a windmill": "in the middle",
        "The red barn in deep snow with": "“with”",
        "But the red barn in deep snow": "“But”",
        "Barn, deep, snow": "lists single words",
    }
    for text, named in broken.items():
        score, reason = judge(BARN, text)["clarity"]
        assert score <= 4, text
        assert named.casefold() in reason.casefold()


def test_chat_left_in_is_named_and_costs_conciseness() -> None:
    turns = dialogue("a red barn", "Here.", "great! my son would love it. show me it in snow")
    said = "Great! my son would love it. show me a red barn in snow"
    score, reason = judge(turns, said)["conciseness"]
    assert score <= 3
    assert "“Great”" in reason
    assert "my son would love it" in reason


def test_details_of_the_history_left_out_are_named_and_cost_completeness() -> None:
    score, reason = judge(BARN, "The barn in deep snow, not a windmill")["completeness"]
    assert score < 5
    assert "“wheat”" in reason


def test_scores_tell_good_candidates_from_poor_ones() -> None:
    poor = [BARN[-1]["text"], "Barn, snow", "A windmill", "A barn and a tractor, please"]
    assert all(mean(one) <= mean(GOOD) - 0.6 for one in poor)


def test_all_candidates_of_a_dialogue_are_judged_by_one_reading() -> None:
    one = Judge(BARN)
    assert [one.judge(text) for text in (GOOD, "A barn")] == [
        judge(BARN, GOOD),
        judge(BARN, "A barn"),
    ]


def test_more_of_what_was_told_is_more_complete() -> None:
    turns = dialogue(
        "a boy feeding ducks", "what color is his coat?", "blue", "is there a pond?", "yes"
    )
    whole = judge(turns, "A boy feeding ducks, blue coat, a pond")["completeness"][0]
    assert whole > judge(turns, "A pond")["completeness"][0]


def test_the_rewriters_best_is_put_before_the_bare_query() -> None:
    best = max(rewrite(BARN), key=mean)
    assert "barn" in best
    assert "snow" in best


def test_an_empty_text_gets_the_lowest_scores() -> None:
    assert {score for score, _ in judge(BARN, " ?! ").values()} == {1}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=5), st.text(max_size=80))
def test_any_text_is_judged(texts: list[str], text: str) -> None:
    judged = judge(dialogue(*texts), text)
    assert all(1 <= score <= 5 and reason for score, reason in judged.values())
