"""A figure with its interval, or words where there is none: never NaN, never a width of zero."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
# From tables of counts (resamples, *cells) to one value each, NaN where it is not defined.
Statistic = Callable[[Floats], Floats]

LEVEL = 0.95
RESAMPLES = 2000
# More dialogues than this are resampled in as many groups, see `Clusters`.
GROUPS = 1000
FEWEST_DIALOGUES = 10
# A resample may lack what a figure needs, such as a rejected candidate; rarely is no harm.
MOST_UNDEFINED = 0.05
# Below this two bounds are one number, reckoned in two ways.
NARROWEST = 1e-9
SEED = 20_260_329
NORMAL = NormalDist()


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval, from `n` observations in so many dialogues.

    `words` say why there is no value, or no interval beside it.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    dialogues: int = 0
    words: str = ""


def undefined(words: str, *, n: int = 0, dialogues: int = 0) -> Estimate:
    return Estimate(None, n=n, dialogues=dialogues, words=words)


class Clusters:
    """Which dialogue each observation comes from: what one dialogue gives hangs together.

    Thousands of dialogues are put into `GROUPS` groups by lot, and groups are resampled: an
    interval stays as wide on average and its width varies by 1/sqrt(2 GROUPS), about 2%, more
    (random groups: Wolter, Introduction to Variance Estimation, 2007, chapter 2).
    """

    def __init__(self, dialogue: NDArray[Any]) -> None:
        present = np.bincount(dialogue) > 0 if len(dialogue) else np.zeros(0, bool)
        number = np.cumsum(present) - 1
        self.dialogues = int(present.sum())
        self.groups = min(self.dialogues, GROUPS)
        place = np.arange(self.dialogues)
        if self.dialogues > GROUPS:
            place = np.random.default_rng(SEED).permutation(self.dialogues) % GROUPS
        self.group: Ints = place[number[dialogue]]

    def tables(self, cell: NDArray[Any], cells: int, weights: NDArray[Any] | None = None) -> Floats:
        """Counts, or sums of weights, of each group's observations by cell: (groups, cells)."""
        flat = self.group * cells + cell
        counts = np.bincount(flat, weights, minlength=self.groups * cells)
        return counts.reshape(self.groups, cells).astype(np.float64)


def estimated(tables: Floats, statistic: Statistic, *, n: int, clusters: Clusters) -> Estimate:
    """A statistic of counts (groups, *cells) with its BCa interval over resampled groups.

    The value must be defined. Bias-corrected and accelerated: Efron, Better Bootstrap Confidence
    Intervals, 1987; Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 14.3.
    """
    value = float(statistic(tables.sum(axis=0, keepdims=True))[0])
    found = Estimate(value, n=n, dialogues=clusters.dialogues)
    if clusters.dialogues < FEWEST_DIALOGUES:
        return replace(found, words=f"no interval from fewer than {FEWEST_DIALOGUES} dialogues")
    drawn = statistic(_resampled(tables))
    without_one = statistic(tables.sum(axis=0) - tables)
    return _with_interval(found, drawn, without_one, np.ones(len(tables)))


def estimated_by_kind(tables: Floats, times: Ints, statistic: Statistic, *, n: int) -> Estimate:
    """The same where dialogues are of a few kinds: a row of `tables` is what one of its kind adds,
    `times` how many there are. Resamples draw numbers of each kind, however many dialogues."""
    flat, dialogues = tables.reshape(len(tables), -1), int(times.sum())
    total = (times @ flat).reshape(1, *tables.shape[1:])
    found = Estimate(float(statistic(total)[0]), n=n, dialogues=dialogues)
    if dialogues < FEWEST_DIALOGUES:
        return replace(found, words=f"no interval from fewer than {FEWEST_DIALOGUES} dialogues")
    draw = np.random.default_rng(SEED)
    often = draw.multinomial(dialogues, times / dialogues, RESAMPLES).astype(np.float64)
    drawn = statistic((often @ flat).reshape(-1, *tables.shape[1:]))
    return _with_interval(found, drawn, statistic(total - tables), times)


def _with_interval(
    found: Estimate, drawn: Floats, without_one: Floats, times: NDArray[Any]
) -> Estimate:
    """`without_one` leaves out one group of each kind, of which there are `times` many."""
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < (1 - MOST_UNDEFINED) * len(drawn):
        return replace(found, words="no interval: too few cases of one kind")
    known = ~np.isnan(without_one)
    low, high = _bca(found.value or 0.0, defined, _skew(without_one[known], times[known]))
    if high - low < NARROWEST:
        return replace(found, words="no interval: it is the same in every dialogue")
    return replace(found, low=low, high=high)


def _resampled(tables: Floats) -> Floats:
    groups = len(tables)
    return (_draws(groups) @ tables.reshape(groups, -1)).reshape(-1, *tables.shape[1:])


@lru_cache(maxsize=2)
def _draws(groups: int) -> Floats:
    """How often each group is in each resample: (RESAMPLES, groups)."""
    draw = np.random.default_rng(SEED)
    return draw.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES).astype(np.float64)


def _bca(value: float, drawn: Floats, skew: float) -> tuple[float, float]:
    below = (np.sum(drawn < value) + np.sum(drawn == value) / 2) / len(drawn)
    edge = 1 / (2 * len(drawn))
    bias = NORMAL.inv_cdf(float(np.clip(below, edge, 1 - edge)))
    places = [_corrected(bias, skew, tail) for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)]
    low, high = np.quantile(drawn, places)
    return float(low), float(high)


def _skew(without_one: Floats, times: NDArray[Any]) -> float:
    """The acceleration, by the jackknife, which leaves out one group at a time."""
    if not len(without_one):
        return 0.0
    apart = np.average(without_one, weights=times) - without_one
    squares = float(np.sum(times * apart**2))
    return float(np.sum(times * apart**3)) / (6 * squares**1.5) if squares > 0 else 0.0


def _corrected(bias: float, skew: float, tail: float) -> float:
    z = bias + NORMAL.inv_cdf(tail)
    return NORMAL.cdf(bias + z / (1 - skew * z))


def share(
    hit: NDArray[Any], dialogue: NDArray[Any], weight: NDArray[Any] | None = None
) -> Estimate:
    """A share with Wilson's interval at the effective number of observations.

    Wilson, Probable Inference, 1927; with p (1 - p) / v for n where observations hang together,
    v the variance of the share over dialogues: Dean and Pagano, Evaluating Confidence Interval
    Methods for Binomial Proportions in Clustered Surveys, 2015.
    """
    n = len(hit)
    if not n:
        return undefined("none yet")
    clusters = Clusters(dialogue)
    weight = np.ones(n) if weight is None else weight
    p = float(np.average(hit, weights=weight))
    low, high = wilson(p, _effective(hit, p, clusters, weight))
    return Estimate(p, low, high, n, clusters.dialogues)


def share_of(hits: int, n: int) -> Estimate:
    """A share of n that do not hang together, with Wilson's interval."""
    if not n:
        return undefined("none yet")
    return Estimate(hits / n, *wilson(hits / n, n), n, n)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """One share less another, with Newcombe's interval, which combines Wilson's of both.

    Newcombe, Interval Estimation for the Difference between Independent Proportions, 1998, method
    10. Where a dialogue has observations of both it is a little too wide, never too narrow.
    """
    if one.value is None or other.value is None:
        return undefined("there is nothing to compare yet")
    apart = one.value - other.value
    low = math.hypot(one.value - (one.low or 0.0), (other.high or 0.0) - other.value)
    high = math.hypot((one.high or 0.0) - one.value, other.value - (other.low or 0.0))
    n, dialogues = one.n + other.n, one.dialogues + other.dialogues
    return Estimate(apart, apart - low, apart + high, n, dialogues)


def median_apart(one: Floats, other: Floats) -> Estimate:
    """One median less another, with an interval that asks nothing of the distributions.

    Price and Bonett, Distribution-Free Confidence Intervals for Difference and Ratio of Medians,
    2002.
    """
    if not len(one) or not len(other):
        return undefined("there is nothing to compare yet")
    n = len(one) + len(other)
    apart = float(np.median(one) - np.median(other))
    if min(len(one), len(other)) < FEWEST_DIALOGUES:
        words = f"no interval from fewer than {FEWEST_DIALOGUES} decisions of each"
        return Estimate(apart, n=n, dialogues=n, words=words)
    reach = NORMAL.inv_cdf((1 + LEVEL) / 2) * math.hypot(_spread(one), _spread(other))
    return Estimate(apart, apart - reach, apart + reach, n, n)


def median(values: Floats) -> Estimate:
    """A median with the interval that belongs to `median_apart`."""
    n = len(values)
    if not n:
        return undefined("none yet")
    middle = float(np.median(values))
    if n < FEWEST_DIALOGUES:
        words = f"no interval from fewer than {FEWEST_DIALOGUES} decisions"
        return Estimate(middle, n=n, dialogues=n, words=words)
    reach = NORMAL.inv_cdf((1 + LEVEL) / 2) * _spread(values)
    return Estimate(middle, middle - reach, middle + reach, n, n)


def _spread(values: Floats) -> float:
    """The standard error of a median, from two of the ordered values around it."""
    n = len(values)
    c = max(round((n + 1) / 2 - math.sqrt(n)), 1)
    tail = _binomial_tail(c - 1, n)
    ordered = np.sort(values)
    return float(ordered[n - c] - ordered[c - 1]) / (2 * NORMAL.inv_cdf(1 - tail))


def _binomial_tail(most: int, n: int) -> float:
    """The chance of at most so many of n tosses of a coin."""
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(most + 1)
    ]
    return math.fsum(math.exp(log - n * math.log(2)) for log in logs)


def wilson(p: float, n: float) -> tuple[float, float]:
    """The bounds of Wilson's interval for a share of n observations."""
    z = NORMAL.inv_cdf((1 + LEVEL) / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _effective(hit: NDArray[Any], p: float, clusters: Clusters, weight: NDArray[Any]) -> float:
    """How many independent observations these are worth; where all are alike, each dialogue one,
    or less by how weights differ (Kish, Survey Sampling, 1965)."""
    groups, n = clusters.groups, len(hit)
    if p in (0.0, 1.0) or groups < 2:
        return clusters.dialogues * float(weight.sum()) ** 2 / (n * float((weight**2).sum()))
    apart = clusters.tables(np.zeros(n, int), 1, weight * (hit - p))
    variance = groups / (groups - 1) * float(np.sum(apart**2)) / float(weight.sum()) ** 2
    return min(n, p * (1 - p) / variance) if variance > 0 else n
