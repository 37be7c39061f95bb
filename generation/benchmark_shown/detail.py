"""What a report shows at a glance, and of one retriever in detail."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from generation.benchmark.report import METRICS
from generation.benchmark_shown import effects, plots
from generation.benchmark_shown.effects import FINAL_QUERY, Effect, SliceGroup
from generation.benchmark_shown.extremes import Side, extremes
from generation.benchmark_shown.names import form_name, rewrite_form
from generation.benchmark_shown.sentences import sentences
from generation.benchmark_shown.tables import Row, Scores, Table
from review.models import Dataset
from review.pages.strips import Figure, Scale


@dataclass(frozen=True)
class Overview:
    """All retrievers: the rewrite's effect by each, and every form by one metric."""

    sentences: list[str]
    form: str
    effects: list[Effect]
    scale: Scale
    metric: str
    table: Table


@dataclass(frozen=True)
class Detail:
    """One retriever. `form` is the one that slices are of, `forms` those that have slices."""

    retriever: dict[str, Any]
    effects: list[Effect]
    scale: Scale
    table: Table
    plot: plots.Plot | None
    bars: list[plots.Bar]
    labels: list[tuple[str, str]]
    form: str
    forms: list[dict[str, Any]]
    slices: list[SliceGroup]
    slice_scale: Scale
    sides: list[Side]

    @property
    def has_figures(self) -> bool:
        """False where every search with it failed; the gaps say why."""
        rows = [*self.table.rows, *self.table.bounds]
        return any(one and one.value is not None for row in rows for one in row.values)

    @property
    def graded(self) -> list[Row]:
        """The forms of which people judged further images."""
        rows = [*self.table.rows, *self.table.bounds]
        return [row for row in rows if row.cell and row.cell.get("graded")]

    @property
    def unranked(self) -> int:
        """The most dialogues that any form has no rank of."""
        rows = [*self.table.rows, *self.table.bounds]
        return max((row.cell["unranked"] for row in rows if row.cell), default=0)


def overview(data: dict[str, Any], metric: str = "") -> Overview:
    """`metric` as asked for; the report's own where it is none."""
    chosen = metric if metric in METRICS else data["metric"]
    form = rewrite_form(data["forms"])
    found = effects.of_form(data, form)
    return Overview(
        sentences(data),
        _named(data, form),
        found,
        _scale(data, (one.figure for one in found)),
        chosen,
        Scores(data).by_retriever(chosen),
    )


def detail(data: dict[str, Any], dataset: Dataset, retriever: str = "", form: str = "") -> Detail:
    """Of the first retriever, and of the rewrite, unless others are asked for."""
    lines = {line["name"]: line for line in data["retrievers"]}
    line = lines.get(retriever) or data["retrievers"][0]
    name = line["name"]
    forms = _sliced(data, name)
    chosen = form if form in {one["name"] for one in forms} else rewrite_form(forms)
    compared, sliced = effects.of_retriever(data, name), effects.slices(data, name, chosen)
    labels = data["changes"]["labels"]
    return Detail(
        retriever=line,
        effects=compared,
        scale=_scale(data, (one.figure for one in compared)),
        table=Scores(data).by_metric(name),
        plot=plots.curves(data, name),
        bars=plots.changes(data, name),
        labels=list(zip(labels, plots.tones(labels), strict=True)),
        form=chosen,
        forms=forms,
        slices=sliced,
        slice_scale=_scale(data, (row.figure for group in sliced for row in group.rows)),
        sides=extremes(data, name, dataset),
    )


def _named(data: dict[str, Any], name: str) -> str:
    return next((form_name(form) for form in data["forms"] if form["name"] == name), name)


def _sliced(data: dict[str, Any], retriever: str) -> list[dict[str, Any]]:
    names = {form for one in data["slices"] for form in one["gains"].get(retriever, {})}
    return [one for one in data["forms"] if one["name"] in names - {FINAL_QUERY}]


def _scale(data: dict[str, Any], figures: Iterable[Figure]) -> Scale:
    return effects.scale(figures, data["metric"])
