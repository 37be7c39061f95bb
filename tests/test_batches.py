"""A run through the Batch API costs half, and loses or pays twice nothing, whatever happens."""

import hashlib
import io
import itertools
import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import PIL.Image
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from generation import leasing, runs
from generation.batch_runs import (
    collecting,
    filling,
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
    Endpoint,
    ItemState,
    Run,
    RunStatus,
)
from generation.running import drain
from generation.seeing import ImageSettings
from generation.tasks import sweep, tend_batches
from review.models import Dataset, Dialogue, Judgement, Stage
from tests.model_server import DROPPED, OFF_SCHEMA, REFUSAL, Fault, ModelServer, batches

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]
# Half of what the same call costs live: 80 x 1 + 20 x 0.5 + 50 x 4 millionths.
PRICE = Decimal("0.000145")
# Where a later request is to fail.
AS_USUAL = Fault.slow(0)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(stepping, "WAIT_BY_AGE", 0.0)


@pytest.fixture
def dialogues(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{number:02}", stage=Stage.IMPORTED) for number in range(8)]


@pytest.fixture
def start(dataset: Dataset, make_endpoint: MakeEndpoint) -> Callable[..., Run]:
    make_endpoint(has_batches=True)

    def begin(**options: object) -> Run:
        values = {"kind": "rewrite", "endpoints": ["remote"], "batch": True, **options}
        return runs.start(dataset=dataset, **values)

    return begin


def work_off(run: Run, most: int = 30) -> Run:
    """Drains a run as the sweep does, until it rests or is done."""
    for _ in range(most):
        drain(run.pk)
        run.refresh_from_db()
        if run.status != RunStatus.RUNNING:
            return run
    raise AssertionError(f"{run} does not end: {list(run.batches.values())}")


class Crash(BaseException):
    """A worker ends here, and nothing of it goes on."""


def crash(*given: object, **named: object) -> None:
    raise Crash


def crashes_at(nth: int, act: Callable[..., Any]) -> Callable[..., Any]:
    """What does as `act`, but not the `nth` time."""
    times = itertools.count(1)

    def acting(*given: Any, **named: Any) -> Any:
        return crash() if next(times) == nth else act(*given, **named)

    return acting


def test_a_run_goes_in_one_batch_at_half_the_price(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = work_off(start())
    progress = runs.progress(run)
    assert (progress.status, progress.done, progress.calls) == (RunStatus.DONE, 8, 8)
    assert progress.cost_usd == 8 * PRICE
    batch = run.batches.get()
    assert (batch.state, batch.lines, batch.lines_done) == (BatchState.COLLECTED, 8, 8)
    assert not model_server.completions
    assert not model_server.files


def test_a_judge_sees_both_orders_in_one_batch(
    make_dialogue: Make, start: Callable[..., Run], model_server: ModelServer
) -> None:
    made = [make_dialogue(f"d-{number}", stage=Stage.PROPOSED) for number in range(3)]
    run = work_off(start(kind="judge", both_orders=True))
    assert runs.progress(run).done == 3
    assert run.batches.get().lines == 6
    for dialogue in made:
        scores = Judgement.objects.filter(candidate__dialogue=dialogue, score__isnull=False)
        assert set(scores.values_list("reversed", flat=True)) == {False, True}
        assert scores.count() == 2 * 3 * 5


def test_lines_that_failed_go_again_in_the_next_batch(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(500), Fault.answers(429), DROPPED)
    run = work_off(start())
    assert [batch.lines for batch in run.batches.all()] == [8, 3]
    assert runs.progress(run).done == 8
    assert runs.progress(run).cost_usd == 8 * PRICE
    failed = Call.objects.filter(outcome=CallOutcome.FAILED)
    assert sorted(failed.values_list("status_code", flat=True), key=str) == [429, 500, None]
    assert failed.filter(error__contains="not answered in its batch").count() == 1
    assert set(Call.objects.filter(attempt=2).values("outcome")[0].values()) == {CallOutcome.OK}


def test_a_refused_request_is_not_asked_again(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(400))
    run = work_off(start())
    assert run.batches.count() == 1
    failed = run.items.get(state=ItemState.FAILED)
    assert "The server answered 400: told to answer 400" in failed.failure


def test_an_unusable_reply_is_asked_for_twice_more_then_its_item_fails(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.always = REFUSAL
    run = work_off(start(limit=2))
    calls = list(Call.objects.order_by("pk").values_list("item", "attempt", "outcome", "cost_usd"))
    assert [attempt for _, attempt, _, _ in calls] == [1, 1, 2, 2, 3, 3]
    assert {outcome for _, _, outcome, _ in calls} == {CallOutcome.UNUSABLE}
    assert runs.progress(run).cost_usd == 6 * PRICE
    reasons = set(run.items.values_list("failure", flat=True))
    assert reasons == {"The model refused: I would rather not. (asked 3 times)"}


def test_what_is_tried_again_by_a_person_begins_anew(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.always = REFUSAL
    run = work_off(start(limit=2))
    runs.retry_failed(run=run)
    model_server.always = None
    model_server.fail(REFUSAL)
    work_off(run)
    assert runs.progress(run).done == 2
    assert list(Call.objects.order_by("pk").values_list("attempt", flat=True)[6:]) == [1, 1, 2]


def test_candidates_stay_unscored_where_a_judge_gives_nothing_usable(
    make_dialogue: Make, start: Callable[..., Run], model_server: ModelServer
) -> None:
    dialogue = make_dialogue(stage=Stage.PROPOSED)
    model_server.always = OFF_SCHEMA
    run = work_off(start(kind="judge"))
    assert "asked 3 times" in run.items.get().failure
    judged = Judgement.objects.filter(candidate__dialogue=dialogue)
    assert judged.count() == 15
    assert not judged.exclude(score=None).exists()


def test_what_expired_goes_into_the_next_batch(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.batch_fate = "expired"
    run = start()
    drain(run.pk)
    drain(run.pk)
    model_server.batch_fate = "completed"
    work_off(run)
    assert [batch.lines for batch in run.batches.all()][:2] == [8, 4]
    assert runs.progress(run).done == 8
    assert runs.progress(run).cost_usd == 8 * PRICE
    errors = Call.objects.filter(outcome=CallOutcome.FAILED).values_list("error", flat=True)
    assert all("completion window expired. (batch_expired)" in error for error in errors)


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
    runs.resume(run=run)
    work_off(run)
    assert runs.progress(run).done == 8


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
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)


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
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)


def test_a_batch_is_found_though_the_answer_to_its_creation_was_lost(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail_files(AS_USUAL, AS_USUAL, DROPPED)
    run = work_off(start())
    assert len(model_server.batches) == 1
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)


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
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)


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
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)
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
    progress = runs.progress(run)
    assert (progress.done, progress.calls, progress.cost_usd) == (8, 8, 8 * PRICE)
    assert all(dialogue.candidates.count() == 4 for dialogue in dialogues)


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
    progress = runs.progress(run)
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
    runs.stop(run=run)
    assert resting_with_batches() == [run.pk]
    tend(run.pk)
    assert model_server.requests["POST /v1/batches/batch_2/cancel"] == 1
    assert not resting_with_batches()
    progress = runs.progress(run)
    assert (progress.status, progress.done, progress.pending) == (RunStatus.STOPPED, 4, 4)
    assert progress.cost_usd == 4 * PRICE
    model_server.batch_seconds = 0
    runs.resume(run=run)
    work_off(run)
    assert runs.progress(run).done == 8
    assert runs.progress(run).cost_usd == 8 * PRICE


def test_a_paused_run_takes_in_what_is_out_and_sends_nothing(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(500))
    run = start()
    drain(run.pk)
    runs.pause(run=run)
    tend(run.pk)
    tend(run.pk)
    assert len(model_server.batches) == 1
    progress = runs.progress(run)
    assert (progress.status, progress.done, progress.pending) == (RunStatus.PAUSED, 7, 1)


def test_a_paused_run_is_done_when_the_last_of_it_comes_in(
    dialogues: list[Dialogue], start: Callable[..., Run]
) -> None:
    run = start()
    drain(run.pk)
    runs.pause(run=run)
    tend(run.pk)
    assert runs.progress(run).status == RunStatus.DONE


def test_the_sweep_looks_after_runs_that_rest(
    dialogues: list[Dialogue], start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    drain(run.pk)
    runs.pause(run=run)
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
    runs.stop(run=run)
    tend(run.pk)
    assert not Batch.objects.exists()
    assert not Call.objects.exists()


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
    assert (runs.progress(run).done, batch.problem) == (8, "")


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
    assert runs.progress(run).done == 8


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
    progress = runs.progress(run)
    assert (progress.done, progress.calls, progress.cost_usd) == (8, 16, 8 * PRICE)


def test_a_run_may_go_in_batches_live_and_offline_at_once(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    make_endpoint("live")
    run = work_off(start(endpoints=["remote", "live", "offline"]))
    assert runs.progress(run).done == 24
    assert len(model_server.completions) == 8
    assert runs.progress(run).cost_usd == 8 * PRICE + 8 * 2 * PRICE
    assert Call.objects.filter(batch=None).count() == 8


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
        assert runs.progress(run).done == 8
    assert Call.objects.count() == 8


def test_a_rerun_makes_no_call(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    work_off(start())
    again = start()
    assert (again.status, runs.progress(again).done) == (RunStatus.DONE, 8)
    assert Call.objects.count() == 8


def test_replies_count_though_the_endpoint_is_set_otherwise_meanwhile(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = start()
    drain(run.pk)
    Endpoint.objects.update(
        extra_parameters={"temperature": 0.1}, has_batches=False, structured_output="json_object"
    )
    work_off(run)
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)


def test_a_reply_to_what_has_changed_is_paid_for_and_asked_anew(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = start()
    drain(run.pk)
    turns = [{"role": "user", "text": "Show me the harbour at night."}]
    Dialogue.objects.filter(pk=dialogues[0].pk).update(turns=turns)
    work_off(run)
    progress = runs.progress(run)
    assert (progress.done, progress.calls, progress.cost_usd) == (8, 9, 9 * PRICE)
    stale = Call.objects.get(outcome=CallOutcome.UNUSABLE)
    assert "has changed since it was asked" in stale.error


def test_batches_are_no_longer_than_servers_take(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "MOST_LINES", 3)
    run = work_off(start())
    assert [batch.lines for batch in run.batches.all()] == [3, 3, 2]
    assert runs.progress(run).done == 8


def test_an_item_too_large_for_any_batch_fails_alone(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = [{"role": "user", "text": "harbour " * 2000}]
    Dialogue.objects.filter(pk=dialogues[3].pk).update(turns=turns)
    monkeypatch.setattr(filling, "MOST_BYTES", 10_000)
    run = work_off(start())
    assert runs.progress(run).done == 7
    assert run.batches.count() > 1
    assert "more than 10,000 bytes" in run.items.get(state=ItemState.FAILED).failure


def test_pictures_go_with_the_file_and_their_digests_into_the_ledger(
    dataset: Dataset,
    dialogues: list[Dialogue],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    make_endpoint(has_batches=True, sees_images=True)
    picture = io.BytesIO()
    PIL.Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    pier = dataset.images.get(external_id="pier")
    pier.file.save("pier.png", ContentFile(picture.getvalue()), save=False)
    pier.sha256 = hashlib.sha256(picture.getvalue()).hexdigest()
    pier.save()
    run = runs.start(
        dataset=dataset,
        kind="rewrite",
        endpoints=["remote"],
        batch=True,
        limit=1,
        images=ImageSettings(),
    )
    drain(run.pk)
    [file] = model_server.files.values()
    assert b"data:image/jpeg;base64," in file.data
    assert "sha256:" in json.dumps(Call.objects.get().request)
    assert "base64" not in json.dumps(Call.objects.get().request)
    assert runs.progress(work_off(run)).done == 1


def test_lines_of_no_sense_are_passed_over(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = model_server._answered

    def spoilt(line: dict[str, Any]) -> Any:
        return {**answered(line), "custom_id": f"x{line['custom_id']}"} if spoil else answered(line)

    spoil = True
    monkeypatch.setattr(model_server, "_answered", spoilt)
    run = start()
    drain(run.pk)
    drain(run.pk)
    assert Call.objects.filter(outcome=CallOutcome.FAILED).count() == 8
    spoil = False
    work_off(run)
    assert runs.progress(run).done == 8


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


def test_requests_still_out_are_taken_in_by_the_worker_that_comes_after_a_killed_one(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    """Nothing of what a worker does at its end has happened: its hold on the run only runs out."""
    run = start()
    drain(run.pk)
    assert leasing.take_run(run.pk, uuid.uuid4())
    drain(run.pk)
    assert runs.progress(run).done == 0
    Run.objects.update(drained_until=timezone.now() - timedelta(seconds=1))
    work_off(run)
    assert (runs.progress(run).done, runs.progress(run).calls) == (8, 8)


def test_an_error_of_our_own_rests_the_run_rather_than_going_round_for_ever(
    dialogues: list[Dialogue], start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "MOST_TROUBLES", 3)
    monkeypatch.setattr(collecting, "enter", lambda *given: 1 / 0)
    run = work_off(start())
    assert run.status == RunStatus.PAUSED
    assert "An error of ReCQR: ZeroDivisionError" in run.note
    assert run.items.pending().count() == 8


def test_thousands_of_lines_take_seconds(
    dataset: Dataset, start: Callable[..., Run], model_server: ModelServer
) -> None:
    turns = [{"role": "user", "text": "Send me that lighthouse on a cloudy day."}]
    values = {"dataset": dataset, "turns": turns, "final_query": turns[0]["text"]}
    Dialogue.objects.bulk_create(
        Dialogue(external_id=f"d-{n}", content_hash=str(n), target_images=[], **values)
        for n in range(3000)
    )
    began = time.monotonic()
    run = work_off(start(candidates=1))
    assert runs.progress(run).done == 3000
    assert runs.progress(run).cost_usd == 3000 * PRICE
    assert time.monotonic() - began < 30
