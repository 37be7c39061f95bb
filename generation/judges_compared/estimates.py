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
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < (1 - MOST_UNDEFINED) * len(drawn):
        return replace(found, words="no interval: too few cases of one kind")
    low, high = _bca(value, defined, statistic(tables.sum(axis=0) - tables))
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


def _bca(value: float, drawn: Floats, without_one: Floats) -> tuple[float, float]:
    below = (np.sum(drawn < value) + np.sum(drawn == value) / 2) / len(drawn)
    edge = 1 / (2 * len(drawn))
    bias = NORMAL.inv_cdf(float(np.clip(below, edge, 1 - edge)))
    skew = _acceleration(without_one[~np.isnan(without_one)])
    places = [_corrected(bias, skew, tail) for tail in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)]
    low, high = np.quantile(drawn, places)
    return float(low), float(high)


def _acceleration(without_one: Floats) -> float:
    """By the jackknife, which leaves out one group at a time."""
    apart = without_one.mean() - without_one if len(without_one) else np.zeros(1)
    squares = float(np.sum(apart**2))
    return float(np.sum(apart**3)) / (6 * squares**1.5) if squares > 0 else 0.0


def _corrected(bias: float, skew: float, tail: float) -> float:
    z = bias + NORMAL.inv_cdf(tail)
    return NORMAL.cdf(bias + z / (1 - skew * z))


def share(hit: NDArray[Any], dialogue: NDArray[Any]) -> Estimate:
    """A share with Wilson's interval at the effective number of observations.

    Wilson, Probable Inference, 1927; with p (1 - p) / v for n where observations hang together,
    v the variance of the share over dialogues: Dean and Pagano, Evaluating Confidence Interval
    Methods for Binomial Proportions in Clustered Surveys, 2015.
    """
    n = len(hit)
    if not n:
        return undefined("none yet")
    clusters = Clusters(dialogue)
    p = float(np.mean(hit))
    low, high = wilson(p, _effective(hit, p, clusters))
    return Estimate(p, low, high, n, clusters.dialogues)


def wilson(p: float, n: float) -> tuple[float, float]:
    """The bounds of Wilson's interval for a share of n observations."""
    z = NORMAL.inv_cdf((1 + LEVEL) / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _effective(hit: NDArray[Any], p: float, clusters: Clusters) -> float:
    """How many independent observations these are worth; where all are alike, each dialogue one."""
    groups, n = clusters.groups, len(hit)
    if p in (0.0, 1.0) or groups < 2:
        return clusters.dialogues
    apart = clusters.tables(np.zeros(n, int), 1, hit - p)
    variance = groups / (groups - 1) * float(np.sum(apart**2)) / n**2
    return min(n, p * (1 - p) / variance) if variance > 0 else n
