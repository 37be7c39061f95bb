"""What a panel says reaches reviewers and releases: one word a judge, marked where it must."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from review import intake, visibility
from review.curated import Curator
from review.models import CandidateKind, Criterion, Dataset, Dialogue, Membership, Stage, User
from review.pages.reading import read

Make = Callable[..., Dialogue]
SignIn = Callable[[User], Client]


@pytest.fixture
def dialogue(make_dialogue: Make) -> Dialogue:
    return make_dialogue(stage=Stage.PROPOSED)


def score(dialogue: Dialogue, judge: str, value: int, *, told: str = "p", **marks: object) -> None:
    """The same score of every candidate on every criterion."""
    by = intake.Provenance(judge, CandidateKind.MODEL, model=judge, prompt_hash=told)
    said = [intake.JudgedCriterion(c, value, f"{judge} says {value}") for c in Criterion.values]
    judged = {candidate.pk: said for candidate in dialogue.candidates.all()}
    intake.add_opinions([intake.Opinion(dialogue.pk, by, judged, **marks)])  # type: ignore[arg-type]


def view(dialogue: Dialogue, user: User) -> visibility.DialogueView:
    dialogue.refresh_from_db()
    membership = Membership.objects.get(user=user)
    return visibility.for_reader(dialogue, membership)


def page(client: Client, dialogue: Dialogue) -> str:
    html = client.get(f"/datasets/coast/dialogues/{dialogue.external_id}/").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_a_criterion_on_which_judges_differ_is_marked_in_words(
    dialogue: Dialogue, carol: User, client_of: SignIn
) -> None:
    score(dialogue, "kind", 5)
    score(dialogue, "strict", 3)
    card = read(view(dialogue, carol)).cards[0]
    assert [criterion.differ for criterion in card.criteria] == [True] * 5
    assert "judges differ by 2" in page(client_of(carol), dialogue)


def test_a_judge_of_the_writers_family_is_marked(
    dialogue: Dialogue, carol: User, client_of: SignIn
) -> None:
    own = frozenset(dialogue.candidates.values_list("pk", flat=True))
    score(dialogue, "relative", 5, self_judged=own)
    shown = page(client_of(carol), dialogue)
    assert "relative, on its own family" in shown
    assert "on its own family's work" in shown


def test_a_judge_of_the_writers_family_is_heard_only_while_no_other_has_scored(
    dialogue: Dialogue, carol: User
) -> None:
    own = frozenset(dialogue.candidates.values_list("pk", flat=True))
    score(dialogue, "relative", 5, self_judged=own)
    assert view(dialogue, carol).candidates[0].score == 5.0
    score(dialogue, "stranger", 2)
    candidate = view(dialogue, carol).candidates[0]
    assert candidate.score == 2.0
    assert {judgement.judge for judgement in candidate.judgements} == {"stranger"}


def test_a_judge_that_was_asked_in_both_orders_has_one_voice(
    dialogue: Dialogue, carol: User
) -> None:
    score(dialogue, "one", 5)
    score(dialogue, "two", 2)
    score(dialogue, "two", 2, reversed=True)
    card = read(view(dialogue, carol)).cards[0]
    assert card.view.score == 3.5
    assert {criterion.mean for criterion in card.criteria} == {3.5}


def test_passing_and_preference_show_and_order_what_is_equal(
    dialogue: Dialogue, carol: User, client_of: SignIn
) -> None:
    score(dialogue, "critic", 2)
    first, second, _ = dialogue.candidates.all()
    by = intake.Provenance("critic", CandidateKind.MODEL)
    intake.add_comparisons([intake.ComparedPair(first.pk, second.pk, by, winner=second.pk)])
    assert view(dialogue, carol).candidates[0].id == second.pk
    shown = page(client_of(carol), dialogue)
    assert "below a pass mark" in shown
    assert "preferred in 100% of pairs" in shown


def test_where_scores_are_hidden_so_is_the_rest_of_the_panels_word(
    dataset: Dataset, dialogue: Dialogue, alice: User, claim: Callable[..., object]
) -> None:
    Dataset.objects.update(hide_scores=True)
    score(dialogue, "critic", 2)
    first, second, _ = dialogue.candidates.all()
    by = intake.Provenance("critic", CandidateKind.MODEL)
    intake.add_comparisons([intake.ComparedPair(first.pk, second.pk, by, winner=second.pk)])
    claim(alice)
    for candidate in view(dialogue, alice).candidates:
        assert (candidate.score, candidate.passes, candidate.preference) == (None, None, None)
        assert candidate.judgements == []


def test_a_judge_that_was_asked_anew_is_heard_for_its_last_word(
    dialogue: Dialogue, carol: User
) -> None:
    score(dialogue, "critic", 1, told="old")
    score(dialogue, "critic", 4, told="new")
    candidate = view(dialogue, carol).candidates[0]
    assert candidate.score == 4.0
    assert {judgement.score for judgement in candidate.judgements} == {4}


def test_a_release_has_one_word_a_judge_with_its_second_pass_beside_it(dialogue: Dialogue) -> None:
    own = frozenset(dialogue.candidates.values_list("pk", flat=True))
    score(dialogue, "critic", 1, told="old")
    score(dialogue, "critic", 5, told="new", self_judged=own)
    score(dialogue, "critic", 4, told="new", reversed=True, self_judged=own)
    chosen = dialogue.candidates.first()
    dialogue.stage, dialogue.approved_candidate, dialogue.approval = "approved", chosen, "accepted"
    line = Curator(dialogue.dataset).line(dialogue)
    assert line["candidates"][0]["judgements"] == [
        {
            "judge": "critic",
            "criterion": criterion,
            "score": 5,
            "reason": "critic says 5",
            "self_judged": True,
            "score_reversed": 4,
        }
        for criterion in Criterion.values
    ]


def test_the_final_query_in_other_letters_is_marked_as_such(
    make_dialogue: Make, carol: User, client_of: SignIn
) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    by = intake.Provenance("writer", CandidateKind.MODEL)
    same = "can you send me that scene, on a cloudy day"
    intake.add_candidates(dialogue_id=dialogue.pk, texts=[same, "clouds"], by=by, round=0)
    assert [c.repeats_final_query for c in view(dialogue, carol).candidates] == [True, False]
    assert page(client_of(carol), dialogue).count("This is the final query as it stands") == 1
