"""How sure a benchmark's figures are: intervals, tests and power over clusters of dialogues.

What dialogues of one cluster say hangs together, so clusters are resampled and flipped, never
dialogues (Cameron, Gelbach and Miller, Bootstrap-Based Improvements for Inference with Clustered
Errors, 2008). A value that is NaN belongs to a dialogue without a rank.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review.agreement.estimates import (
    FEWEST_DIALOGUES,
    LEVEL,
    NORMAL,
    Clusters,
    Estimate,
    Floats,
    Ints,
    estimated,
)

# Resamples of the randomisation test.
FLIPS = 10_000
# So many at once: a few megabytes of signs.
FLIPS_AT_ONCE = 500
# Differences of sums closer than this are one number, added up in two orders.
SAME = 1e-12
SIGNIFICANT = 0.05
POWER = 0.8
# Fewer clusters than this make intervals too narrow, however they are reckoned.
FEW_CLUSTERS = 30
# The standard deviation of paired differences that is taken while none is measured: that of a rate
# such as R@10 where three in ten dialogues change sides. Of a rate it is at most 1.
ASSUMED_DEVIATION = math.sqrt(0.3)

Interval = tuple[float, float]


def generator(*seeds: object) -> np.random.Generator:
    """A generator that is the same for the same seeds."""
    digest = hashlib.sha256("/".join(map(str, seeds)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8]))


def connected(members: int, links: Iterable[tuple[int, str]]) -> Ints:
    """The cluster of each of `members`, numbered from 0, where a link says that a member holds
    something: who holds the same thing, directly or through others, is in one cluster."""
    from scipy.sparse import coo_array  # noqa: PLC0415  (slow to import)
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    numbers: dict[str, int] = {}
    pairs = [(member, members + numbers.setdefault(thing, len(numbers))) for member, thing in links]
    nodes = members + len(numbers)
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs), np.int8), (ends[0], ends[1])), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    _, cluster = np.unique(labels[:members], return_inverse=True)
    return cluster.astype(np.int64)


class Clustered:
    """Values of dialogues by what clusters they are in."""

    def __init__(self, cluster: Ints) -> None:
        self.cluster = cluster
        self._clusters = Clusters(cluster)
        self.sizes = np.bincount(cluster)

    @property
    def number(self) -> int:
        return len(self.sizes)

    def mean(self, values: Floats) -> Estimate | None:
        """The mean with its BCa interval over resampled clusters; None where no value is known."""
        known = ~np.isnan(values)
        if not known.any():
            return None
        if np.ptp(values[known]) == 0 or self.clusters_of(known) < FEWEST_DIALOGUES:
            return Estimate(float(np.mean(values[known])), n=int(known.sum()))
        sums = self._clusters.tables(np.zeros(len(values), int), 1, np.where(known, values, 0.0))
        counts = self._clusters.tables(np.zeros(len(values), int), 1, known.astype(float))
        tables = np.concatenate([sums, counts], axis=1)
        return estimated(tables, _ratio, n=int(known.sum()), clusters=self._clusters)

    def median(self, values: Floats) -> tuple[float | None, Interval | None]:
        """The median, with the interval whose bounds are the values at the bounds of the share
        that lies at or below it (Woodruff, Confidence Intervals for Medians, 1952)."""
        known = ~np.isnan(values)
        present = np.sort(values[known])
        if not len(present):
            return None, None
        middle = float(np.median(present))
        if self.clusters_of(known) < FEWEST_DIALOGUES:
            return middle, None
        # Half of those at the median itself count as below: many may be there.
        below = (present < middle).mean() + (present == middle).mean() / 2
        side = (values < middle) + (values == middle) / 2
        reach = _reach() * self.error(np.where(known, side - below, np.nan))
        places = np.clip([0.5 - reach, 0.5 + reach], 0, 1) * (len(present) - 1)
        low, high = present[math.floor(places[0])], present[math.ceil(places[1])]
        return middle, (float(low), float(high))

    def error(self, values: Floats) -> float:
        """The standard error of a mean from the sums of its clusters; NaN for fewer than two."""
        known = ~np.isnan(values)
        n, clusters = int(known.sum()), self.clusters_of(known)
        if clusters < 2:
            return math.nan
        apart = np.where(known, values - np.mean(values[known]), 0.0)
        sums = np.bincount(self.cluster, apart, self.number)
        return math.sqrt(clusters / (clusters - 1) * float(np.sum(sums**2))) / n

    def design_effect(self, values: Floats) -> float:
        """How much wider the variance of the mean is than that of as many single dialogues (Kish,
        Survey Sampling, 1965); 1 where it cannot be told."""
        known = values[~np.isnan(values)]
        alone = np.std(known, ddof=1) / math.sqrt(len(known)) if len(known) > 1 else 0.0
        error = self.error(values)
        return float((error / alone) ** 2) if alone > 0 and not math.isnan(error) else 1.0

    def clusters_of(self, known: NDArray[np.bool_]) -> int:
        return len(np.unique(self.cluster[known]))

    def p_values(self, differences: Sequence[Floats], draw: np.random.Generator) -> list[float]:
        """Two-sided, by paired randomisation: under the hypothesis the two of a pair might as well
        be swapped, for all dialogues of a cluster together.

        p = (1 + hits) / (1 + B), which is never 0 (Phipson and Smyth 2010, "Permutation p-values
        should never be zero"); the test as Smucker, Allan and Carterette 2007, "A comparison of
        statistical significance tests for information retrieval evaluation".
        """
        if not differences:
            return []
        columns = [np.where(np.isnan(values), 0.0, values) for values in differences]
        sums = np.stack([np.bincount(self.cluster, one, self.number) for one in columns], axis=1)
        observed = np.abs(sums.sum(axis=0)) - SAME * np.abs(sums).sum(axis=0)
        hits = np.zeros(sums.shape[1], np.int64)
        for begin in range(0, FLIPS, FLIPS_AT_ONCE):
            rows = min(FLIPS_AT_ONCE, FLIPS - begin)
            signs = draw.integers(0, 2, (rows, self.number), np.int8) * 2.0 - 1.0
            hits += (np.abs(signs @ sums) >= observed).sum(axis=0)
        return [float(p) for p in (1 + hits) / (1 + FLIPS)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for how many there are (Holm, A Simple Sequentially Rejective Multiple Test
    Procedure, 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    times = len(p_values) - np.arange(len(p_values))
    ascending = np.maximum.accumulate(np.minimum(np.array(p_values)[order] * times, 1.0))
    corrected = np.empty(len(p_values))
    corrected[order] = ascending
    return [float(p) for p in corrected]


@dataclass(frozen=True)
class Sides:
    """Of how many dialogues the one is better than the other, by more than a margin."""

    wins: int
    ties: int
    losses: int

    @classmethod
    def of(cls, difference: Floats, margin: float) -> "Sides":
        known = difference[~np.isnan(difference)]
        wins, losses = int((known > margin).sum()), int((known < -margin).sum())
        return cls(wins, len(known) - wins - losses, losses)


def smallest_difference(
    dialogues: int, deviation: float = ASSUMED_DEVIATION, design_effect: float = 1.0
) -> float | None:
    """The smallest true difference that so many dialogues would show at 5%, two-sided, in 80% of
    studies, by the normal approximation: (z(97.5%) + z(80%)) sd sqrt(deff / n).

    `deviation` is of the paired differences. Cohen, Statistical Power Analysis for the Behavioral
    Sciences, 1988; for retrieval Webber, Moffat and Zobel 2008, "Statistical power in retrieval
    experimentation".
    """
    if dialogues < 1:
        return None
    z = _reach() + NORMAL.inv_cdf(POWER)
    return z * deviation * math.sqrt(design_effect / dialogues)


def standardised(difference: Floats) -> float | None:
    """The mean difference in standard deviations of the differences (Cohen's d of pairs)."""
    known = difference[~np.isnan(difference)]
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return float(np.mean(known)) / deviation if deviation > 0 else None


def _reach() -> float:
    return NORMAL.inv_cdf((1 + LEVEL) / 2)


def _ratio(tables: Floats) -> Floats:
    """Sum by count; NaN where a resample has no dialogue with a value."""
    nothing = np.full(len(tables), np.nan)
    return np.divide(tables[:, 0], tables[:, 1], out=nothing, where=tables[:, 1] > 0)
