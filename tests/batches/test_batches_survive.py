"""A run in batches loses or pays twice nothing, whatever crashes or goes wrong."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from generation.batch_runs import (
    collecting,
    filling,
    stepping,
    submitting,
    tend,
)
from generation.batch_runs.server import Server
from generation.models import (
    BatchState,
    Call,
    CallOutcome,
    Endpoint,
    Run,
    RunStatus,
)
from generation.runs import leasing
from generation.runs.draining import drain
from generation.runs.progress import progress_of
from review.models import Dialogue
from tests.batches.working import Crash, crash, crashes_at, work_off
from tests.model_server import DROPPED, Fault, ModelServer

# Half of what the same call costs live: 80 x 1 + 20 x 0.5 + 50 x 4 millionths.
PRICE = Decimal("0.000145")
# Where a later request is to fail.
AS_USUAL = Fault.slow(0)


def test_a_batch_whose_creation_was_not_written_down_is_found_and_taken_up(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start()
    with monkeypatch.context() as patched:
        patched.setattr(submitting, "store", crash)
        with pytest.raises(Crash):
            drain(run.pk)
    assert run.batches.get().state == BatchState.PREPARING
    work_off(run)
    assert len(model_server.batches) == 1
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)


def test_a_batch_is_found_though_the_answer_to_its_creation_was_lost(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail_files(AS_USUAL, AS_USUAL, DROPPED)
    run = work_off(start())
    assert len(model_server.batches) == 1
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)


def test_a_batch_is_asked_for_again_only_when_it_is_certainly_not_there(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start()
    model_server.fail_files(AS_USUAL, AS_USUAL, Fault.answers(503), Fault.answers(503))
    for _ in range(4):
        drain(run.pk)
    assert not model_server.batches
    assert run.batches.get().state == BatchState.PREPARING
    monkeypatch.setattr(submitting, "CERTAIN_AFTER", timedelta(0))
    work_off(run)
    assert len(model_server.batches) == 1
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)


def test_a_worker_that_ends_before_its_file_is_handed_over_has_asked_nothing(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start()
    with monkeypatch.context() as patched:
        patched.setattr(Server, "upload", crash)
        with pytest.raises(Crash):
            drain(run.pk)
    assert Call.objects.count() == 8
    work_off(run)
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)
    assert run.batches.count() == 1


@pytest.mark.parametrize(("at", "nth"), [("enter", 2), ("settle_all", 2), ("end", 1)])
def test_a_crash_while_replies_come_in_leaves_each_call_and_item_once(
    at: str,
    nth: int,
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "CHUNK", 3)
    run = start()
    drain(run.pk)
    with monkeypatch.context() as patched:
        patched.setattr(collecting, at, crashes_at(nth, getattr(collecting, at)))
        with pytest.raises(Crash):
            drain(run.pk)
    work_off(run)
    progress = progress_of(run)
    assert (progress.done, progress.calls, progress.cost_usd) == (8, 8, 8 * PRICE)
    assert all(dialogue.candidates.count() == 4 for dialogue in dialogues)


def test_a_server_that_is_down_for_a_while_holds_up_nothing_for_good(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail_files(Fault.answers(500), DROPPED, Fault.answers(429))
    run = start()
    drain(run.pk)
    batch = run.batches.get()
    assert (batch.failures, batch.lines) == (1, 0)
    assert "The server answered 500" in batch.problem
    work_off(run)
    batch.refresh_from_db()
    assert (progress_of(run).done, batch.problem) == (8, "")


def test_a_server_that_stays_in_trouble_rests_the_run_with_the_reason(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stepping, "MOST_TROUBLES", 3)
    run = start()
    drain(run.pk)
    model_server.fail_files(*[Fault.answers(401)] * 3)
    work_off(run)
    assert run.status == RunStatus.PAUSED
    assert run.note == "Batches of remote: The server answered 401: told to answer 401"
    tend(run.pk)
    assert progress_of(run).done == 8


def test_a_batch_that_its_server_lost_is_asked_again(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start()
    drain(run.pk)
    model_server.batches.clear()
    drain(run.pk)
    assert run.batches.get().state == BatchState.SUBMITTED
    monkeypatch.setattr(stepping, "GONE_AFTER", timedelta(0))
    work_off(run)
    progress = progress_of(run)
    assert (progress.done, progress.calls, progress.cost_usd) == (8, 16, 8 * PRICE)


def test_replies_count_though_the_endpoint_is_set_otherwise_meanwhile(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = start()
    drain(run.pk)
    Endpoint.objects.update(
        extra_parameters={"temperature": 0.1}, has_batches=False, structured_output="json_object"
    )
    work_off(run)
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)


def test_a_reply_to_what_has_changed_is_paid_for_and_asked_anew(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = start()
    drain(run.pk)
    turns = [{"role": "user", "text": "Show me the harbour at night."}]
    Dialogue.objects.filter(pk=dialogues[0].pk).update(turns=turns)
    work_off(run)
    progress = progress_of(run)
    assert (progress.done, progress.calls, progress.cost_usd) == (8, 9, 9 * PRICE)
    stale = Call.objects.get(outcome=CallOutcome.UNUSABLE)
    assert "has changed since it was asked" in stale.error


def test_requests_still_out_are_taken_in_by_the_worker_that_comes_after_a_killed_one(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    """Nothing of what a worker does at its end has happened: its hold on the run only runs out."""
    run = start()
    drain(run.pk)
    assert leasing.take_run(run.pk, uuid.uuid4())
    drain(run.pk)
    assert progress_of(run).done == 0
    Run.objects.update(drained_until=timezone.now() - timedelta(seconds=1))
    work_off(run)
    assert (progress_of(run).done, progress_of(run).calls) == (8, 8)


def test_an_error_of_our_own_rests_the_run_rather_than_going_round_for_ever(
    dialogues: list[Dialogue], start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "MOST_TROUBLES", 3)
    monkeypatch.setattr(collecting, "enter", lambda *given: 1 / 0)
    run = work_off(start())
    assert run.status == RunStatus.PAUSED
    assert "An error of ReCQR: ZeroDivisionError" in run.note
    assert run.items.pending().count() == 8
