"""A model's scores enter the record with reasons; what it did not score is unscored, never low."""

import json
from collections.abc import Callable

import pytest

from generation.models import CallOutcome, Endpoint, ItemState, Run
from generation.runs import lifecycle
from generation.runs.draining import drain
from review.models import Criterion, Dataset, Dialogue, Judgement, Stage
from tests.conftest import TEXTS
from tests.model_server import BROKEN_JSON, MODEL, OFF_SCHEMA, REFUSAL, Fault, ModelServer

Make = Callable[..., Dialogue]


@pytest.fixture
def dialogue(make_dialogue: Make) -> Dialogue:
    return make_dialogue(stage=Stage.PROPOSED)


@pytest.fixture
def endpoint(make_endpoint: Callable[..., Endpoint]) -> Endpoint:
    return make_endpoint()


def judge(dataset: Dataset) -> Run:
    run = lifecycle.start(dataset=dataset, kind="judge", endpoints=["remote"])
    drain(run.pk)
    run.refresh_from_db()
    return run


def judgements(dialogue: Dialogue) -> list[Judgement]:
    return list(Judgement.objects.filter(candidate__dialogue=dialogue))


def told(model_server: ModelServer) -> str:
    return model_server.completions[0].body["messages"][1]["content"]


def test_one_call_scores_every_candidate_on_every_criterion(
    dataset: Dataset, dialogue: Dialogue, endpoint: Endpoint, model_server: ModelServer
) -> None:
    judge(dataset)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.JUDGED
    assert len(model_server.completions) == 1
    rows = judgements(dialogue)
    assert len(rows) == len(TEXTS) * len(Criterion)
    assert all(row.score and row.reason and row.judge == MODEL for row in rows)


def test_candidates_are_shown_in_a_drawn_order_that_is_kept(
    dataset: Dataset, dialogue: Dialogue, endpoint: Endpoint, model_server: ModelServer
) -> None:
    judge(dataset)
    lines = told(model_server).splitlines()
    body = "\n".join(lines[lines.index("") + 2 : -1])
    shown = list(json.loads(body).values())
    kept = {row.shown_position: row.candidate.text for row in judgements(dialogue)}
    assert [kept[place] for place in sorted(kept)] == shown
    assert sorted(shown) == sorted(TEXTS)


def test_orders_differ_between_dialogues(
    dataset: Dataset, make_dialogue: Make, endpoint: Endpoint
) -> None:
    dialogues = [make_dialogue(f"d-{number}", stage=Stage.PROPOSED) for number in range(8)]
    judge(dataset)
    rows = Judgement.objects.filter(criterion="clarity").order_by("candidate")
    orders = {
        tuple(rows.filter(candidate__dialogue=one).values_list("shown_position", flat=True))
        for one in dialogues
    }
    assert len(orders) > 1


def test_a_judge_does_not_learn_who_wrote_what(
    dataset: Dataset, dialogue: Dialogue, endpoint: Endpoint, model_server: ModelServer
) -> None:
    judge(dataset)
    assert "writer" not in json.dumps(model_server.completions[0].body["messages"])


@pytest.mark.parametrize("fault", [BROKEN_JSON, OFF_SCHEMA, REFUSAL, Fault.answers(400)])
def test_candidates_without_a_usable_reply_are_unscored_with_the_reason(
    dataset: Dataset,
    dialogue: Dialogue,
    endpoint: Endpoint,
    model_server: ModelServer,
    fault: Fault,
) -> None:
    model_server.always = fault
    run = judge(dataset)
    item = run.items.get()
    assert item.state == ItemState.FAILED
    assert {row.unscored_reason for row in judgements(dialogue)} == {item.failure}
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.panel_score) == (Stage.PROPOSED, None)


def test_a_rerun_scores_what_stayed_unscored(
    dataset: Dataset, dialogue: Dialogue, endpoint: Endpoint, model_server: ModelServer
) -> None:
    model_server.always = REFUSAL
    judge(dataset)
    model_server.always = None
    judge(dataset)
    assert all(row.score for row in judgements(dialogue))


def test_a_score_out_of_range_is_not_taken(
    dataset: Dataset, dialogue: Dialogue, endpoint: Endpoint, model_server: ModelServer
) -> None:
    scored = {"reason": "told to", "score": 6}
    label = dict.fromkeys(Criterion.values, scored)
    answer = {f"rewrite_{place}": label for place in (1, 2, 3)}
    model_server.answer = lambda _: answer  # type: ignore[method-assign]
    run = judge(dataset)
    assert set(run.calls.values_list("outcome", flat=True)) == {CallOutcome.UNUSABLE}
    assert "score" in run.items.get().failure


def test_only_candidates_that_came_since_are_judged_again(
    dataset: Dataset, dialogue: Dialogue, endpoint: Endpoint, model_server: ModelServer
) -> None:
    judge(dataset)
    dialogue.candidates.create(text="a new one", text_key="k", author="later", kind="model")
    judge(dataset)
    again = model_server.completions[1].body["messages"][1]["content"]
    assert "a new one" in again
    assert TEXTS[0] not in again
