"""The scores of a benchmark as a CSV file, and as a table for a paper."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from generation.benchmark.report import METRICS, scores_in_order
from generation.benchmark_shown.names import form_name, is_rank
from generation.benchmark_shown.tables import Row, Scores, Value

Data = dict[str, Any]
# Columns of the paper's table.
PRINTED = ("R@1", "R@5", "R@10", "MRR", "nDCG@10", "median_rank")
COMPARED = ("difference", "p", "p_holm", "significant", "wins", "ties", "losses")
_ESCAPES = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def csv_text(data: Data) -> str:
    """A line for each retriever and form: every metric with its interval, and how it compares
    with the final query on the primary metric. Empty where there is no number."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    bounds = [f"{metric}_{end}" for metric in METRICS for end in ("low", "high")]
    head = ["retriever", "form", "n", "unranked", *METRICS, *bounds, "cut"]
    difference = f"{data['metric']}_difference"
    named = [difference, f"{difference}_low", f"{difference}_high"]
    writer.writerow([*head, *named, *COMPARED[1:]])
    compared = {(one["retriever"], one["form"]): one for one in data["comparisons"]}
    for retriever, cells in scores_in_order(data).items():
        for form, cell in cells.items():
            ends = [cell["ci95"].get(metric) or (None, None) for metric in METRICS]
            row = [retriever, form, cell["n"], cell["unranked"]]
            row += [cell[metric] for metric in METRICS]
            row += [end for both in ends for end in both] + [cell["cut"]]
            writer.writerow([*row, *_comparison(compared.get((retriever, form)))])
    return out.getvalue()


def _comparison(one: Data | None) -> list[Any]:
    if one is None:
        return [None] * (len(COMPARED) + 2)
    low, high = one["ci95"] or (None, None)
    return [one["difference"], low, high, *(one[name] for name in COMPARED[1:])]


def latex(data: Data) -> str:
    r"""A table for `\usepackage{booktabs}`: forms by metrics, a part for each retriever."""
    return "".join(f"{line}\n" for line in _latex(data))


def _latex(data: Data) -> Iterator[str]:
    yield "% Needs \\usepackage{booktabs}"
    yield "\\begin{table}"
    yield "  \\centering"
    yield f"  \\begin{{tabular}}{{l{'r' * len(PRINTED)}}}"
    yield "    \\toprule"
    yield f"    Form & {' & '.join(_escaped(_head(metric)) for metric in PRINTED)} \\\\"
    for line in data["retrievers"]:
        table = Scores(data).by_metric(line["name"])
        yield "    \\midrule"
        name = f"\\emph{{{_escaped(line['name'])}}}"
        yield f"    \\multicolumn{{{len(PRINTED) + 1}}}{{l}}{{{name}}} \\\\"
        for row in [*table.rows, *table.bounds]:
            yield f"    {_row(row, line['chosen'], table.usual_n)} \\\\"
    yield "    \\bottomrule"
    yield "  \\end{tabular}"
    yield f"  \\caption{{{_caption(data)}}}"
    yield "\\end{table}"


def _row(row: Row, chosen: list[str], usual_n: int) -> str:
    mark = r"$^{\ddagger}$" if row.form["name"] in chosen else ""
    n = row.cell["n"] if row.cell else 0
    of = "" if n == usual_n else f" ($n = {n}$)"
    name = _escaped(form_name(row.form)) + mark + of
    values = {value.metric: value for value in row.values if value is not None}
    return " & ".join([name, *(_value(values.get(metric)) for metric in PRINTED)])


def _value(value: Value | None) -> str:
    if value is None or value.value is None:
        return "--"
    figure = f"{value.value:.1f}" if is_rank(value.metric) else f"{value.value:.3f}"
    mark = r"$^{\dagger}$" if value.sign else ""
    return (rf"\textbf{{{figure}}}" if value.best else figure) + mark


def _caption(data: Data) -> str:
    words = [
        f"{data['dialogues']:,} dialogues, {data['corpus']['images']:,} images. The best of each",
        "column in bold (bounds aside).",
        rf"$^{{\dagger}}$ differs from the final query on {_escaped(data['metric'])}",
        "(paired randomisation over clusters, Holm, 5\\%).",
    ]
    if _numbers_differ(data):
        words.append("$n$ where figures are of another number of dialogues than the others.")
    if any(line["chosen"] for line in data["retrievers"]):
        words.append(r"$^{\ddagger}$ chosen with this very retriever at hand.")
    return " ".join(words)


def _numbers_differ(data: Data) -> bool:
    cells = scores_in_order(data).values()
    return any(len({cell["n"] for cell in forms.values()}) > 1 for forms in cells)


def _head(metric: str) -> str:
    return {"median_rank": "Median rank"}.get(metric, metric)


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)
