"""A panel judges fairly: no family its own where another can, both orders on wish, pairs twice."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from generation.models import Endpoint, Run
from generation.runs import lifecycle
from generation.runs.draining import drain
from review import intake, rubrics, scoring
from review.models import (
    Candidate,
    CandidateKind,
    Comparison,
    Criterion,
    Dataset,
    Dialogue,
    Judgement,
    Rubric,
    RubricCriterion,
    Stage,
)
from tests.model_server import BROKEN_JSON, ModelServer

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture
def dialogue(make_dialogue: Make) -> Dialogue:
    """With one rewrite by each of two families, and one by both."""
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    propose(dialogue, "gpt-9", "gpt", "a lighthouse by gpt", "a lighthouse by both")
    propose(dialogue, "qwen9", "qwen", "a lighthouse by qwen", "a lighthouse by both")
    return dialogue


def propose(dialogue: Dialogue, model: str, family: str, *texts: str) -> None:
    by = intake.Provenance(model, CandidateKind.MODEL, model=model, family=family)
    intake.add_candidates(dialogue_id=dialogue.pk, texts=texts, by=by, round=0)


def judge(dataset: Dataset, *endpoints: str, **wishes: Any) -> Run:
    run = lifecycle.start(dataset=dataset, kind="judge", endpoints=endpoints, **wishes)
    drain(run.pk)
    run.refresh_from_db()
    return run


def scored_by(judge: str) -> dict[str, bool]:
    """{text: whether it is marked as self-judged} of what a judge has scored."""
    rows = Judgement.objects.filter(judge=judge, criterion=Criterion.CLARITY)
    return {row.candidate.text: row.self_judged for row in rows.select_related("candidate")}


def test_a_judge_leaves_its_own_familys_work_to_another(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint("one", model="gpt-9-judge")
    make_endpoint("two", model="Qwen/Qwen9-32B")
    judge(dataset, "one", "two")
    both = "a lighthouse by both"
    assert scored_by("gpt-9-judge") == {"a lighthouse by qwen": False, both: True}
    assert scored_by("Qwen/Qwen9-32B") == {"a lighthouse by gpt": False, both: True}


def test_where_the_panel_has_no_other_its_scores_are_marked_as_self_judged(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint("one", model="gpt-9-judge")
    judge(dataset, "one")
    assert scored_by("gpt-9-judge") == {
        "a lighthouse by gpt": True,
        "a lighthouse by both": True,
        "a lighthouse by qwen": False,
    }


def test_a_family_that_the_models_name_hides_is_told_by_the_endpoint(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint("one", model="our-tuned-model", own_family="gpt")
    make_endpoint("two", model="claude-9")
    judge(dataset, "one", "two")
    assert scored_by("our-tuned-model") == {"a lighthouse by qwen": False}
    assert len(scored_by("claude-9")) == 3


def test_an_imported_candidate_has_the_family_that_its_author_names(
    dataset: Dataset, make_dialogue: Make, make_endpoint: MakeEndpoint
) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    by = intake.Provenance("gpt-4o", CandidateKind.IMPORTED, saw_target=None)
    intake.add_candidates(dialogue_id=dialogue.pk, texts=["imported"], by=by, round=0)
    make_endpoint("one", model="gpt-9-judge")
    judge(dataset, "one")
    assert scored_by("gpt-9-judge") == {"imported": True}


def test_a_second_pass_shows_the_same_candidates_in_the_reverse_order(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint, model_server: ModelServer
) -> None:
    make_endpoint("one", model="claude-9")
    judge(dataset, "one", both_orders=True)
    assert len(model_server.completions) == 2
    forward, reverse = (
        list(rows.order_by("shown_position").values_list("candidate", flat=True))
        for rows in (
            Judgement.objects.filter(criterion="clarity", reversed=one) for one in (False, True)
        )
    )
    assert forward == reverse[::-1]
    assert judge(dataset, "one", both_orders=True).calls.count() == 0


def test_one_unreadable_pass_leaves_the_other_ones_scores(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint, model_server: ModelServer
) -> None:
    make_endpoint("one", model="claude-9")
    model_server.fail(*[BROKEN_JSON] * 3)
    run = judge(dataset, "one", both_orders=True)
    assert "no JSON" in run.items.get().failure
    rows = Judgement.objects.filter(criterion="clarity")
    assert {(row.reversed, row.score is None) for row in rows} == {(False, True), (True, False)}
    assert all(row.unscored_reason for row in rows if row.score is None)
    again = judge(dataset, "one", both_orders=True)
    assert again.calls.count() == 1
    assert not Judgement.objects.filter(score=None).exists()


def prefers(word: str) -> Callable[[dict[str, Any]], Any]:
    """A judge that names the rewrite that holds a word, wherever it stands."""

    def answer(request: dict[str, Any]) -> Any:
        if "better" not in json.dumps(request["response_format"]):
            return None
        rewrites = request["messages"][1]["content"].split("\n\n")[1].splitlines()
        texts = json.loads("\n".join(rewrites[1:-1]))
        named = [label for label, text in texts.items() if word in text]
        return {"reason": "because", "better": named[0] if named else "tie"}

    return answer


@pytest.fixture
def scored(dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint) -> Dialogue:
    make_endpoint("one", model="claude-9")
    judge(dataset, "one")
    return dialogue


def test_pairs_are_asked_in_both_orders_and_the_winner_of_both_wins(
    dataset: Dataset, scored: Dialogue, model_server: ModelServer
) -> None:
    model_server.scripted = prefers("qwen")
    run = judge(dataset, "one", pairwise=True)
    assert run.calls.count() == 6
    won = scored.candidates.get(text="a lighthouse by qwen")
    assert [row.winner for row in Comparison.objects.all() if row.winner] == [won, won]
    assert won.preference == 1.0
    assert {c.preference for c in scored.candidates.exclude(pk=won.pk)} == {0.25}
    assert judge(dataset, "one", pairwise=True).calls.count() == 0


def test_a_judge_that_goes_by_the_order_says_nothing_but_a_tie(
    dataset: Dataset, scored: Dialogue, model_server: ModelServer
) -> None:
    model_server.scripted = lambda request: {"reason": "the first", "better": "rewrite_1"}
    judge(dataset, "one", pairwise=True, best=2)
    compared = Comparison.objects.get()
    assert (compared.winner, compared.flipped) == (None, True)
    assert compared.won_places == [0, 0]
    assert {c.preference for c in scored.candidates.all()} == {0.5, None}


def test_a_pair_without_a_usable_reply_is_unscored_with_its_reason(
    dataset: Dataset, scored: Dialogue, model_server: ModelServer
) -> None:
    model_server.fail(*[BROKEN_JSON] * 3)
    run = judge(dataset, "one", pairwise=True, best=2)
    compared = Comparison.objects.get()
    assert "no JSON" in compared.unscored_reason
    assert run.items.get().failure == compared.unscored_reason
    assert judge(dataset, "one", pairwise=True, best=2).calls.count() == 2
    assert Comparison.objects.get().unscored_reason == ""


def test_the_offline_judge_compares_without_a_call(dataset: Dataset, dialogue: Dialogue) -> None:
    judge(dataset)
    assert judge(dataset, pairwise=True).calls.count() == 0
    assert Comparison.objects.count() == 3


def weighing(**weights: float) -> Rubric:
    shipped = rubrics.shipped()
    parts = [
        RubricCriterion(**{**vars(part), "weight": weights.get(part.key, 0)})
        for part in shipped.parts
    ]
    return Rubric.holding(parts)


def test_a_judges_score_is_the_mean_of_its_criteria_by_their_weights(db: None) -> None:
    rubric = weighing(correctness=3, clarity=1)
    word = scoring.panel_word([{"correctness": [5], "clarity": [1], "conciseness": [1]}], rubric)
    assert word is not None
    assert (word.score, word.disagreement, word.passes) == (4.0, 0.0, False)


def test_a_candidate_passes_when_the_panels_mean_reaches_every_mark(db: None) -> None:
    rubric = weighing(correctness=1, clarity=1)
    fine = [{"correctness": [5], "clarity": [2]}, {"correctness": [3], "clarity": [4]}]
    word = scoring.panel_word(fine, rubric)
    assert word is not None
    assert word.passes
    poor = scoring.panel_word([{"correctness": [3], "clarity": [5]}], rubric)
    assert poor is not None
    assert not poor.passes


def test_without_a_criterion_that_counts_there_is_no_score(db: None) -> None:
    assert scoring.panel_word([{"clarity": [5]}], weighing(correctness=1)) is None
    assert scoring.panel_word([], weighing(correctness=1)) is None


def test_other_weights_reckon_scores_anew_and_ask_no_judge(
    dataset: Dataset, scored: Dialogue
) -> None:
    kept = rubrics.current(dataset)
    for row in Judgement.objects.all():
        row.score = 5 if row.criterion == "clarity" else 1
        row.save()
    weights = weighing(clarity=1)
    saved = rubrics.save(dataset=dataset, criteria=weights.parts)
    assert (saved.version, saved.hash) == (1, kept.hash)
    assert scoring.refresh_dataset(dataset) == 1
    assert {c.panel_score for c in scored.candidates.all()} == {5.0}
    assert judge(dataset, "one").calls.count() == 0


def test_another_wording_asks_the_judges_again_and_the_last_word_counts(
    dataset: Dataset, scored: Dialogue, model_server: ModelServer
) -> None:
    Judgement.objects.update(score=1)
    parts = rubrics.current(dataset).parts
    changed = RubricCriterion(**{**vars(parts[0]), "question": "Is it what the user wants?"})
    rubrics.save(dataset=dataset, criteria=[changed, *parts[1:]])
    model_server.scripted = lambda request: {
        label: {c.value: {"reason": "fine", "score": 5} for c in Criterion}
        for label in request["response_format"]["json_schema"]["schema"]["properties"]
    }
    assert judge(dataset, "one").calls.count() == 1
    asked = model_server.completions[-1].body["messages"][0]["content"]
    assert "Is it what the user wants?" in asked
    assert {c.panel_score for c in scored.candidates.all()} == {5.0}


@pytest.mark.parametrize("seed", range(3))
def test_near_duplicates_are_one_candidate_that_keeps_both_authors_and_both_wordings(
    make_dialogue: Make, seed: int
) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    told = [("a", "The red boat, at dawn."), ("b", "the Red boat at dawn")]
    random.Random(seed).shuffle(told)  # noqa: S311
    for author, text in told:
        propose(dialogue, author, author, text, "the red boat at dusk")
    alike, other = Candidate.objects.order_by("pk")
    assert alike.authors() == other.authors() == [author for author, _ in told]
    assert alike.text == told[0][1]
    assert alike.also_by[0]["text"] == told[1][1]
    assert "text" not in other.also_by[0]
