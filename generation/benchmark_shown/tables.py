"""Tables of scores: forms from top to bottom, retrievers or metrics from left to right."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from generation.benchmark.report import METRICS
from generation.benchmark_shown.names import form_name, is_rank

Data = dict[str, Any]
# Of how many of the dialogues a form must have figures to be the best of its column.
NEARLY_ALL = 0.9
Sign = Literal["better", "worse", ""]


@dataclass(frozen=True)
class Value:
    """One figure with its marks.

    `best` of its column (bounds aside), `sign` where it differs significantly from the final
    query, `chosen` where the form was chosen with this very retriever.
    """

    value: float | None
    ends: list[float] | None
    n: int
    best: bool
    sign: Sign
    chosen: bool
    metric: str


@dataclass(frozen=True)
class Row:
    """One form; None where a column has nothing of it. `cell` has all its figures, where the row
    is of one retriever."""

    form: dict[str, Any]
    name: str
    values: list[Value | None]
    cell: dict[str, Any] | None = None

    @property
    def chosen(self) -> bool:
        """Whether the form was chosen with the one retriever of the table."""
        return self.cell is not None and any(value.chosen for value in self.values if value)


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[Row]
    bounds: list[Row]
    dialogues: int

    @property
    def usual_n(self) -> int:
        """Of how many dialogues most figures are; another number is told beside its figure."""
        counts = Counter(v.n for row in self.rows for v in row.values if v and v.n)
        return counts.most_common(1)[0][0] if counts else 0

    def marks(self, name: str) -> bool:
        """Whether a mark is anywhere in the table, so that it needs to be explained."""
        rows = [*self.rows, *self.bounds]
        return any(getattr(value, name) for row in rows for value in row.values if value)

    def has_best(self) -> bool:
        return self.marks("best")

    def has_signs(self) -> bool:
        return self.marks("sign")

    def has_chosen(self) -> bool:
        return self.marks("chosen")


class Scores:
    """A report's scores, asked for by retriever, form and metric."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._forms = data["forms"]
        self._compared = {
            (one["retriever"], one["form"], one["metric"]): one for one in data["comparisons"]
        }
        self._competing = {name: _competing(data, cells) for name, cells in data["scores"].items()}
        self._chosen = {line["name"]: set(line["chosen"]) for line in data["retrievers"]}

    def by_retriever(self, metric: str) -> Table:
        """One metric: a column for each retriever."""
        retrievers = [line["name"] for line in self._data["retrievers"]]
        return self._table(retrievers, [(name, metric) for name in retrievers])

    def by_metric(self, retriever: str) -> Table:
        """One retriever: a column for each metric."""
        asked = [(retriever, metric) for metric in METRICS]
        return self._table(list(METRICS), asked, of=retriever)

    def _table(self, columns: list[str], asked: list[tuple[str, str]], of: str = "") -> Table:
        best = [self._best(retriever, metric) for retriever, metric in asked]
        rows = [
            Row(
                form,
                form_name(form),
                [
                    self._value(retriever, form["name"], metric, top)
                    for (retriever, metric), top in zip(asked, best, strict=True)
                ],
                self.cell(of, form["name"]) if of else None,
            )
            for form in self._forms
        ]
        return Table(
            columns,
            [row for row in rows if not row.form["bound"]],
            [row for row in rows if row.form["bound"]],
            self._data["dialogues"],
        )

    def cell(self, retriever: str, form: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._data["scores"].get(retriever, {}).get(form)
        return found

    def _value(self, retriever: str, form: str, metric: str, best: float | None) -> Value | None:
        cell = self.cell(retriever, form)
        if cell is None:
            return None
        value = cell.get(metric)
        return Value(
            value=value,
            ends=cell["ci95"].get(metric),
            n=cell["n"],
            best=value is not None and value == best and self._competes(retriever, form),
            sign=_sign(self._compared.get((retriever, form, metric)), is_rank(metric)),
            chosen=form in self._chosen.get(retriever, ()),
            metric=metric,
        )

    def _best(self, retriever: str, metric: str) -> float | None:
        """What is best in a column; None where there is nothing to be better than."""
        names = [one["name"] for one in self._forms if self._competes(retriever, one["name"])]
        values = _known(self.cell(retriever, name) for name in names)
        found = [cell[metric] for cell in values if cell.get(metric) is not None]
        if len(set(found)) < 2:
            return None
        return float(min(found) if is_rank(metric) else max(found))

    def _competes(self, retriever: str, form: str) -> bool:
        """Bounds do not, nor does a form with figures of far fewer dialogues than others."""
        return form in self._competing.get(retriever, ())


def _known(cells: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [cell for cell in cells if cell is not None]


def _sign(comparison: dict[str, Any] | None, less_is_better: bool) -> Sign:
    if comparison is None or not comparison["significant"] or not comparison["difference"]:
        return ""
    return "better" if (comparison["difference"] > 0) != less_is_better else "worse"


def _competing(data: Data, cells: Data) -> set[str]:
    names = {form["name"] for form in data["forms"] if not form["bound"]} & set(cells)
    most = max((cells[name]["n"] for name in names), default=0)
    return {name for name in names if cells[name]["n"] >= NEARLY_ALL * most}
