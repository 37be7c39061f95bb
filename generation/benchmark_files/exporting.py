"""Writes all files of a benchmark into a directory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.benchmark import reckoning
from generation.benchmark.forms import Form, FormKind
from generation.benchmark.planning import forms_of
from generation.benchmark.ranking import Bench, Cell
from generation.benchmark_files import trec
from generation.benchmark_files.tables import csv_text, latex
from generation.benchmark_shown.standalone import standalone
from generation.errors import NotReady, RunEnded
from generation.models import BenchmarkDialogue, BenchmarkText, Run, RunKind, RunStatus
from review.errors import Invalid, Missing

# Dialogues whose texts and rankings are in hand at once.
AT_ONCE = 256


@dataclass(frozen=True)
class Exported:
    """Names of the files written; `left_out` are reasons why a ranking could not be."""

    files: list[str]
    dialogues: int
    left_out: list[str]


def export(
    run: Run,
    folder: Path,
    *,
    retrievers: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Writes qrels, rankings, tables and the report of a benchmark that is done; `tell` is told
    how far it is. Rankings are computed anew from the frozen corpus and the texts' kept vectors.

    Raises `RunEnded`, `Invalid` for a directory that holds anything, `Missing` for a retriever
    that the run has not, and `OSError`.
    """
    benches = _benches(run, retrievers)
    _check_empty(folder)
    data = reckoning.awaited(run).data
    folder.mkdir(parents=True, exist_ok=True)
    subjects = list(_subjects(run))
    files = list(_write_tables(run, folder, data, subjects))
    left_out: list[str] = []
    for bench in benches:
        try:
            files += _write_rankings(run, bench, folder, subjects, tell)
        except NotReady as error:
            left_out.append(f"{bench.name}: {error}")
    return Exported(files, len(subjects), left_out)


def _benches(run: Run, names: Sequence[str]) -> list[Bench]:
    if run.kind != RunKind.BENCHMARK:
        raise RunEnded(f"Run {run.pk} is a {run.kind} run: only a benchmark can be exported.")
    if run.status != RunStatus.DONE:
        raise RunEnded(f"Run {run.pk} is {run.status}: let it go on to its end, then export it.")
    entries = {entry["name"]: entry for entry in run.parameters["retrievers"]}
    if unknown := [name for name in names if name not in entries]:
        raise Missing(
            f"Run {run.pk} has no retriever “{unknown[0]}”. It has: {', '.join(entries)}."
        )
    return [Bench(run, entry) for name, entry in entries.items() if not names or name in names]


def _check_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"{folder} is a file: name a new or an empty directory.")
    if folder.is_dir() and any(folder.iterdir()):
        raise Invalid(f"{folder} is not empty: name a new or an empty directory.")


def _subjects(run: Run) -> Iterator[BenchmarkDialogue]:
    rows = BenchmarkDialogue.objects.filter(run=run).select_related("dialogue").order_by("pk")
    return rows.defer("dialogue__turns", "dialogue__metadata").iterator(chunk_size=2000)


def _write_tables(
    run: Run, folder: Path, data: dict[str, Any], subjects: Sequence[BenchmarkDialogue]
) -> Iterator[str]:
    with (folder / "qrels.txt").open("w", encoding="utf-8") as file:
        file.writelines(trec.qrels(subjects))
    yield "qrels.txt"
    texts = {
        "scores.csv": csv_text(data),
        "table.tex": latex(data),
        "report.html": standalone(run, data),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        yield name


def _write_rankings(
    run: Run,
    bench: Bench,
    folder: Path,
    subjects: Sequence[BenchmarkDialogue],
    tell: Callable[[str], None],
) -> Iterator[str]:
    """A file for each form; none at random, where every order is as likely."""
    for form in forms_of(run):
        if form.kind == FormKind.RANDOM:
            continue
        name = f"run.{bench.name}.{form.name}.txt"
        with (folder / name).open("w", encoding="utf-8") as file:
            for begin in range(0, len(subjects), AT_ONCE):
                cells = _cells(run, bench, form, subjects[begin : begin + AT_ONCE])
                for lines in trec.rankings(bench, cells):
                    file.writelines(lines)
                tell(f"{name}: {min(begin + AT_ONCE, len(subjects)):,} of {len(subjects):,}")
        yield name


def _cells(run: Run, bench: Bench, form: Form, subjects: Sequence[BenchmarkDialogue]) -> list[Cell]:
    texts: dict[int, dict[str, str]] = {subject.dialogue_id: {} for subject in subjects}
    rows = BenchmarkText.objects.filter(run=run, dialogue__in=texts.keys())
    for key, name, text in rows.values_list("dialogue_id", "form", "text"):
        texts[key][name] = text
    return [cell for one in subjects for cell in bench.cells(one, form, texts[one.dialogue_id])]
