"""What is said of a rewrite before it is approved: rule by rule, level by level."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from review import decisions, validators
from review.errors import Invalid
from review.models import Assignment, Dataset, Decision, Dialogue, User, Verdict
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
ALL = dict.fromkeys(validators.RULES, "warn")
ENGLISH = ["We walked to the old lighthouse.", "At the pier?", "Send me that scene on a cloudy day"]
GERMAN = ["Wir waren am alten Leuchtturm.", "Am Hafen?", "Zeig mir den bei Nebel"]
CHINESE = ["我们去了旧灯塔。", "在码头吗？", "给我看那个地方的阴天照片"]
ARABIC = ["ذهبنا إلى المنارة القديمة.", "عند الرصيف؟", "أرسل لي ذلك المشهد في يوم غائم"]


def saying(turns: list[str], text: str, **policy: Any) -> dict[str, tuple[str, ...]]:
    """What all rules say of a text: by code the words that they name."""
    dataset = Dataset(validators=ALL, **policy)
    roles = ["user", "assistant"] * len(turns)
    told = [{"role": role, "text": turn} for role, turn in zip(roles, turns, strict=False)]
    dialogue = Dialogue(dataset=dataset, turns=told, final_query=turns[-1])
    return {found.code: found.words for found in validators.findings(dialogue, text)}


@pytest.mark.parametrize(
    ("turns", "text", "said"),
    [
        (ENGLISH, "the old lighthouse at the pier on a cloudy day", {}),
        (
            ENGLISH,
            "send me  THAT scene on a cloudy day",
            {"equal": (), "unresolved": ("THAT scene",)},
        ),
        (ENGLISH, "the old lighthouse with purple dragons", {"unsupported": ("purple dragons",)}),
        (GERMAN, "den alten Leuchtturm am Hafen bei Nebel", {}),
        (GERMAN, "der alte Leuchtturm mit Drachen", {"unsupported": ("Drachen",)}),
        (CHINESE, "旧灯塔的阴天照片", {}),
        (ARABIC, "المنارة القديمة عند الرصيف في يوم غائم", {}),
    ],
)
def test_each_rule_speaks_in_many_languages(
    turns: list[str], text: str, said: dict[str, tuple[str, ...]]
) -> None:
    assert saying(turns, text) == said


@pytest.mark.parametrize("turns", [ENGLISH, GERMAN, CHINESE, ARABIC])
def test_the_final_query_itself_is_known_in_any_script(turns: list[str]) -> None:
    assert "equal" in saying(turns, f" {turns[-1]} ")


@pytest.mark.parametrize("text", ["the old lighthouse at the pier", "旧灯塔的阴天照片"])
def test_words_are_counted_as_the_script_has_them(text: str) -> None:
    turns = ENGLISH if text.isascii() else CHINESE
    assert "too-long" not in saying(turns, text, most_words=6)
    assert "too-long" in saying(turns, text, most_words=2)


def test_a_rule_that_is_off_says_nothing_and_blocking_ones_come_first(dialogue: Dialogue) -> None:
    dialogue.dataset.validators = {"equal": "warn", "unresolved": "block", "too-long": "off"}
    dialogue.dataset.most_words = 1
    found = validators.findings(dialogue, dialogue.final_query)
    assert [(one.code, one.level) for one in found] == [("unresolved", "block"), ("equal", "warn")]


def test_what_blocks_is_approved_with_a_reason_alone_and_the_reason_is_kept(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    Dataset.objects.update(validators={"unsupported": "block", "equal": "warn"})
    place = claim(alice)

    def edit(override: str) -> Decision:
        ruling = Ruling(Verdict.EDIT, text="the old lighthouse with dragons", override=override)
        return decisions.decide(assignment=place, ruling=ruling, by=alice)

    with pytest.raises(Invalid, match="“dragons” is found nowhere") as refused:
        edit(" ")
    assert refused.value.field == "override"
    decision = edit("The user named them in the image.")
    assert (decision.findings, decision.override) == (
        ["unsupported"],
        "The user named them in the image.",
    )


def test_a_warning_lets_through_and_is_kept(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    Dataset.objects.update(validators={"equal": "warn"})
    ruling = Ruling(Verdict.EDIT, text=dialogue.final_query)
    decision = decisions.decide(assignment=claim(alice), ruling=ruling, by=alice)
    assert decision.findings == ["equal"]


@pytest.mark.parametrize("text", ["", " \n ", "\u200b", "\u2060\ufeff"])
def test_an_empty_text_is_refused_whatever_the_policy_says(
    text: str, dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    Dataset.objects.update(validators={})
    with pytest.raises(Invalid, match="empty"):
        decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.EDIT, text=text), by=alice)


def test_the_longest_dialogue_is_read_once_and_looked_up_quickly() -> None:
    turns = [" ".join(f"word{n}x{turn}" for n in range(200))[:2000] for turn in range(61)]
    text = " ".join(f"other{n}" for n in range(250))[:2000]
    saying(turns, text)
    began = time.perf_counter()
    for n in range(5):
        saying(turns, f"{n} {text}"[:2000])
    assert (time.perf_counter() - began) / 5 < 0.1
