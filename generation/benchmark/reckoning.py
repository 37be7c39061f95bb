"""The report of a benchmark: wanted when its run ends or at a door, reckoned by a worker, kept."""

import time
from dataclasses import asdict
from typing import Any

from django.db.models import Exists, OuterRef

from generation import deceiving, retrievers
from generation.benchmark import figures, parts
from generation.benchmark.forms import FormKind
from generation.benchmark.reading import Results
from generation.benchmark.report import (
    FORM,
    CorpusLine,
    Deceiving,
    FormLine,
    Report,
    RetrieverLine,
)
from generation.errors import NotReady, RunEnded
from generation.models import BenchmarkReport, BenchmarkScore, Run, RunKind
from review import reports
from review.errors import Missing
from review.models import Assignment, Dataset, PlaceState, User
from review.permissions import check_can_administer

POLL_SECONDS = 0.2


def of(run: Run) -> BenchmarkReport | None:
    return BenchmarkReport.objects.filter(run=run).first()


def is_current_form(report: BenchmarkReport) -> bool:
    return bool(report.data.get("form") == FORM)


def ask(*, run: Run, by: User) -> BenchmarkReport:
    """Wants a report anew; the caller sends the task. While it is awaited nothing changes."""
    check_can_administer(by, run.dataset)
    if run.kind != RunKind.BENCHMARK:
        raise RunEnded(f"Run {run.pk} is a {run.kind} run: only a benchmark has a report.")
    return want(run.pk)


def want(run_id: int) -> BenchmarkReport:
    return reports.ask(BenchmarkReport, run_id=run_id)


def compute(run_id: int) -> None:
    """Reckons a report that is wanted, unless another worker is at it."""
    rows = BenchmarkReport.objects.filter(run=run_id).select_related("run__dataset")
    reports.compute_where_wanted(rows, lambda row: {"data": reckon(row.run).as_json()})


def awaited(run: Run) -> BenchmarkReport:
    """The report of a run that has ended: reckoned here, or by the worker that is at it."""
    compute(run.pk)
    while (found := want(run.pk) if (there := of(run)) is None else there).is_awaited():
        time.sleep(POLL_SECONDS)
        compute(run.pk)
    return found


def reckon(run: Run) -> Report:
    results = Results(run)
    lines = _retrievers(results)
    chosen = {line.name: line.chosen_share for line in lines}
    rows = BenchmarkScore.objects.filter(run=run)
    return Report(
        corpus=CorpusLine(run.parameters["corpus_version"], run.parameters["corpus_images"]),
        dialogues=len(results.subjects),
        metric=run.parameters["metric"],
        leaves_out=run.parameters["leaves_out"],
        seed=run.parameters["seed"],
        cells=rows.count(),
        read=rows.filter(Exists(_earlier())).count(),
        retrievers=lines,
        forms=[_form(results, n) for n in range(len(results.forms))],
        scores=figures.scores(results),
        comparisons=figures.comparisons(results, chosen),
        curves=figures.curves(results),
        changes=figures.changes(results),
        slices=parts.slices(results),
        extremes=parts.extremes(results),
        clusters=figures.clusters(results),
        power=figures.power(results),
        gaps=parts.gaps(results),
        deceiving=_deceiving(run.dataset),
    )


def _deceiving(dataset: Dataset) -> Deceiving:
    leak = deceiving.leak_share(dataset).as_json()
    return Deceiving(**asdict(deceiving.tally(dataset)), leak=leak)


def _earlier() -> Any:
    return BenchmarkScore.objects.filter(cell_key=OuterRef("cell_key"), run__lt=OuterRef("run"))


def _form(results: Results, n: int) -> FormLine:
    form = results.forms[n]
    count = len(results.subjects)
    has_text = form.kind not in {FormKind.LAST_TURNS, FormKind.FUSION, FormKind.RANDOM}
    texts = int(results.texts[form.name].sum()) if has_text else count
    return FormLine(
        name=form.name,
        kind=form.kind.value,
        source=form.source,
        bound=form.bound,
        texts=texts,
        missing=count - texts,
        unknown=form.unknown,
    )


def _retrievers(results: Results) -> list[RetrieverLine]:
    shares = _shares_tried(results)
    found = []
    for entry in results.run.parameters["retrievers"]:
        share = shares.get(entry["name"], 0.0)
        forms = [f.name for f in results.forms if f.kind in {FormKind.REWRITE, FormKind.FUSION}]
        chosen = forms if share else []
        found.append(
            RetrieverLine(
                name=entry["name"],
                kind=entry["kind"],
                version=entry["version"],
                hash=entry["hash"] or _hash_now(results.run, entry["name"]),
                chosen=chosen,
                chosen_share=dict.fromkeys(chosen, share),
            )
        )
    return found


def _hash_now(run: Run, name: str) -> str:
    """Of a retriever whose model nobody had loaded when the run began; "" where nobody has yet."""
    try:
        return retrievers.retriever(run.dataset, name).hash
    except (NotReady, Missing):
        return ""


def _shares_tried(results: Results) -> dict[str, float]:
    """Of how many of the dialogues a decision was made where the reviewer had tried texts with a
    retriever, as a share by its name."""
    keys = [subject.dialogue_id for subject in results.subjects]
    places = Assignment.objects.for_review().filter(state=PlaceState.DECIDED, dialogue__in=keys)
    tried: dict[str, set[int]] = {}
    for key, entries in places.exclude(tried=[]).values_list("dialogue_id", "tried"):
        for entry in entries:
            tried.setdefault(entry["retriever"], set()).add(key)
    return {name: len(dialogues) / len(keys) for name, dialogues in tried.items()}
