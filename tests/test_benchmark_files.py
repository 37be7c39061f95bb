"""What a benchmark leaves to take away: files that other tools read and find the same in."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from generation.benchmark import reckoning
from generation.benchmark.reading import Results
from generation.benchmark_files import trec
from generation.models import Run
from generation.runs import draining, lifecycle
from review.models import Approval, Candidate, Dataset, Dialogue, Image, Relevance, Stage, User

EXACT = 1e-9
FORMS = ["final-query", "last-turns", "history", "best-writer", "rewrite", "fusion", "caption"]
WORDS = ["old", "white", "lighthouse", "pier", "cabin", "lake", "cloud", "sun", "boat", "gull"]
WORDS += ["rope", "stone", "wave", "sand", "tower"]


@pytest.fixture
def run(dataset: Dataset, alice: User) -> Run:
    """A benchmark of random dialogues over random captions: some tied, some without a rank."""
    dice = np.random.default_rng(2)

    def said(most: int) -> str:
        return " ".join(dice.choice(WORDS, size=int(dice.integers(1, most + 1))))

    Image.objects.bulk_create(
        Image(
            dataset=dataset,
            external_id=f"img {n}%",
            caption=said(12) if n % 4 else "",
            added_version=1,
        )
        for n in range(60)
    )
    for n in range(40):
        targets = [f"img {int(place)}%" for place in dice.choice(60, 1 + n % 3, replace=False)]
        text = said(3)
        dialogue = Dialogue.objects.create(
            dataset=dataset,
            external_id=f"d {n}",
            turns=[{"role": "user", "text": said(5)}, {"role": "user", "text": text}],
            final_query=text,
            target_images=targets,
            content_hash=str(n),
        )
        rewrite = Candidate.objects.create(
            dialogue=dialogue, text=said(6), text_key=str(n), author="writer", kind="model"
        )
        Dialogue.objects.filter(pk=dialogue.pk).update(
            stage=Stage.APPROVED,
            approval=Approval.ACCEPTED,
            approved_candidate=rewrite,
            settled_at=timezone.now(),
        )
    run = lifecycle.start(dataset=dataset, kind="benchmark")
    draining.drain(run.pk)
    run.refresh_from_db()
    return run


def export(run: Run, folder: Path, *words: str) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "export_benchmark",
        str(run.pk),
        str(folder),
        "--json",
        *words,
        stdout=out,
        stderr=StringIO(),
    )
    found: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_the_library_finds_in_our_files_what_we_report(run: Run, tmp_path: Path) -> None:
    import ir_measures  # noqa: PLC0415  (slow to import, and needed nowhere else)

    folder = tmp_path / "out"
    found = export(run, folder)
    assert found["files"] == [
        *["qrels.txt", "scores.csv", "table.tex", "report.html"],
        *[f"run.bm25.{form}.txt" for form in FORMS],
    ]
    qrels = list(ir_measures.read_trec_qrels(str(folder / "qrels.txt")))
    names = ["R@1", "R@5", "R@10", "R@50", "nDCG@10", "AP@10", "RR"]
    measures = [ir_measures.parse_measure(name) for name in names]
    results = Results(run)
    number = {_in_file(one.dialogue.external_id): n for n, one in enumerate(results.subjects)}
    untied = 0
    for form in FORMS:
        column = results.columns["bm25", form]
        ranking = list(ir_measures.read_trec_run(str(folder / f"run.bm25.{form}.txt")))
        assert {line.query_id for line in ranking} == {
            name for name, n in number.items() if column.ranked[n]
        }
        alone = _untied(run, form)
        for value in ir_measures.iter_calc(measures, qrels, ranking):
            if value.query_id in alone:
                ours = column.values[str(value.measure).replace("RR", "MRR")]
                assert ours[number[value.query_id]] == pytest.approx(value.value, abs=EXACT)
                untied += 1
    assert untied > 300


def _in_file(name: str) -> str:
    return name.replace(" ", "%20")


def _untied(run: Run, form: str) -> set[str]:
    """The dialogues whose ranked targets share their ranks with nobody."""
    rows = run.scores.filter(form=form, rank__isnull=False).select_related("dialogue")
    return {
        _in_file(row.dialogue.external_id)
        for row in rows
        if all(tied == 1 for _, tied in row.ranks.values())
    }


def test_of_the_tied_they_are_the_mean_over_many_orders(run: Run, tmp_path: Path) -> None:
    import ir_measures  # noqa: PLC0415  (slow to import, and needed nowhere else)

    export(run, tmp_path / "out")
    ranking = list(ir_measures.read_trec_run(str(tmp_path / "out" / "run.bm25.final-query.txt")))
    ranked = {line.query_id for line in ranking}
    qrels = ir_measures.read_trec_qrels(str(tmp_path / "out" / "qrels.txt"))
    wanted = [line for line in qrels if line.query_id in ranked]
    cell = reckoning.awaited(run).data["scores"]["bm25"]["final-query"]
    assert len(ranked) == cell["n"] < 40
    measures = [ir_measures.parse_measure(name) for name in ("R@10", "nDCG@10", "AP@10", "RR")]
    dice = np.random.default_rng(1)
    drawn = [
        ir_measures.calc_aggregate(measures, wanted, _without_ties(ranking, dice))
        for _ in range(60)
    ]
    for measure in measures:
        values = [one[measure] for one in drawn]
        reach = 5 * np.std(values) / np.sqrt(len(values)) + EXACT
        assert cell[str(measure).replace("RR", "MRR")] == pytest.approx(np.mean(values), abs=reach)


def _without_ties(ranking: list[Any], dice: np.random.Generator) -> list[Any]:
    """The same ranking, the tied in an order drawn by lot."""
    noise = dice.permutation(len(ranking))
    order = sorted(
        range(len(ranking)), key=lambda n: (ranking[n].query_id, -ranking[n].score, noise[n])
    )
    return [ranking[n]._replace(score=float(-place)) for place, n in enumerate(order)]


def test_other_images_that_fit_are_graded_below_the_target(
    run: Run, alice: User, tmp_path: Path
) -> None:
    dialogue = Dialogue.objects.get(external_id="d 0")
    Relevance.objects.create(dialogue=dialogue, image="img 1%", fits=True, by=alice)
    Relevance.objects.create(dialogue=dialogue, image="img 2%", fits=False, by=alice)
    second = lifecycle.start(dataset=run.dataset, kind="benchmark")
    draining.drain(second.pk)
    export(Run.objects.get(pk=second.pk), tmp_path / "out")
    lines = (tmp_path / "out" / "qrels.txt").read_text().splitlines()
    target = dialogue.target_images[0].replace(" ", "%20").removesuffix("%")
    assert [line for line in lines if line.startswith("d%200 ")] == [
        f"d%200 0 {target}%25 2",
        "d%200 0 img%201%25 1",
        "d%200 0 img%202%25 0",
    ]
    graded = reckoning.awaited(second).data["scores"]["bm25"]["caption"]["graded"]
    assert graded["n"] == 1
    assert graded["judged@10"] >= 0.1


def test_a_ranking_goes_down_to_the_group_of_the_target(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trec, "DEPTH", 3)
    export(run, tmp_path / "out", "--retrievers", "bm25")
    rows = [
        line.split()
        for line in (tmp_path / "out" / "run.bm25.rewrite.txt").read_text().splitlines()
    ]
    depths: dict[str, int] = {}
    for name, _, _, rank, _, _ in rows:
        depths[name] = int(rank)
    found = {
        score.dialogue.external_id.replace(" ", "%20"): max(3, score.rank + score.tied - 1)
        for score in run.scores.filter(form="rewrite", rank__isnull=False)
    }
    assert depths == found


def test_the_tables_say_what_the_report_says(run: Run, tmp_path: Path) -> None:
    export(run, tmp_path / "out")
    data = reckoning.awaited(run).data
    with (tmp_path / "out" / "scores.csv").open() as file:
        reader = csv.DictReader(file)
        rows = {row["form"]: row for row in reader}
        assert len(set(reader.fieldnames or ())) == len(reader.fieldnames or ())
    assert list(rows) == [*FORMS, "random"]
    assert float(rows["rewrite"]["R@10"]) == data["scores"]["bm25"]["rewrite"]["R@10"]
    assert rows["random"]["p_holm"] == ""
    table = (tmp_path / "out" / "table.tex").read_text()
    assert "Approved rewrite & " in table
    assert table.count(r"\textbf{") >= 6
    assert r"\bottomrule" in table


def test_what_cannot_be_exported_is_refused_in_a_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(CommandError, match="is not empty"):
        export(run, tmp_path)
    with pytest.raises(CommandError, match="has no retriever “clip”"):
        export(run, tmp_path / "out", "--retrievers", "clip")
    Run.objects.update(status="paused", finished=None)
    with pytest.raises(CommandError, match="is paused"):
        export(run, tmp_path / "out")
    Run.objects.update(kind="check")
    with pytest.raises(CommandError, match="only a benchmark"):
        export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
