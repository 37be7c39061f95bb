"""A run through the Batch API costs half, and asks for each item once."""

import hashlib
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import PIL.Image
import pytest
from django.core.files.base import ContentFile

from generation.batch_runs import (
    filling,
)
from generation.models import (
    BatchState,
    Call,
    CallOutcome,
    Endpoint,
    ItemState,
    Run,
    RunStatus,
)
from generation.runs import lifecycle
from generation.runs.draining import drain
from generation.runs.progress import progress_of
from generation.seeing import ImageSettings
from review.models import Dataset, Dialogue, Judgement, Stage
from tests.batches.working import work_off
from tests.model_server import DROPPED, OFF_SCHEMA, REFUSAL, Fault, ModelServer

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]
# Half of what the same call costs live: 80 x 1 + 20 x 0.5 + 50 x 4 millionths.
PRICE = Decimal("0.000145")


def test_a_run_goes_in_one_batch_at_half_the_price(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    run = work_off(start())
    progress = progress_of(run)
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
    assert progress_of(run).done == 3
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
    assert progress_of(run).done == 8
    assert progress_of(run).cost_usd == 8 * PRICE
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
    assert progress_of(run).cost_usd == 6 * PRICE
    reasons = set(run.items.values_list("failure", flat=True))
    assert reasons == {"The model refused: I would rather not. (asked 3 times)"}


def test_what_is_tried_again_by_a_person_begins_anew(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    model_server.always = REFUSAL
    run = work_off(start(limit=2))
    lifecycle.retry_failed(run=run)
    model_server.always = None
    model_server.fail(REFUSAL)
    work_off(run)
    assert progress_of(run).done == 2
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
    assert progress_of(run).done == 8
    assert progress_of(run).cost_usd == 8 * PRICE
    errors = Call.objects.filter(outcome=CallOutcome.FAILED).values_list("error", flat=True)
    assert all("completion window expired. (batch_expired)" in error for error in errors)


def test_a_run_may_go_in_batches_live_and_offline_at_once(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    make_endpoint("live")
    run = work_off(start(endpoints=["remote", "live", "offline"]))
    assert progress_of(run).done == 24
    assert len(model_server.completions) == 8
    assert progress_of(run).cost_usd == 8 * PRICE + 8 * 2 * PRICE
    assert Call.objects.filter(batch=None).count() == 8


def test_a_rerun_makes_no_call(
    dialogues: list[Dialogue], start: Callable[..., Run], model_server: ModelServer
) -> None:
    work_off(start())
    again = start()
    assert (again.status, progress_of(again).done) == (RunStatus.DONE, 8)
    assert Call.objects.count() == 8


def test_batches_are_no_longer_than_servers_take(
    dialogues: list[Dialogue],
    start: Callable[..., Run],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "MOST_LINES", 3)
    run = work_off(start())
    assert [batch.lines for batch in run.batches.all()] == [3, 3, 2]
    assert progress_of(run).done == 8


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
    assert progress_of(run).done == 7
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
    run = lifecycle.start(
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
    assert progress_of(work_off(run)).done == 1


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
    assert progress_of(run).done == 8


def test_many_lines_go_out_and_come_back_whole(
    dataset: Dataset, start: Callable[..., Run], model_server: ModelServer
) -> None:
    turns = [{"role": "user", "text": "Send me that lighthouse on a cloudy day."}]
    values = {"dataset": dataset, "turns": turns, "final_query": turns[0]["text"]}
    Dialogue.objects.bulk_create(
        Dialogue(external_id=f"d-{n}", content_hash=str(n), target_images=[], **values)
        for n in range(1200)
    )
    run = work_off(start(candidates=1))
    assert progress_of(run).done == 1200
    assert progress_of(run).cost_usd == 1200 * PRICE
