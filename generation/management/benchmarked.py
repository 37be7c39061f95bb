"""What a benchmark showed, as commands tell it."""

from collections.abc import Iterator
from typing import Any

from generation.benchmark import reckoning
from generation.benchmark.forms import FormKind
from generation.benchmark.planning import forms_of
from generation.benchmark.report import scores_in_order
from generation.benchmark.searched import by_retriever
from generation.models import BenchmarkText, Run, RunKind, RunStatus
from review.amounts import counted

Data = dict[str, Any]


def report_of(run: Run) -> Data | None:
    """That of a benchmark that is done; reckoned here where no worker does."""
    if run.kind != RunKind.BENCHMARK or run.status != RunStatus.DONE:
        return None
    return reckoning.awaited(run).data


def figures(run: Run, report: Data | None) -> Data:
    """What `--json` adds to the line of a benchmark: null until it is done."""
    if run.kind != RunKind.BENCHMARK:
        return {}
    if report is None:
        return {"scores": None, "comparisons": None}
    return {
        "scores": scores_in_order(report),
        "comparisons": report["comparisons"],
        "retrievers": {one.retriever: one.as_json() for one in by_retriever(run)},
    }


def scores_in_words(report: Data) -> Iterator[str]:
    """The primary metric and the mean reciprocal rank of each form, then what has no figure."""
    metric = report["metric"]
    for retriever, cells in scores_in_order(report).items():
        yield f"  {retriever}"
        for form, cell in cells.items():
            if cell["n"]:
                values = f"{metric} {cell[metric]:.3f}  MRR {cell['MRR']:.3f}"
                yield f"    {form:24} {values}  of {cell['n']:,}, {cell['unranked']:,} without"
            else:
                yield f"    {form:24} no dialogue has a rank"
    for gap in report["gaps"]:
        where = " ".join(filter(None, [gap["retriever"], gap["form"]]))
        yield f"  {counted(gap['dialogues'], 'dialogue')} without figures: {where}: {gap['reason']}"


def begun_in_words(run: Run) -> Iterator[str]:
    """What a benchmark begins with, where that may be a mistake: nothing to score, and what became
    of the ids in files of rewrites."""
    if run.kind != RunKind.BENCHMARK:
        return
    if not run.items.exists():
        yield "No dialogue of these is approved and has a target: there is nothing to score."
    for form in (form for form in forms_of(run) if form.kind == FormKind.FILE):
        texts = BenchmarkText.objects.filter(run=run, form=form.name).count()
        yield (
            f"{form.name}: {texts:,} rewrites; {run.items.count() - texts:,} dialogues of the run "
            f"have none there, {form.unknown:,} ids of the file are no dialogue of the run."
        )
