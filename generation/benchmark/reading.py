"""What a benchmark run found, as arrays: one value for each of its dialogues."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.benchmark.forms import Form
from generation.benchmark.planning import forms_of
from generation.measures import metrics
from generation.measures.metrics import TOP, Placed
from generation.measures.statistics import Clustered, connected
from generation.models import BenchmarkDialogue, BenchmarkScore, BenchmarkText, ImageLikeness, Run
from review.agreement.estimates import Floats

# Grades of a target, and of another image that fits.
TARGET, OTHER = 2.0, 1.0
# From 1 to 1,000, a logarithmic grid.
CURVE_AT = [int(k) for k in np.unique(np.geomspace(1, 1000, 40).round())]


@dataclass
class Column:
    """One retriever by one form. Arrays have an entry for each dialogue of the run, NaN (or
    False) where it has no rank; `reasons` and `partly` are by the number of the dialogue.

    `values` are metrics by name, `rank` and `reciprocal` of the first target found. `partly`
    counts targets that have no rank where another has one.
    """

    retriever: str
    form: Form
    scored: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    values: dict[str, Floats]
    above: Floats
    tied: Floats
    graded: dict[str, Floats]
    # Mean recall at each of CURVE_AT, over the dialogues that have a rank.
    curve: list[float]
    reasons: dict[int, str] = field(default_factory=dict)
    partly: dict[int, int] = field(default_factory=dict)

    @property
    def rank(self) -> Floats:
        return self.values["rank"]

    @property
    def reciprocal(self) -> Floats:
        return self.values["MRR"]

    @property
    def ranked(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.rank)


class Results:
    """The rows of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.forms = forms_of(run)
        self.retrievers: list[str] = [entry["name"] for entry in run.parameters["retrievers"]]
        rows = BenchmarkDialogue.objects.filter(run=run).select_related("dialogue").order_by("pk")
        self.subjects: list[BenchmarkDialogue] = list(
            rows.defer("dialogue__turns", "dialogue__metadata")
        )
        self._number = {one.dialogue_id: n for n, one in enumerate(self.subjects)}

    @cached_property
    def cells(self) -> dict[tuple[str, str], Column]:
        """Every retriever by every form, also where it has no row."""
        return {
            (retriever, form.name): self._column(retriever, form)
            for retriever in self.retrievers
            for form in self.forms
        }

    @cached_property
    def columns(self) -> dict[tuple[str, str], Column]:
        """Those of `cells` with at least one row."""
        return {key: column for key, column in self.cells.items() if column.scored.any()}

    def of(self, retriever: str) -> list[Column]:
        return [column for (name, _), column in self.columns.items() if name == retriever]

    @cached_property
    def clustered(self) -> Clustered:
        return Clustered(connected(len(self.subjects), self._links()))

    @cached_property
    def texts(self) -> dict[str, NDArray[np.bool_]]:
        """Which dialogues have a text, by form."""
        found: dict[str, NDArray[np.bool_]] = defaultdict(
            lambda: np.zeros(len(self.subjects), bool)
        )
        rows = BenchmarkText.objects.filter(run=self.run).values_list("dialogue_id", "form")
        for key, form in rows.iterator(chunk_size=10_000):
            found[form][self._number[key]] = True
        return found

    def _column(self, retriever: str, form: Form) -> Column:
        count = len(self.subjects)
        entries = _Entries(self.subjects)
        scored, cut = np.zeros(count, bool), np.zeros(count, bool)
        reasons: dict[int, str] = {}
        rows = BenchmarkScore.objects.filter(run=self.run, retriever=retriever, form=form.name)
        wanted = ("dialogue_id", "ranks", "cut", "unranked_reason", "corpus_size")
        for key, ranks, was_cut, reason, size in rows.values_list(*wanted):
            number = self._number[key]
            scored[number], cut[number] = True, was_cut
            if reason:
                reasons[number] = reason
            else:
                entries.add(number, ranks, size)
        placed = entries.placed()
        return Column(
            retriever=retriever,
            form=form,
            scored=scored,
            cut=cut,
            values={name: entries.spread(found) for name, found in _measured(placed).items()},
            above=entries.spread(placed.best()[0]),
            tied=entries.spread(placed.best()[1]),
            graded=entries.graded(),
            curve=[float(placed.recall(k).mean()) for k in CURVE_AT] if entries.numbers else [],
            reasons=reasons,
            partly=entries.partly,
        )

    def _links(self) -> Iterator[tuple[int, str]]:
        """What makes dialogues hang together, see `statistics.connected`."""
        by_target: dict[str, list[int]] = defaultdict(list)
        for number, subject in enumerate(self.subjects):
            if subject.facts["conversation"]:
                yield number, f"conversation/{subject.facts['conversation']}"
            for target in subject.targets:
                yield number, f"image/{target}"
                by_target[target].append(number)
        for first, second in self._alike(by_target.keys()):
            for number in by_target[first] + by_target[second]:
                yield number, f"alike/{first}/{second}"
        yield from _begun_alike([subject.turns for subject in self.subjects])

    def _alike(self, targets: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Near-duplicates among the targets."""
        known = set(targets)
        rows = ImageLikeness.objects.filter(dataset=self.run.dataset_id)
        pairs = rows.values_list("first", "second").iterator(chunk_size=10_000)
        return ((a, b) for a, b in pairs if a in known and b in known)


def _begun_alike(turns: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """A dialogue that another goes on from is of the same conversation. One turn alone, such as a
    greeting, says nothing."""
    whole = {tuple(texts): f"turns/{n}" for n, texts in enumerate(turns) if len(texts) > 1}
    for number, texts in enumerate(turns):
        for count in range(2, len(texts) + 1):
            if begun := whole.get(tuple(texts[:count])):
                yield number, begun


class _Entries:
    """Ranks of relevant images while they are gathered."""

    def __init__(self, subjects: Sequence[BenchmarkDialogue]) -> None:
        self._subjects = subjects
        self.numbers: list[int] = []
        self._relevant: list[int] = []
        self._query: list[int] = []
        self._above: list[int] = []
        self._tied: list[int] = []
        # Of the same, for dialogues of which people judged other images: (query, s, e, grade),
        # a grade of 0 for an image that does not fit; and how many images were ranked.
        self._judged: list[tuple[int, int, int, float]] = []
        self._sizes: list[int] = []
        self.partly: dict[int, int] = {}

    def add(self, number: int, ranks: dict[str, list[int]], corpus_size: int) -> None:
        """The ranks of one dialogue, at least one target's among them."""
        subject = self._subjects[number]
        targets = [target for target in subject.targets if target not in subject.shown]
        query = len(self.numbers)
        found = [ranks[target] for target in targets if target in ranks]
        for rank, tied in found:
            self._query.append(query)
            self._above.append(rank - 1)
            self._tied.append(tied)
        self.numbers.append(number)
        self._relevant.append(len(targets))
        self._sizes.append(corpus_size)
        if len(found) < len(targets):
            self.partly[number] = len(targets) - len(found)
        if subject.others:
            self._judged += [(query, rank - 1, tied, TARGET) for rank, tied in found]
            self._judged += [
                (query, ranks[image][0] - 1, ranks[image][1], OTHER if fits else 0.0)
                for image, fits in subject.others.items()
                if image in ranks
            ]

    def placed(self) -> Placed:
        whole = (self._query, self._above, self._tied, self._relevant)
        return Placed(*(np.array(numbers, np.int64) for numbers in whole))

    def graded(self) -> dict[str, Floats]:
        """nDCG with the grades, and the share of the best that was judged, where others were."""
        if not self._judged:
            nothing = np.full(len(self._subjects), np.nan)
            return {"nDCG@10": nothing, "judged@10": nothing}
        query, above, tied, grade = np.array(self._judged).T
        placed = Placed(query.astype(int), above.astype(int), tied.astype(int), self._count())
        ideal = np.array([self._ideal(number) for number in self.numbers])
        judged = np.bincount(
            placed.query, metrics.share_within(placed.above, placed.tied, TOP), len(ideal)
        ) / np.minimum(TOP, self._sizes)
        asked = np.isin(np.arange(len(ideal)), placed.query)
        ndcg = placed.ndcg(TOP, grade, ideal)
        return {
            "nDCG@10": self.spread(np.where(asked, ndcg, np.nan)),
            "judged@10": self.spread(np.where(asked, judged, np.nan)),
        }

    def spread(self, values: NDArray[Any]) -> Floats:
        """Values of the dialogues that have a rank, over all dialogues."""
        found = np.full(len(self._subjects), np.nan)
        found[self.numbers] = values
        return found

    def _count(self) -> NDArray[np.int64]:
        return np.array(self._relevant, np.int64)

    def _ideal(self, number: int) -> float:
        """The best DCG there could be: targets first, then all others that fit."""
        subject = self._subjects[number]
        shown = set(subject.shown)
        targets = len(set(subject.targets) - shown)
        fitting = sum(fits for image, fits in subject.others.items() if image not in shown)
        ends = metrics.discounts(np.minimum([targets, targets + fitting], TOP))
        return float(TARGET * ends[0] + OTHER * (ends[1] - ends[0]))


def _measured(placed: Placed) -> dict[str, Floats]:
    return {
        **{f"R@{k}": placed.recall(k) for k in (1, 5, 10, 50)},
        "MRR@10": placed.reciprocal(TOP),
        "MRR": placed.reciprocal(),
        "nDCG@10": placed.ndcg(TOP),
        "AP@10": placed.average_precision(TOP),
        "rank": placed.rank(),
    }
