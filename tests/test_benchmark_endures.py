"""A benchmark ends, complete, whatever goes wrong meanwhile, and its gaps are named."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image as Pillow

from generation.benchmark import reckoning
from generation.benchmark.ranking import Bench
from generation.benchmark.searched import by_retriever
from generation.models import (
    BenchmarkScore,
    Call,
    ConfiguredRetriever,
    Endpoint,
    ItemState,
    Run,
    RunItem,
)
from generation.retrievers import configured
from generation.retrievers.endpoint import EmbeddingsServer
from generation.runs import draining, leasing, lifecycle
from review.models import Approval, Candidate, Dataset, Dialogue, Image, Stage
from review.pictures import keep
from tests.model_server import BROKEN_BODY, Fault, ModelServer

COLOURS = ["red", "blue", "green", "yellow", "orange", "purple"]


@pytest.fixture
def pictures(dataset: Dataset, settings: Any, tmp_path: Any) -> None:
    settings.RECORD_DIR = tmp_path
    for colour in COLOURS:
        file = io.BytesIO()
        # A size of its own: what was encoded for another test is remembered.
        Pillow.new("RGB", (33, 25), colour).save(file, "PNG")
        stored = keep(file.getvalue()).name
        Image.objects.create(
            dataset=dataset, external_id=colour, caption=colour, file=stored, added_version=1
        )


@pytest.fixture
def dialogues(dataset: Dataset, pictures: None) -> list[Dialogue]:
    made = []
    for n in range(30):
        colour = COLOURS[n % len(COLOURS)]
        dialogue = Dialogue.objects.create(
            dataset=dataset,
            external_id=f"d-{n}",
            turns=[{"role": "user", "text": f"the {n}th one"}],
            final_query=f"the {n}th one",
            target_images=[colour],
            content_hash=str(n),
        )
        rewrite = Candidate.objects.create(
            dialogue=dialogue, text=f"{colour} {n}", text_key=str(n), author="writer", kind="model"
        )
        Dialogue.objects.filter(pk=dialogue.pk).update(
            stage=Stage.APPROVED,
            approval=Approval.ACCEPTED,
            approved_candidate=rewrite,
            settled_at=timezone.now(),
        )
        made.append(dialogue)
    return made


@pytest.fixture
def server(
    dataset: Dataset, make_endpoint: Callable[..., Endpoint], model_server: ModelServer
) -> ConfiguredRetriever:
    configured(dataset)
    model_server.dimensions = 32
    return ConfiguredRetriever.objects.create(
        dataset=dataset,
        name="server",
        kind="endpoint",
        endpoint=make_endpoint(dataset=dataset, jobs=["embed"], prices={"input": 1}),
        settings=EmbeddingsServer.settings({"images": "messages", "batch": 4}),
    )


def test_with_a_server_that_fails_or_refuses_and_a_picture_that_is_gone_it_ends_complete(
    dataset: Dataset,
    dialogues: list[Dialogue],
    server: ConfiguredRetriever,
    model_server: ModelServer,
) -> None:
    default_storage.delete(Image.objects.get(external_id="green").file.name)
    model_server.refuses = lambda content: (422, "no") if content.text == "red 0" else None
    model_server.failing_share = 0.2
    model_server.failing_kinds = (Fault.answers(500), Fault.rate_limited(0.02), BROKEN_BODY)
    run = lifecycle.start(dataset=dataset, kind="benchmark")
    draining.drain(run.pk)
    run.refresh_from_db()
    assert run.status == "done"
    report = reckoning.awaited(run).data
    for retriever in ("bm25", "server"):
        cells = report["scores"][retriever]
        assert {cell["n"] + cell["unranked"] for cell in cells.values()} == {30}
    assert report["scores"]["bm25"]["rewrite"]["n"] == 30
    [gone, refused] = [gap for gap in report["gaps"] if gap["kind"] == "unranked"]
    assert (gone["retriever"], gone["dialogues"]) == ("server", 5)
    assert (refused["retriever"], refused["examples"]) == ("server", ["d-0"])
    assert "cannot be searched with" in refused["reason"]
    assert report["scores"]["server"]["final-query"]["n"] == 25
    assert report["scores"]["server"]["rewrite"]["n"] == 24
    assert not [gap for gap in report["gaps"] if gap["kind"] == "failed"]
    assert Call.objects.filter(run=run).exists()


@pytest.mark.parametrize("breaks", ["its server", "its model"])
def test_a_retriever_that_cannot_search_stands_alone_and_is_all_that_is_tried_again(
    breaks: str,
    dataset: Dataset,
    dialogues: list[Dialogue],
    server: ConfiguredRetriever,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if breaks == "its server":
        model_server.refuses = lambda content: (401, "no")
    else:
        search = Bench.found

        def fails(bench: Bench, *asked: Any) -> Any:
            if bench.name == "server":
                raise RuntimeError("error 401 of its library")
            return search(bench, *asked)

        monkeypatch.setattr(Bench, "found", fails)
    run = lifecycle.start(dataset=dataset, kind="benchmark")
    draining.drain(run.pk)
    words, broken = by_retriever(run)
    assert (words.retriever, words.done, words.failed) == ("bm25", 30, 0)
    assert (broken.retriever, broken.done, broken.failed) == ("server", 0, 30)
    [failure] = broken.failures
    assert "401" in failure.reason
    done = set(BenchmarkScore.objects.filter(run=run).values_list("pk", flat=True))
    model_server.refuses = None
    monkeypatch.undo()
    lifecycle.retry_failed(run=run)
    draining.drain(run.pk)
    rows = BenchmarkScore.objects.filter(run=run)
    assert done == set(rows.filter(retriever="bm25").values_list("pk", flat=True))
    assert [(one.done, one.failed) for one in by_retriever(run)] == [(30, 0), (30, 0)]


def test_what_a_dead_worker_held_is_done_by_the_next_once(
    dataset: Dataset, dialogues: list[Dialogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lifecycle.start(dataset=dataset, kind="benchmark")
    monkeypatch.setattr("generation.runs.draining.AT_NO_SERVER", 8)
    settled: list[int] = []
    settle = draining.settle_all

    def dies(work: Any, outcomes: Any) -> None:
        settle(work, outcomes)
        settled.extend(outcome.item.pk for outcome in outcomes)
        if len(settled) > 8:
            raise RuntimeError("as if the process were gone")

    monkeypatch.setattr(draining, "settle_all", dies)
    # Nothing is given back.
    monkeypatch.setattr(leasing, "release", lambda keys: None)
    monkeypatch.setattr(leasing, "let_run_go", lambda run_id, worker: None)
    with pytest.raises(RuntimeError, match="gone"):
        draining.drain(run.pk)
    monkeypatch.undo()
    done = run.items.filter(state=ItemState.DONE).count()
    assert 0 < done < 30
    past = timezone.now() - leasing.LEASE
    Run.objects.update(drained_until=past)
    RunItem.objects.pending().update(leased_until=past)
    draining.drain(run.pk)
    run.refresh_from_db()
    assert run.status == "done"
    rows = BenchmarkScore.objects.filter(run=run, form="rewrite")
    assert rows.count() == rows.values("dialogue").distinct().count() == 30
