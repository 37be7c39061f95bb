"""What a benchmark run showed: the form of `BenchmarkReport.data`, for pages, files and commands.

Numbers are null where nothing could be measured. Rates lie between 0 and 1. Several figures are
kept by retriever and then by form, in the order of `retrievers` and `forms`; a form that a
retriever has no row of is missing there.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

# Grows when the stored form changes; a report of another form is reckoned again.
FORM = 1

# In the order in which tables show them. The expected rank under ties, so it may end in a half.
RECALLS = ("R@1", "R@5", "R@10", "R@50")
RATES = (*RECALLS, "MRR@10", "MRR", "nDCG@10", "AP@10")
RANKS = ("mean_rank", "median_rank")
METRICS = (*RATES, *RANKS)

Interval = list[float]


@dataclass(frozen=True)
class CorpusLine:
    """The frozen corpus: its version, and how many images it had."""

    version: int
    images: int


@dataclass(frozen=True)
class RetrieverLine:
    """`chosen` are forms whose texts were chosen with this very retriever before the reviewer's
    eyes (live search, a queue ordered by its ranks): its own row on them is no fair comparison.
    `chosen_share` says of each in how many of its dialogues."""

    name: str
    kind: str
    version: str
    hash: str
    chosen: list[str] = field(default_factory=list)
    chosen_share: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FormLine:
    """`kind` is the part of the name that stands for what it is: `final-query`, `last-turns`,
    `history`, `best`, `rewrite`, `human`, `caption`, `fusion`, `random` or `file`; `source` the
    rewriter or the file. `bound` is "upper" or "lower" for what no rewriter is measured by.
    `texts` of the dialogues have one, `missing` have none."""

    name: str
    kind: str
    source: str = ""
    bound: str = ""
    texts: int = 0
    missing: int = 0
    # Of a file: ids that are none of the run's dialogues.
    unknown: int = 0


@dataclass(frozen=True)
class Graded:
    """With the other images that people found to fit: grade 2 a target, 1 the others.

    `n` counts dialogues with at least one person's word on another image; `judged@10` is the
    share of the ten best images on which there is a word, targets included.
    """

    n: int
    ndcg: float | None
    ndcg_targets_only: float | None
    judged: float | None

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "nDCG@10": self.ndcg,
            "nDCG@10_targets_only": self.ndcg_targets_only,
            "judged@10": self.judged,
        }


@dataclass(frozen=True)
class Cell:
    """One retriever's figures by one form. `n` + `unranked` are all dialogues of the run.

    `metrics` has every name in METRICS; `ci95` those of them that have an interval, as
    [low, high]. `cut` is the share of texts that the model's limit cut. `of_all` are the rates
    where every dialogue without a rank counts as not found.
    """

    n: int
    unranked: int
    metrics: dict[str, float | None]
    ci95: dict[str, Interval]
    cut: float | None = None
    graded: Graded | None = None
    of_all: dict[str, float | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Flat: {"n", "unranked", "R@1", ..., "median_rank", "cut", "graded", "of_all", "ci95"}."""
        return {
            "n": self.n,
            "unranked": self.unranked,
            **self.metrics,
            "cut": self.cut,
            "graded": self.graded.as_json() if self.graded else None,
            "of_all": self.of_all,
            "ci95": self.ci95,
        }


@dataclass(frozen=True)
class Comparison:
    """One form against another (the final query) by one retriever, over the `n` dialogues that
    have a rank by both, on one metric.

    `difference` is the mean difference, `standardised` that in standard deviations of the paired
    differences. `p` is two-sided, by paired randomisation over clusters; `p_holm` corrected over
    all comparisons on the same metric; `significant` at 5% after that. A dialogue wins where the
    expected reciprocal rank is higher. `chosen` says that the form was chosen with the retriever.
    """

    retriever: str
    form: str
    against: str
    metric: str
    n: int
    value: float | None
    value_against: float | None
    difference: float | None
    ci95: Interval | None
    standardised: float | None
    p: float | None
    p_holm: float | None
    significant: bool
    wins: int
    ties: int
    losses: int
    chosen: bool = False


@dataclass(frozen=True)
class Curves:
    """Expected recall over k (1 to 1,000 on a logarithmic grid): `recall[retriever][form][i]` at
    `k[i]`; over the dialogues that have a rank."""

    k: list[int]
    recall: dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Changes:
    """How the target's expected rank changed against the final query, in bins by the factor
    before/after: `labels[i]` names a bin in words, from much worse to much better;
    `counts[retriever][form][i]` are dialogues."""

    labels: list[str]
    counts: dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class Gain:
    """Mean of the primary metric by a form and by the final query in one slice; the difference
    has an interval where there are at least ten clusters."""

    n: int
    value: float
    value_against: float
    difference: float
    ci95: Interval | None


@dataclass(frozen=True)
class Slice:
    """Dialogues of one kind. `by` is `turns`, `length`, `language`, `source`, `rewriter`,
    `verdict` or `stratum`; `value` names the slice; `gains[retriever][form]`."""

    by: str
    value: str
    dialogues: int
    gains: dict[str, dict[str, Gain]]


@dataclass(frozen=True)
class Extreme:
    """A dialogue whose rewrite gained or lost much against its final query, by reciprocal rank.

    `key` is the database key, `dialogue` the imported id.
    """

    key: int
    dialogue: str
    final_query: str
    rewrite: str
    targets: list[str]
    rank_before: int
    tied_before: int
    rank: int
    tied: int
    gain: float


@dataclass(frozen=True)
class Extremes:
    """The largest first, at most ten of each."""

    gains: list[Extreme]
    losses: list[Extreme]


@dataclass(frozen=True)
class ClusterLine:
    """Dialogues that hang together: by a target, its near-duplicates, or their source
    conversation. `few` is the warning that intervals from so few clusters are too narrow."""

    number: int
    largest: int
    few: bool


@dataclass(frozen=True)
class Power:
    """The smallest true difference of the primary metric that so many dialogues would show at 5%
    (two-sided) in 80% of the studies. `assumed` where its standard deviation is not measured;
    `design_effect` is how much clusters widen the variance."""

    retriever: str
    form: str
    metric: str
    dialogues: int
    clusters: int
    difference: float | None
    deviation: float
    design_effect: float
    assumed: bool


@dataclass(frozen=True)
class Gap:
    """Why so many dialogues have no figure: `retriever` and `form` "" where it is for all.

    `kind` is `unranked` (measured, and has no rank), `no-text` (the form has no text), or
    `failed` (an item of the run that failed and may be tried again).
    """

    kind: str
    retriever: str
    form: str
    reason: str
    dialogues: int
    # Some of them, by imported id.
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Deceiving:
    """What deceives among the dataset's approved dialogues, as it stood when this was reckoned:
    `deceiving.Tally` by the codes of `Trait`, and `deceiving.LeakShare` by the primary retriever.
    """

    approved: int
    checked: int
    unranked: int
    awaiting: int
    without_target: int
    traits: dict[str, int]
    leak: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """`dialogues` are all of the run; `metric` is the primary one, that of comparisons, slices
    and power. `read` cells of `cells` were read from earlier runs."""

    corpus: CorpusLine
    dialogues: int
    metric: str
    leaves_out: bool
    seed: str
    cells: int
    read: int
    retrievers: list[RetrieverLine]
    forms: list[FormLine]
    scores: dict[str, dict[str, Cell]]
    comparisons: list[Comparison]
    curves: Curves
    changes: Changes
    slices: list[Slice]
    extremes: dict[str, Extremes]
    clusters: ClusterLine
    power: list[Power]
    gaps: list[Gap]
    deceiving: Deceiving | None = None

    def scores_json(self) -> dict[str, dict[str, dict[str, Any]]]:
        return {
            retriever: {form: cell.as_json() for form, cell in cells.items()}
            for retriever, cells in self.scores.items()
        }

    def as_json(self) -> dict[str, Any]:
        return {"form": FORM, **asdict(self), "scores": self.scores_json()}


def scores_in_order(data: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The scores of a stored report by retriever and form, in their order: PostgreSQL keeps none
    of its own."""
    return {
        retriever["name"]: {
            form["name"]: data["scores"][retriever["name"]][form["name"]]
            for form in data["forms"]
            if form["name"] in data["scores"][retriever["name"]]
        }
        for retriever in data["retrievers"]
    }
