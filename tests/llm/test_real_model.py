"""Rewriting and judging through a real server and a tiny model: shape and outcome, not quality."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from generation.models import Call, CallOutcome, Endpoint, ItemState, Run
from generation.runs import lifecycle
from generation.runs.draining import drain
from review.models import Candidate, CandidateKind, Criterion, Dataset, Dialogue, Judgement, Stage
from tests.conftest import TEXTS
from tests.plugins.records import PROJECT

Make = Callable[..., Dialogue]
COMMAND = [sys.executable, "tests/llm/server.py"]
# A tiny model may ramble until it is cut; this bounds how long.
TELLING = {"max_tokens": 1000, "temperature": 0, "repeat_penalty": 1.1}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


@pytest.fixture
def endpoint(db: None, address: str) -> Endpoint:
    assert address, "the server did not start"
    return Endpoint.objects.create(
        name="smollm2",
        base_url=address,
        model="smollm2-135m",
        most_in_flight=2,
        timeout_seconds=600,
        extra_parameters=TELLING,
    )


def done(dataset: Dataset, kind: str, **options: int) -> Run:
    run = lifecycle.start(dataset=dataset, kind=kind, endpoints=["smollm2"], **options)
    drain(run.pk)
    run.refresh_from_db()
    return run


def check_outcomes(run: Run, planned: int) -> None:
    """Every item has an outcome, and every call is in the ledger."""
    items = list(run.items.all())
    calls = list(Call.objects.filter(run=run))
    assert (run.status, len(items)) == ("done", planned)
    assert all((item.state == ItemState.DONE) != bool(item.failure) for item in items)
    assert {call.item_id for call in calls} == {item.pk for item in items}
    assert {call.outcome for call in calls} <= {CallOutcome.OK, CallOutcome.UNUSABLE}
    for call in calls:
        assert (call.status_code, call.request_hash != "", call.reply != "") == (200, True, True)
        assert min(call.tokens_input or 0, call.tokens_output or 0, call.latency_seconds or 0) > 0


def test_rewrites_come_from_a_real_model(
    dataset: Dataset, make_dialogue: Make, endpoint: Endpoint
) -> None:
    for number in range(3):
        make_dialogue(f"d-{number}", stage=Stage.IMPORTED)
    run = done(dataset, "rewrite", candidates=2)
    check_outcomes(run, planned=3)
    made = Candidate.objects.filter(kind=CandidateKind.MODEL)
    assert made.exists()
    assert all(candidate.text.strip() and candidate.author for candidate in made)
    rewritten = {item.dialogue_id for item in run.items.filter(state=ItemState.DONE)}
    assert set(made.values_list("dialogue_id", flat=True)) == rewritten


def test_a_real_model_scores_with_reasons_or_leaves_unscored_with_one(
    dataset: Dataset, make_dialogue: Make, endpoint: Endpoint
) -> None:
    dialogue = make_dialogue(stage=Stage.PROPOSED)
    run = done(dataset, "judge")
    check_outcomes(run, planned=1)
    rows = list(Judgement.objects.filter(candidate__dialogue=dialogue))
    assert len(rows) == len(TEXTS) * len(Criterion)
    for row in rows:
        if row.score is None:
            assert row.unscored_reason
        else:
            assert 1 <= row.score <= 5
    scored = run.items.get().state == ItemState.DONE
    assert {row.score is not None for row in rows} == {scored}
