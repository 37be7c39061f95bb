"""What ranks are worth, where each order of the tied is as likely as any other.

McSherry and Najork 2008, "Computing information retrieval performance measures efficiently in the
presence of tied scores": of e images with an equal score and s strictly above them, each is at any
of the ranks s+1 to s+e with probability 1/e. Values are exact expectations of what `trec_eval`
computes for one order. Arrays have one entry for each query unless they say otherwise.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review.agreement.estimates import Floats, Ints

TOP = 10


@dataclass(frozen=True)
class Placed:
    """The relevant images that were ranked, one entry each: `query` is the number of its query,
    `above` and `tied` are s and e. `relevant` counts for each query all images that are relevant,
    those that could not be ranked too. Each query has at least one that is ranked."""

    query: Ints
    above: Ints
    tied: Ints
    relevant: Ints

    def recall(self, k: int) -> Floats:
        """E of the share of relevant images among the k best."""
        return self._added(share_within(self.above, self.tied, k)) / self.relevant

    def reciprocal(self, most: int | None = None) -> Floats:
        """E of 1 / rank of the first relevant image; 0 for ranks beyond `most`."""
        first = self._groups.first
        groups = self._groups
        above, tied = groups.above[first], groups.tied[first]
        return reciprocal_of_first(above, tied, groups.count[first], most)

    def rank(self) -> Floats:
        """E of the rank of the first relevant image: s + (e + 1) / (r + 1) with r of them tied."""
        groups = self._groups
        first = groups.first
        among = (groups.tied[first] + 1) / (groups.count[first] + 1)
        return np.asarray(groups.above[first] + among, np.float64)

    def best(self) -> tuple[Ints, Ints]:
        """s and e of the first relevant image."""
        groups = self._groups
        return groups.above[groups.first], groups.tied[groups.first]

    def average_precision(self, k: int) -> Floats:
        """E of the mean, over relevant images, of the precision at those among the k best.

        With n relevant images above a group of e tied, r of them relevant, the one at place j of
        the group has n + 1 + (j - 1) (r - 1) / (e - 1) relevant ones up to it.
        """
        groups = self._groups
        s, e, r = groups.above, groups.tied, groups.count
        m = np.clip(k - s, 0, e)
        among = np.divide(r - 1, e - 1, out=np.zeros(len(s)), where=e > 1)
        inverse = _harmonic(s + m) - _harmonic(s)
        found = r / e * ((groups.before + 1) * inverse + among * (m - (s + 1) * inverse))
        return np.bincount(groups.query, found, len(self.relevant)) / self.relevant

    def ndcg(self, k: int, gain: Floats | None = None, ideal: Floats | None = None) -> Floats:
        """E of DCG among the k best over the best there could be (Jarvelin and Kekalainen 2002).

        `gain` is of each image that was ranked, `ideal` the best DCG of each query; without them
        every relevant image is worth 1.
        """
        worth = discount_within(self.above, self.tied, k)
        best = discounts(np.minimum(self.relevant, k)) if ideal is None else ideal
        return self._added(worth if gain is None else worth * gain) / best

    def _added(self, values: Floats) -> Floats:
        return np.bincount(self.query, values, len(self.relevant)).astype(np.float64)

    @cached_property
    def _groups(self) -> "_Groups":
        return _Groups.of(self)


@dataclass(frozen=True)
class _Groups:
    """Relevant images of one query that share a score, as one entry: `count` of them, with
    `before` relevant ones above; `first` are the entries of the best group of each query."""

    query: Ints
    above: Ints
    tied: Ints
    count: Ints
    before: Ints
    first: Ints

    @classmethod
    def of(cls, placed: Placed) -> "_Groups":
        order = np.lexsort((placed.above, placed.query))
        query, above, tied = placed.query[order], placed.above[order], placed.tied[order]
        fresh = np.ones(len(query), bool)
        fresh[1:] = (query[1:] != query[:-1]) | (above[1:] != above[:-1])
        begin = np.flatnonzero(fresh)
        count = np.diff(np.append(begin, len(query)))
        starts = np.flatnonzero(np.diff(query, prepend=-1))
        before = begin - starts[np.searchsorted(starts, begin, side="right") - 1]
        first = np.flatnonzero(before == 0)
        # Two that are equal to each other within the tolerance may count others differently.
        most_tied = np.maximum.reduceat(tied, begin) if len(begin) else tied
        return cls(query[begin], above[begin], most_tied, count, before, first)


def share_within(above: NDArray[Any], tied: NDArray[Any], k: int) -> Floats:
    """The probability that an image is among the k best: clip((k - s) / e, 0, 1)."""
    return np.clip((k - above) / tied, 0.0, 1.0)


def discount_within(above: NDArray[Any], tied: NDArray[Any], k: int) -> Floats:
    """E of 1 / log2(1 + rank) of an image, 0 for ranks beyond k."""
    end, begin = np.minimum(above + tied, k), np.minimum(above, k)
    return (discounts(end) - discounts(begin)) / tied


def discounts(ranks: NDArray[Any]) -> Floats:
    """The sum of 1 / log2(1 + j) over the ranks j up to each of `ranks`."""
    most = int(ranks.max(initial=0))
    table = np.cumsum(1 / np.log2(np.arange(2, most + 2)))
    return np.append(0.0, table)[ranks]


def reciprocal_of_first(
    above: NDArray[Any], tied: NDArray[Any], count: NDArray[Any], most: int | None = None
) -> Floats:
    """E of 1 / rank of the first of `count` relevant images among the `tied`."""
    end, begin = above + tied, above
    if most is not None:
        end, begin = np.minimum(end, most), np.minimum(begin, most)
    found = (_harmonic(end) - _harmonic(begin)) / tied
    several = np.flatnonzero(count > 1)
    if len(several):
        cases = np.stack([above[several], tied[several], count[several]])
        distinct, where = np.unique(cases, axis=1, return_inverse=True)
        values = [_first_of_several(int(s), int(e), int(r), most) for s, e, r in distinct.T]
        found[several] = np.array(values)[where.ravel()]
    return found


def _first_of_several(s: int, e: int, r: int, most: int | None) -> float:
    """The first of r among e tied is at place j with probability C(e - j, r - 1) / C(e, r)."""
    j = np.arange(1, e - r + 2)
    # Each of these probabilities by the one before it.
    ratio = (e - j[:-1] - r + 1) / (e - j[:-1])
    chance = r / e * np.cumprod(np.append(1.0, ratio))
    within = j + s <= (most if most is not None else e + s)
    return float(np.sum((chance / (s + j))[within]))


def _harmonic(n: NDArray[Any]) -> Floats:
    """The sum of 1/j over j up to each of `n`."""
    table = np.cumsum(1 / np.arange(1, int(n.max(initial=0)) + 1))
    return np.append(0.0, table)[n]
