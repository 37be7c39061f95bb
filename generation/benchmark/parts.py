"""What a benchmark shows of parts of its dialogues: slices, single dialogues, gaps."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from generation.benchmark.facts import in_order, slices_of
from generation.benchmark.figures import interval_of, pairs
from generation.benchmark.forms import FINAL_QUERY, REWRITE, WITHOUT_TEXT
from generation.benchmark.reading import Column, Results
from generation.benchmark.report import Extreme, Extremes, Gain, Gap, Slice
from generation.benchmark.searched import reasons_of
from generation.models import BenchmarkText, ItemState

MOST_EXTREMES = 10
MOST_EXAMPLES = 5
# Of a kind of slice with more values than these (sources, rewriters) only the largest are told of.
MOST_SLICES = 12
NAMED = re.compile(r"“[^”]*”")


def slices(results: Results) -> list[Slice]:
    kinds: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, subject in enumerate(results.subjects):
        for by, value in slices_of(subject, subject.dialogue.traits).items():
            kinds[by][value].append(number)
    both = pairs(results)
    found = []
    for by, values in kinds.items():
        largest = sorted(values, key=lambda value: (-len(values[value]), value))[:MOST_SLICES]
        for value in in_order(by, largest):
            mask = np.zeros(len(results.subjects), bool)
            mask[values[value]] = True
            found.append(Slice(by, value, int(mask.sum()), _gains(results, both, mask)))
    return found


def _gains(
    results: Results, both: Iterable[tuple[Column, Column]], mask: NDArray[np.bool_]
) -> dict[str, dict[str, Gain]]:
    found: dict[str, dict[str, Gain]] = {name: {} for name in results.retrievers}
    metric = results.run.parameters["metric"]
    for column, other in both:
        one, against = column.values[metric], other.values[metric]
        known = mask & ~np.isnan(one) & ~np.isnan(against)
        if not known.any():
            continue
        inside = np.where(known, one - against, np.nan)
        difference, interval = interval_of(results.clustered, inside)
        found[column.retriever][column.form.name] = Gain(
            n=int(known.sum()),
            value=float(one[known].mean()),
            value_against=float(against[known].mean()),
            difference=difference or 0.0,
            ci95=interval,
        )
    return found


def extremes(results: Results) -> dict[str, Extremes]:
    """Of the approved rewrite against the final query, by each retriever."""
    found = {}
    for retriever in results.retrievers:
        before = results.columns.get((retriever, FINAL_QUERY))
        after = results.columns.get((retriever, REWRITE))
        if before is not None and after is not None:
            found[retriever] = _extremes(results, before, after)
    return found


def _extremes(results: Results, before: Column, after: Column) -> Extremes:
    gain = after.reciprocal - before.reciprocal
    known = np.flatnonzero(~np.isnan(gain))
    order = known[np.argsort(-gain[known], kind="stable")]
    up = [int(n) for n in order[:MOST_EXTREMES] if gain[n] > 0]
    down = [int(n) for n in order[::-1][:MOST_EXTREMES] if gain[n] < 0]
    rewrites = _rewrites(results, [*up, *down])

    def told(n: int) -> Extreme:
        subject = results.subjects[n]
        return Extreme(
            key=subject.dialogue_id,
            dialogue=subject.dialogue.external_id,
            final_query=subject.turns[-1],
            rewrite=rewrites[subject.dialogue_id],
            targets=subject.targets,
            rank_before=int(before.above[n]) + 1,
            tied_before=int(before.tied[n]),
            rank=int(after.above[n]) + 1,
            tied=int(after.tied[n]),
            gain=float(gain[n]),
        )

    return Extremes([told(n) for n in up], [told(n) for n in down])


def _rewrites(results: Results, numbers: list[int]) -> dict[int, str]:
    keys = [results.subjects[n].dialogue_id for n in numbers]
    rows = BenchmarkText.objects.filter(run=results.run, form=REWRITE, dialogue__in=keys)
    return dict(rows.values_list("dialogue_id", "text"))


def gaps(results: Results) -> list[Gap]:
    """Every reason why a dialogue has no figure, the most frequent first within a kind."""
    found = [*_failed(results), *_unranked(results), *_partly(results), *_without_text(results)]
    return [gap for gap in found if gap.dialogues]


def _failed(results: Results) -> Iterator[Gap]:
    """Items that failed or are not done, by the retrievers that have no row of them."""
    rows = results.run.items.exclude(state=ItemState.DONE).values_list("dialogue_id", "failure")
    failures = dict(rows)
    numbers = {one.dialogue_id: n for n, one in enumerate(results.subjects)}
    for retriever in results.retrievers:
        columns = results.of(retriever)
        complete = np.all([c.scored | ~_wanted(results, c) for c in columns], axis=0)
        reasons: dict[str, set[int]] = defaultdict(set)
        for key, failure in failures.items():
            number = numbers[key]
            if not columns or not complete[number]:
                told = reasons_of(failure, results.retrievers).get(retriever)
                reasons[told or "It is not done yet."].add(number)
        for reason, missing in _most_frequent(reasons):
            yield _gap(results, "failed", retriever, "", reason, missing)


def _wanted(results: Results, column: Column) -> NDArray[np.bool_]:
    if column.form.kind in WITHOUT_TEXT:
        return np.ones(len(results.subjects), bool)
    return results.texts[column.form.name]


def _unranked(results: Results) -> Iterator[Gap]:
    """By retriever: a target without a caption has no rank whatever the form."""
    for retriever in results.retrievers:
        reasons: dict[str, set[int]] = defaultdict(set)
        for column in results.of(retriever):
            for number, reason in column.reasons.items():
                reasons[NAMED.sub("“…”", reason)].add(number)
        for reason, numbers in _most_frequent(reasons):
            yield _gap(results, "unranked", retriever, "", reason, numbers)


def _partly(results: Results) -> Iterator[Gap]:
    for retriever in results.retrievers:
        numbers = {n for column in results.of(retriever) for n in column.partly}
        reason = "Some of its targets have no rank; recall counts them as missed."
        yield _gap(results, "partly", retriever, "", reason, numbers)


def _without_text(results: Results) -> Iterator[Gap]:
    for form in results.forms:
        if form.kind not in WITHOUT_TEXT:
            missing = np.flatnonzero(~results.texts[form.name])
            reason = "The dialogue has no text of this form."
            yield _gap(results, "no-text", "", form.name, reason, missing)


def _most_frequent(
    reasons: dict[str, list[int]] | dict[str, set[int]],
) -> Iterator[tuple[str, list[int]]]:
    for reason in sorted(reasons, key=lambda one: (-len(reasons[one]), one)):
        yield reason, sorted(reasons[reason])


def _gap(
    results: Results, kind: str, retriever: str, form: str, reason: str, numbers: Iterable[int]
) -> Gap:
    found = sorted(int(n) for n in numbers)
    names = [results.subjects[n].dialogue.external_id for n in found[:MOST_EXAMPLES]]
    return Gap(kind, retriever, form, reason, len(found), names)
