"""A benchmark run: frozen when it starts, scored once per cell, complete with its gaps named."""

import json
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from generation import retrievers
from generation.benchmark import reckoning
from generation.benchmark.planning import BenchmarkOptions
from generation.benchmark_files.tables import latex
from generation.errors import NotReady
from generation.management.benchmarked import scores_in_words
from generation.models import BenchmarkDialogue, BenchmarkScore, BenchmarkText, ItemState, Run
from generation.retrievers import Queries
from generation.retrievers.bm25 import Bm25, Bm25Index
from generation.runs import draining, lifecycle
from review.errors import Invalid
from review.models import Approval, Dataset, Dialogue, Image, Relevance, Stage, User

Make = Callable[..., Dialogue]
ALL = ["final-query", "last-turns", "history", "best-writer", "rewrite", "fusion", "caption"]


def approve(dialogue: Dialogue, candidate: int = 0) -> Dialogue:
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED,
        approval=Approval.ACCEPTED,
        approved_candidate=dialogue.candidates.order_by("pk")[candidate],
        settled_at=timezone.now(),
    )
    dialogue.refresh_from_db()
    return dialogue


@pytest.fixture
def approved(make_dialogue: Make) -> list[Dialogue]:
    targets = ["lighthouse-cloudy", "lighthouse-sunny", "cabin", "lighthouse-cloudy"]
    return [
        approve(make_dialogue(f"d-{n}", target_images=[target]), n % 3)
        for n, target in enumerate(targets)
    ]


def bench(dataset: Dataset, **options: Any) -> Run:
    run = lifecycle.start(dataset=dataset, kind="benchmark", benchmark=BenchmarkOptions(**options))
    draining.drain(run.pk)
    run.refresh_from_db()
    return run


def ranks(run: Run) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    rows = BenchmarkScore.objects.filter(run=run).values_list(
        "dialogue__external_id", "form", "rank", "tied"
    )
    return {(dialogue, form): (rank, tied) for dialogue, form, rank, tied in rows}


def test_every_form_has_a_rank_and_random_is_computed(
    dataset: Dataset, approved: list[Dialogue]
) -> None:
    run = bench(dataset)
    assert run.status == "done"
    assert [form["name"] for form in run.parameters["forms"]] == [
        *["final-query", "last-turns", "history", "best-writer", "rewrite", "fusion"],
        *["caption", "random"],
    ]
    found = ranks(run)
    assert len(found) == 8 * len(approved)
    assert found["d-0", "caption"] == (1, 1)
    # The dialogue shows one of the four images, which is left out.
    assert found["d-0", "random"] == (1, 3)
    report = reckoning.awaited(run).data
    assert report["scores"]["bm25"]["random"]["R@1"] == pytest.approx(1 / 3)
    assert report["scores"]["bm25"]["random"]["mean_rank"] == 2.0


def test_what_it_froze_stays_when_the_record_goes_on(
    dataset: Dataset, approved: list[Dialogue], images: list[Image]
) -> None:
    run = lifecycle.start(dataset=dataset, kind="benchmark")
    Dialogue.objects.update(target_images=["cabin"], turns=[{"role": "user", "text": "a cabin"}])
    Image.objects.create(
        dataset=dataset, external_id="new", caption="an old lighthouse", added_version=2
    )
    Dataset.objects.update(corpus_version=2)
    draining.drain(run.pk)
    assert set(BenchmarkScore.objects.values_list("corpus_size", flat=True)) == {3}
    assert ranks(run)["d-0", "caption"] == (1, 1)


def test_a_second_run_reads_everything_and_a_change_computes_what_it_touches(
    dataset: Dataset, approved: list[Dialogue], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench(dataset)
    searched: list[int] = []
    search = Bm25Index.search

    def counted(self: Bm25Index, queries: Any, sought: Any, best: int = 0) -> Any:
        searched.append(len(queries))
        return search(self, queries, sought, best)

    monkeypatch.setattr(Bm25Index, "search", counted)
    second = bench(dataset)
    assert searched == []
    assert ranks(first) == ranks(second)
    report = reckoning.awaited(second).data
    assert report["read"] == report["cells"] == 8 * len(approved)
    Relevance.objects.create(dialogue=approved[0], image="cabin", fits=True, by=alice)
    third = bench(dataset)
    # Final query, rewrite, history and caption: others have the same texts.
    assert sum(searched) == 4
    assert BenchmarkScore.objects.get(
        run=third, dialogue=approved[0], form="rewrite"
    ).ranks.keys() == {
        "lighthouse-cloudy",
        "cabin",
    }
    assert ranks(third) == ranks(first)


def test_ranks_are_the_same_for_any_batch(
    dataset: Dataset, approved: list[Dialogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ranks(bench(dataset))
    BenchmarkScore.objects.all().delete()
    monkeypatch.setattr("generation.runs.draining.AT_NO_SERVER", 1)
    monkeypatch.setattr("generation.benchmark.ranking.AT_ONCE", 2)
    assert ranks(bench(dataset)) == whole


class Failing(Bm25):
    """Finds nothing for texts that hold a word."""

    hash = "failing"
    word = "breakwater"

    def queries(self, texts: Sequence[str]) -> Queries:
        if self.word and any(self.word in text for text in texts):
            raise NotReady("The model is away.")
        return super().queries(texts)


@pytest.fixture
def failing(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second retriever, named after what it does."""
    made = retrievers.made
    [row] = retrievers.configured(dataset)
    row.pk, row.name, row.primary = None, "failing", False
    row.save(force_insert=True)
    monkeypatch.setattr(
        retrievers, "made", lambda row: Failing(row.name) if row.name == "failing" else made(row)
    )


def test_a_retriever_that_fails_costs_the_others_nothing_and_is_tried_again(
    dataset: Dataset,
    approved: list[Dialogue],
    failing: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = bench(dataset)
    report = reckoning.awaited(run).data
    assert run.status == "done"
    assert run.items.filter(state=ItemState.FAILED).count() == 4
    assert BenchmarkScore.objects.filter(run=run, retriever="bm25").count() == 8 * 4
    assert report["scores"]["bm25"]["rewrite"]["n"] == 4
    [gap] = [gap for gap in report["gaps"] if gap["kind"] == "failed"]
    assert (gap["retriever"], gap["reason"], gap["dialogues"]) == (
        "failing",
        "The model is away.",
        4,
    )
    monkeypatch.setattr(Failing, "word", "")
    lifecycle.retry_failed(run=run)
    draining.drain(run.pk)
    assert not run.items.exclude(state=ItemState.DONE).exists()
    assert BenchmarkScore.objects.filter(run=run).count() == 2 * 8 * 4
    assert reckoning.awaited(run).data["gaps"] == []


def test_a_target_that_cannot_be_ranked_is_a_gap_with_its_reason(
    dataset: Dataset, approved: list[Dialogue], images: list[Image]
) -> None:
    Image.objects.filter(external_id="cabin").update(caption="")
    report = reckoning.awaited(bench(dataset)).data
    cell = report["scores"]["bm25"]["rewrite"]
    assert (cell["n"], cell["unranked"]) == (3, 1)
    told = {(gap["kind"], gap["form"], gap["reason"]) for gap in report["gaps"]}
    assert ("unranked", "", "Image “…” has no caption, and bm25 searches captions.") in told
    assert ("no-text", "caption", "The dialogue has no text of this form.") in told


def start(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command("start_run", "coast", "benchmark", *words, stdout=out, stderr=StringIO())
    found: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_the_command_scores_a_file_of_rewrites_beside_our_own(
    dataset: Dataset, approved: list[Dialogue], tmp_path: Path
) -> None:
    file = tmp_path / "rewrites.jsonl"
    lines = [
        {"id": "d-0", "text": "an old lighthouse under a cloudy sky"},
        {"id": "x", "text": "y"},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    found = start("--rewrites", f"gpt-x={file}", "--forms", "rewrite,best", "--wait", "--json")
    assert list(found["scores"]["bm25"]) == ["final-query", "best-writer", "gpt-x", "rewrite"]
    cell = found["scores"]["bm25"]["gpt-x"]
    assert (cell["n"], cell["unranked"], cell["R@1"]) == (1, 3, 1.0)
    assert {one["form"] for one in found["comparisons"]} == {"best-writer", "gpt-x", "rewrite"}
    form = Run.objects.get(pk=found["run"]).parameters["forms"][2]
    assert (form["name"], form["source"], form["unknown"]) == ("gpt-x", "rewrites.jsonl", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--retrievers", "clip"], "There is no retriever “clip” in coast. There are: bm25."),
        (["--forms", "human"], "There is no form “human”"),
        (["--rewrites", "best-writer=FILE"], "There is a form “best-writer” already"),
        (["--rewrites", "GPT=FILE"], "“GPT” cannot name a form"),
        (["--rewrites", "gpt=BROKEN"], "line 2: text is missing, empty, or no text"),
    ],
)
def test_what_a_benchmark_cannot_be_of_is_refused_in_a_line(
    words: list[str], said: str, dataset: Dataset, approved: list[Dialogue], tmp_path: Path
) -> None:
    (tmp_path / "FILE").write_text('{"id": "d-0", "text": "a pier"}')
    (tmp_path / "BROKEN").write_text('{"id": "d-0", "text": "a pier"}\n{"id": "d-1"}\n')
    words = [word.replace("=", f"={tmp_path}/") for word in words]
    with pytest.raises(CommandError, match=said):
        start(*words, "--json")
    assert not Run.objects.exists()


def test_other_runs_refuse_what_only_a_benchmark_takes(dataset: Dataset) -> None:
    with pytest.raises(CommandError, match="a check run takes none"):
        call_command("start_run", "coast", "check", "--retrievers", "bm25")


def test_what_has_no_figure_counts_every_dialogue_as_unranked(
    dataset: Dataset, approved: list[Dialogue], tmp_path: Path
) -> None:
    """A file of other dialogues' ids has its cell, and words for people."""
    (tmp_path / "FILE").write_text('{"id": "x", "text": "a pier"}')
    found = start("--rewrites", f"gpt={tmp_path / 'FILE'}", "--wait", "--json")
    cell = found["scores"]["bm25"]["gpt"]
    assert (cell["n"], cell["unranked"], cell["R@1"], cell["ci95"]) == (0, 4, None, {})
    report = reckoning.awaited(Run.objects.get(pk=found["run"])).data
    told = list(scores_in_words(report))
    assert "  4 dialogues without figures: gpt: The dialogue has no text of this form." in told
    assert "gpt ($n = 0$) & -- & " in latex(report)


def test_two_rewriters_that_would_be_called_the_same_are_numbered(
    dataset: Dataset, approved: list[Dialogue]
) -> None:
    approved[0].candidates.filter(text="scene on a cloudy day").update(author="Writer")
    run = lifecycle.start(dataset=dataset, kind="benchmark")
    found = [(f["name"], f["source"]) for f in run.parameters["forms"] if f["kind"] == "best"]
    assert found == [("best-writer", "Writer"), ("best-writer-2", "writer")]
    texts = BenchmarkText.objects.filter(run=run, dialogue=approved[0])
    assert texts.get(form="best-writer").text == "scene on a cloudy day"


def test_dialogues_without_a_target_are_no_part_of_it(
    dataset: Dataset, make_dialogue: Make
) -> None:
    approve(make_dialogue(target_images=[]))
    run = bench(dataset)
    assert run.status == "done"
    assert not BenchmarkDialogue.objects.exists()
    report = reckoning.awaited(run).data
    assert report["dialogues"] == 0
    with pytest.raises(Invalid, match="A benchmark run asks no endpoint"):
        lifecycle.start(dataset=dataset, kind="benchmark", endpoints=["offline"])
