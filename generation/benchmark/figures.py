"""The figures of a benchmark over all its dialogues: scores, comparisons, curves, power."""

import numpy as np

from generation.benchmark.forms import FINAL_QUERY, REWRITE, FormKind
from generation.benchmark.reading import CURVE_AT, Column, Results
from generation.benchmark.report import (
    METRICS,
    RATES,
    Cell,
    Changes,
    ClusterLine,
    Comparison,
    Curves,
    Graded,
    Interval,
    Power,
)
from generation.measures import statistics
from generation.measures.statistics import Clustered, Sides, holm, standardised
from review.agreement.estimates import Floats

# Factors by which the expected rank got smaller, as the ends of bins; nothing between is "same".
FACTORS = (2.0, 10.0, 100.0)
CHANGES = [
    "worse by 100 times or more",
    "worse by 10 to 100 times",
    "worse by 2 to 10 times",
    "worse by less than 2 times",
    "same",
    "better by less than 2 times",
    "better by 2 to 10 times",
    "better by 10 to 100 times",
    "better by 100 times or more",
]
SAME = 4


def scores(results: Results) -> dict[str, dict[str, Cell]]:
    """Of every retriever by every form: one without any rank has no metric, and all dialogues
    unranked."""
    found: dict[str, dict[str, Cell]] = {name: {} for name in results.retrievers}
    for (retriever, form), column in results.cells.items():
        found[retriever][form] = _cell(column, results.clustered)
    return found


def compared_forms(results: Results, retriever: str) -> list[Column]:
    """What is held against the final query: every other form but the bounds, which nobody needs
    a test of."""
    return [
        column
        for column in results.of(retriever)
        if column.form.name != FINAL_QUERY and not column.form.bound
    ]


def pairs(results: Results) -> list[tuple[Column, Column]]:
    """Each such form with the final query of the same retriever."""
    return [
        (column, results.columns[retriever, FINAL_QUERY])
        for retriever in results.retrievers
        if (retriever, FINAL_QUERY) in results.columns
        for column in compared_forms(results, retriever)
    ]


def comparisons(results: Results, chosen: dict[str, dict[str, float]]) -> list[Comparison]:
    """On the primary metric; `chosen` are the shares of `RetrieverLine`."""
    run, clustered = results.run, results.clustered
    metric = run.parameters["metric"]
    both = pairs(results)
    differences = [column.values[metric] - other.values[metric] for column, other in both]
    tested = [n for n, values in enumerate(differences) if not np.isnan(values).all()]
    # Not by the run: two of the same must say the same.
    draw = statistics.generator(run.parameters["seed"], "comparisons")
    found = clustered.p_values([differences[n] for n in tested], draw)
    p_values = dict(zip(tested, zip(found, holm(found), strict=True), strict=True))
    margin = run.parameters["margin"]
    return [
        _comparison(
            column, other, metric, margin, clustered, p_values.get(n), chosen[column.retriever]
        )
        for n, (column, other) in enumerate(both)
    ]


def curves(results: Results) -> Curves:
    recall = {
        retriever: {c.form.name: c.curve for c in results.of(retriever) if c.curve}
        for retriever in results.retrievers
    }
    return Curves(CURVE_AT, recall)


def changes(results: Results) -> Changes:
    counts: dict[str, dict[str, list[int]]] = {name: {} for name in results.retrievers}
    for column, other in pairs(results):
        counts[column.retriever][column.form.name] = _binned(other.rank / column.rank)
    return Changes(CHANGES, counts)


def clusters(results: Results) -> ClusterLine:
    sizes = results.clustered.sizes
    return ClusterLine(
        number=len(sizes),
        largest=int(sizes.max(initial=0)),
        few=len(sizes) < statistics.FEW_CLUSTERS,
    )


def power(results: Results) -> list[Power]:
    """Of the approved rewrite by each retriever, from the differences that were measured."""
    metric = results.run.parameters["metric"]
    wanted = [pair for pair in pairs(results) if pair[0].form.kind == FormKind.REWRITE]
    return [
        power_of(column.retriever, metric, _difference(column, other, metric), results.clustered)
        for column, other in wanted
    ]


def power_of(retriever: str, metric: str, difference: Floats, clustered: Clustered) -> Power:
    known = difference[~np.isnan(difference)]
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    measured = deviation > 0
    used = deviation if measured else statistics.ASSUMED_DEVIATION
    effect = clustered.design_effect(difference)
    return Power(
        retriever=retriever,
        form=REWRITE,
        metric=metric,
        dialogues=len(known),
        clusters=clustered.clusters_of(~np.isnan(difference)),
        difference=statistics.smallest_difference(len(known), used, effect),
        deviation=used,
        design_effect=effect,
        assumed=not measured,
    )


def interval_of(clustered: Clustered, values: Floats) -> tuple[float | None, Interval | None]:
    """A mean and its interval."""
    found = clustered.mean(values)
    if found is None:
        return None, None
    if found.low is None or found.high is None:
        return found.value, None
    return found.value, [found.low, found.high]


def _difference(column: Column, other: Column, metric: str) -> Floats:
    return column.values[metric] - other.values[metric]


def _cell(column: Column, clustered: Clustered) -> Cell:
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    intervals: dict[str, Interval] = {}
    for name in (*RATES, "mean_rank"):
        values = column.values["rank" if name == "mean_rank" else name]
        metrics[name], interval = interval_of(clustered, values)
        intervals |= {name: interval} if interval else {}
    metrics["median_rank"], bounds = clustered.median(column.rank)
    intervals |= {"median_rank": list(bounds)} if bounds else {}
    dialogues, n = len(column.rank), int(column.ranked.sum())
    return Cell(
        n=n,
        unranked=dialogues - n,
        metrics=metrics,
        ci95=intervals,
        cut=_cut(column),
        graded=_graded(column),
        of_all={name: _of_all(column.values[name]) for name in RATES},
    )


def _cut(column: Column) -> float | None:
    if column.form.kind == FormKind.RANDOM or not column.scored.any():
        return None
    return float(column.cut[column.scored].mean())


def _of_all(values: Floats) -> float | None:
    return float(np.nansum(values)) / len(values) if len(values) else None


def _graded(column: Column) -> Graded | None:
    known = ~np.isnan(column.graded["nDCG@10"])
    if not known.any():
        return None
    return Graded(
        n=int(known.sum()),
        ndcg=float(column.graded["nDCG@10"][known].mean()),
        ndcg_targets_only=float(column.values["nDCG@10"][known].mean()),
        judged=float(column.graded["judged@10"][known].mean()),
    )


def _comparison(
    column: Column,
    other: Column,
    metric: str,
    margin: float,
    clustered: Clustered,
    tested: tuple[float, float] | None,
    chosen: dict[str, float],
) -> Comparison:
    both = ~np.isnan(column.rank) & ~np.isnan(other.rank)
    difference = _difference(column, other, metric)
    mean, interval = interval_of(clustered, difference)
    p, corrected = tested or (None, None)
    sides = Sides.of(column.reciprocal - other.reciprocal, margin)
    return Comparison(
        retriever=column.retriever,
        form=column.form.name,
        against=other.form.name,
        metric=metric,
        n=int(both.sum()),
        value=_mean(column.values[metric][both]),
        value_against=_mean(other.values[metric][both]),
        difference=mean,
        ci95=interval,
        standardised=standardised(difference),
        p=p,
        p_holm=corrected,
        significant=corrected is not None and corrected < statistics.SIGNIFICANT,
        wins=sides.wins,
        ties=sides.ties,
        losses=sides.losses,
        chosen=column.form.name in chosen,
    )


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _binned(factor: Floats) -> list[int]:
    """How many dialogues are in each bin of CHANGES."""
    known = factor[~np.isnan(factor)]
    better = np.searchsorted(FACTORS, known, side="right") + 1
    worse = -(np.searchsorted(FACTORS, 1 / known, side="right") + 1)
    step = np.where(np.isclose(known, 1), 0, np.where(known > 1, better, worse))
    return [int(count) for count in np.bincount(step + SAME, minlength=len(CHANGES))]
