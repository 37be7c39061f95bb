"""Whatever happens in mid-run, every planned item ends with exactly one outcome."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError
from django.utils import timezone

from generation.models import Endpoint, ItemState, Run, RunStatus
from generation.runs import draining, leasing, lifecycle
from generation.runs.draining import drain
from generation.runs.leasing import lease
from generation.runs.progress import progress_of
from generation.runs.settling import settle
from generation.work import Outcome, work_of
from review.errors import Conflict, Invalid
from review.models import CheckOutcome, Dataset, Dialogue, Stage
from tests.model_server import EVERY_KIND, Fault, ModelServer

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture
def dialogues(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{number:02}", stage=Stage.IMPORTED) for number in range(12)]


@pytest.fixture
def start(dataset: Dataset, make_endpoint: MakeEndpoint) -> Callable[..., Run]:
    make_endpoint(most_in_flight=2)

    def begin(**options: object) -> Run:
        values = {"kind": "rewrite", "endpoints": ["remote"], **options}
        return lifecycle.start(dataset=dataset, **values)

    return begin


def test_with_a_fifth_of_calls_failing_every_item_has_an_outcome(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.failing_share = 0.2
    run = start()
    drain(run.pk)
    progress = progress_of(run)
    assert (progress.planned, progress.pending) == (12, 0)
    assert progress.calls == len(model_server.completions)
    assert not run.items.filter(state=ItemState.FAILED, failure="").exists()


@pytest.mark.parametrize("kind", ["rewrite", "judge"])
def test_with_a_fifth_of_calls_failing_in_every_way_none_is_missing(
    dataset: Dataset,
    make_dialogue: Make,
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
    kind: str,
) -> None:
    stage = Stage.IMPORTED if kind == "rewrite" else Stage.PROPOSED
    for number in range(30):
        make_dialogue(f"d-{number:02}", stage=stage)
    model_server.failing_share, model_server.failing_kinds = 0.2, EVERY_KIND
    make_endpoint(timeout_seconds=1)
    run = lifecycle.start(dataset=dataset, kind=kind, endpoints=["remote"], both_orders=True)
    drain(run.pk)
    progress = progress_of(run)
    assert (progress.planned, progress.pending, progress.status) == (30, 0, RunStatus.DONE)
    assert progress.calls == len(model_server.completions)
    assert {call.outcome for call in run.calls.all()} == {"ok", "failed", "unusable"}
    assert not run.items.filter(state=ItemState.FAILED, failure="").exists()


def test_a_reply_that_was_paid_for_is_read_again_and_not_bought_again(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_: object) -> None:
        raise OperationalError("PostgreSQL is gone")

    run = start()
    monkeypatch.setattr(draining, "settle_all", breaks)
    with pytest.raises(OperationalError):
        drain(run.pk)
    monkeypatch.undo()
    paid = len(model_server.completions)
    assert paid > 0
    assert not run.items.exclude(state=ItemState.PENDING).exists()
    drain(run.pk)
    assert progress_of(run).done == 12
    assert len(model_server.completions) == 12 + run.calls.filter(outcome="lost").count()


def test_a_run_that_a_worker_is_at_is_left_to_it_until_its_lease_ends(
    dialogues: list[Dialogue], start: Callable[..., Run]
) -> None:
    run = start()
    assert leasing.take_run(run.pk, uuid.uuid4())
    assert leasing.is_held(run.pk)
    assert not leasing.take_run(run.pk, uuid.uuid4())
    drain(run.pk)
    assert run.items.pending().count() == 12
    Run.objects.filter(pk=run.pk).update(drained_until=timezone.now() - timedelta(seconds=1))
    drain(run.pk)
    assert progress_of(run).status == RunStatus.DONE


def test_items_of_a_worker_that_is_gone_are_taken_when_their_lease_ends(
    dialogues: list[Dialogue], start: Callable[..., Run]
) -> None:
    run = start()
    gone = lease(run, 5)
    drain(run.pk)
    run.refresh_from_db()
    assert (run.status, run.items.pending().count()) == (RunStatus.RUNNING, 5)
    past = timezone.now() - timedelta(seconds=1)
    run.items.filter(pk__in=[item.pk for item in gone]).update(leased_until=past)
    drain(run.pk)
    assert progress_of(run).status == RunStatus.DONE


def test_two_workers_never_hold_the_same_item(
    dialogues: list[Dialogue], start: Callable[..., Run]
) -> None:
    run = start()
    first, second = lease(run, 8), lease(run, 8)
    assert len({item.pk for item in [*first, *second]}) == 12


def test_an_outcome_that_is_there_is_not_replaced(
    dialogues: list[Dialogue], start: Callable[..., Run]
) -> None:
    run = start(limit=1)
    [item] = lease(run, 1)
    drain_elsewhere = timezone.now() - timedelta(seconds=1)
    run.items.update(leased_until=drain_elsewhere)
    drain(run.pk)
    before = item.dialogue.candidates.count()
    settle(work_of(run), [Outcome(item, failure="came too late")])
    assert run.items.get().state == ItemState.DONE
    assert item.dialogue.candidates.count() == before


def test_a_budget_is_never_passed(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = start(budget=Decimal("0.004"))
    drain(run.pk)
    progress = progress_of(run)
    run.refresh_from_db()
    assert progress.status == RunStatus.PAUSED
    assert 0 < progress.calls < 12
    assert progress.cost_usd is not None
    assert progress.cost_usd == progress.calls * Decimal("0.00029")
    assert progress.cost_usd <= Decimal("0.004")
    assert "could pass the budget of $0.004" in run.note


def test_a_budget_needs_prices(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(prices=None)
    with pytest.raises(Invalid, match="prices of endpoint “remote” are unknown"):
        lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"], budget=Decimal(1))


def test_the_offline_machines_keep_any_budget(dataset: Dataset, dialogues: list[Dialogue]) -> None:
    run = lifecycle.start(dataset=dataset, kind="rewrite", budget=Decimal(0))
    drain(run.pk)
    assert progress_of(run).cost_usd == 0


def test_many_failures_in_a_row_pause_the_run_and_say_why(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draining, "FAILURES_IN_A_ROW", 3)
    model_server.always = Fault.answers(401)
    run = start()
    drain(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.PAUSED
    assert "3 items failed one after the other" in run.note
    assert "401" in run.note
    assert not leasing.is_held(run.pk)


def test_a_paused_run_goes_on_where_it_rested(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draining, "FAILURES_IN_A_ROW", 3)
    model_server.always = Fault.answers(401)
    run = start()
    drain(run.pk)
    failed = progress_of(run).failed
    model_server.always = None
    lifecycle.resume(run=run)
    drain(run.pk)
    progress = progress_of(run)
    assert (progress.status, progress.done) == (RunStatus.DONE, 12 - failed)


def test_a_stopped_run_is_drained_by_nobody_until_it_is_resumed(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = start()
    lifecycle.stop(run=run)
    drain(run.pk)
    assert not model_server.completions
    with pytest.raises(Conflict):
        lifecycle.stop(run=run)
    lifecycle.resume(run=run)
    drain(run.pk)
    assert progress_of(run).done == 12
    with pytest.raises(Conflict):
        lifecycle.resume(run=run)


def test_whoever_has_enough_gives_back_what_is_not_done(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    enough = threading.Event()
    run = start()
    drain(run.pk, watch=enough.set, enough=enough)
    progress = progress_of(run)
    assert 0 < progress.done < 12
    assert not leasing.is_held(run.pk)


def test_an_item_that_breaks_a_rule_fails_alone(
    dataset: Dataset, dialogues: list[Dialogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    Dialogue.objects.filter(pk=dialogues[3].pk).update(turns=[{"role": "user"}])
    run = lifecycle.start(dataset=dataset, kind="rewrite")
    drain(run.pk)
    progress = progress_of(run)
    assert (progress.status, progress.done, progress.failed) == (RunStatus.DONE, 11, 1)


def test_a_check_run_checks_what_awaits_it(dataset: Dataset, make_dialogue: Make) -> None:
    dialogue = make_dialogue()
    chosen = dialogue.candidates.first()
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED, approved_candidate=chosen, approval="accepted"
    )
    run = lifecycle.start(dataset=dataset, kind="check")
    assert run.items.pending().count() == 1
    drain(run.pk)
    dialogue.refresh_from_db()
    assert dialogue.check_outcome in CheckOutcome.values
    again = lifecycle.start(dataset=dataset, kind="check")
    assert (again.status, progress_of(again).done) == (RunStatus.DONE, 1)
