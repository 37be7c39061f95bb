"""A run in batches that is paused, stopped or short of budget takes in what is out."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from generation.batch_runs import (
    resting_with_batches,
    stepping,
    submitting,
    tend,
)
from generation.batch_runs.server import Server
from generation.models import (
    Batch,
    BatchState,
    Call,
    CallOutcome,
    Run,
    RunStatus,
)
from generation.runs import lifecycle
from generation.runs.draining import drain
from generation.runs.progress import progress_of
from generation.tasks import sweep, tend_batches
from review.models import Dialogue
from tests.batches.working import Crash, crash, work_off
from tests.model_server import Fault, ModelServer, batches

# Half of what the same call costs live: 80 x 1 + 20 x 0.5 + 50 x 4 millionths.
PRICE = Decimal("0.000145")


def test_a_batch_that_is_not_valid_rests_the_run_and_says_why(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.batch_fate = "failed"
    run = work_off(start())
    assert run.status == RunStatus.PAUSED
    assert "Told to find a fault in this line. (line 1)" in run.note
    assert run.items.pending().count() == 8
    assert run.batches.get().state == BatchState.FAILED
    assert set(Call.objects.values_list("outcome", flat=True)) == {CallOutcome.FAILED}
    model_server.batch_fate = "completed"
    lifecycle.resume(run=run)
    work_off(run)
    assert progress_of(run).done == 8


def test_who_may_not_queue_so_many_tokens_sends_smaller_batches_one_by_one(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(submitting, "QUEUE_PAUSE", timedelta(0))
    check = batches._checked

    def with_a_limit(content: bytes) -> Any:
        lines, problems = check(content)
        told = batches._problem("token_limit_exceeded", None, "Enqueued token limit reached.")
        return lines, [*problems, *([told] if len(lines) > 3 else [])]

    monkeypatch.setattr(batches, "_checked", with_a_limit)
    run = work_off(start())
    assert [batch.lines for batch in run.batches.all()] == [8, 4, 2, 2, 2, 2]
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)


def test_a_budget_is_kept_by_what_is_out_as_well(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    budget = Decimal("0.001")
    run = start(budget=budget)
    drain(run.pk)
    first = run.batches.get()
    assert 0 < first.lines < 8
    assert first.held_usd <= budget < first.held_usd * (first.lines + 1) / first.lines
    work_off(run)
    progress = progress_of(run)
    assert run.status == RunStatus.PAUSED
    assert "could pass the budget of $0.001" in run.note
    assert progress.cost_usd == progress.calls * PRICE <= budget
    assert progress.done == progress.calls


def test_what_was_paid_for_comes_in_though_the_run_was_stopped(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.batch_seconds = 600
    run = start()
    drain(run.pk)
    lifecycle.stop(run=run)
    assert resting_with_batches() == [run.pk]
    tend(run.pk)
    assert model_server.requests["POST /v1/batches/batch_2/cancel"] == 1
    assert not resting_with_batches()
    progress = progress_of(run)
    assert (progress.status, progress.done, progress.pending) == (RunStatus.STOPPED, 4, 4)
    assert progress.cost_usd == 4 * PRICE
    model_server.batch_seconds = 0
    lifecycle.resume(run=run)
    work_off(run)
    assert progress_of(run).done == 8
    assert progress_of(run).cost_usd == 8 * PRICE


def test_a_paused_run_takes_in_what_is_out_and_sends_nothing(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(500))
    run = start()
    drain(run.pk)
    lifecycle.pause(run=run)
    tend(run.pk)
    tend(run.pk)
    assert len(model_server.batches) == 1
    progress = progress_of(run)
    assert (progress.status, progress.done, progress.pending) == (RunStatus.PAUSED, 7, 1)


def test_a_paused_run_is_done_when_the_last_of_it_comes_in(
    dialogues: list[Dialogue], start: Callable[..., Run]
) -> None:
    run = start()
    drain(run.pk)
    lifecycle.pause(run=run)
    tend(run.pk)
    assert progress_of(run).status == RunStatus.DONE


def test_the_sweep_looks_after_runs_that_rest(
    dialogues: list[Dialogue], start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    drain(run.pk)
    lifecycle.pause(run=run)
    sent: list[tuple[int]] = []
    monkeypatch.setattr(tend_batches, "apply_async", lambda args, **how: sent.append(args))
    sweep()
    assert sent == [(run.pk,)]


def test_what_never_left_is_taken_back_when_its_run_rests(
    dialogues: list[Dialogue], start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    with monkeypatch.context() as patched:
        patched.setattr(Server, "upload", crash)
        with pytest.raises(Crash):
            drain(run.pk)
    lifecycle.stop(run=run)
    tend(run.pk)
    assert not Batch.objects.exists()
    assert not Call.objects.exists()


def test_what_is_out_in_a_batch_is_asked_by_no_other_run(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    first = start()
    drain(first.pk)
    live, other = start(batch=False), start()
    drain(live.pk)
    drain(other.pk)
    assert not model_server.completions
    assert len(model_server.batches) == 1
    for run in (first, live, other):
        work_off(run)
        assert progress_of(run).done == 8
    assert Call.objects.count() == 8


def test_a_server_is_left_alone_between_two_looks(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    run = start()
    drain(run.pk)
    monkeypatch.setattr(stepping, "FIRST_WAIT", 60.0)
    asked = model_server.requests.total()
    with django_assert_max_num_queries(10):
        drain(run.pk)
    assert model_server.requests.total() == asked
    Batch.objects.update(asked_at=timezone.now() - timedelta(seconds=61))
    work_off(run)
