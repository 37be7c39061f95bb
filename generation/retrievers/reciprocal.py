"""Reciprocal rank fusion: several rankings of the same images made one.

Cormack, Clarke and Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods": the sum of 1 / (60 + rank). Images that are tied in a ranking share the
mean of what the ranks that they hold together are worth, so that no order of ids decides.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.retrievers.ranking import TOLERANCE, Row

CONSTANT = 60
# Worths of neighbouring ranks lie 1e-10 apart at 100,000 images: so many times as far they are
# told apart by the tolerance of a tie, and the last bits of their sums still are not.
SCALE = 1e6


def worths(
    scores: Row, left_out: Sequence[int] = (), constant: int = CONSTANT
) -> NDArray[np.float64]:
    """What each image's rank in one ranking is worth, less those left out (worth nothing).

    Ranks and ties are those of `rank_of`: an image is tied with all that are equal to it within
    the tolerance, whatever these are tied with.
    """
    found = np.zeros(len(scores))
    counting = np.delete(np.arange(len(scores)), list(left_out))
    # By place in the order of scores, the lowest first: how many are lower, and how many are no
    # higher than equal.
    order = counting[np.argsort(scores[counting])]
    ordered = scores[order]
    lower = np.searchsorted(ordered, ordered - TOLERANCE, side="left")
    no_higher = np.searchsorted(ordered, ordered + TOLERANCE, side="right")
    above, tied = len(order) - no_higher, no_higher - lower
    sums = _sums(len(order), constant)
    found[order] = (sums[above + tied] - sums[above]) / tied
    return found


@lru_cache(maxsize=8)
def _sums(count: int, constant: int) -> NDArray[np.float64]:
    """What the first ranks are worth together: none, the first, the first two, and so on."""
    alone = SCALE / (constant + np.arange(1, count + 1))
    return np.concatenate([[0.0], np.cumsum(alone)])
