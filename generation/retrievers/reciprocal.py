"""Reciprocal rank fusion: several rankings of the same images made one.

Cormack, Clarke and Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods": the sum of 1 / (60 + rank). Images that are tied in a ranking share the
mean of what the ranks that they hold together are worth, so that no order of ids decides.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.retrievers.ranking import TOLERANCE, Row

CONSTANT = 60
# Worths of neighbouring ranks lie 1e-10 apart at 100,000 images: so many times as far they are
# told apart by the tolerance of a tie, and the last bits of their sums still are not.
SCALE = 1e6


def worths(scores: Row, left_out: Sequence[int] = ()) -> NDArray[np.float64]:
    """What each image's rank in one ranking is worth, less those left out (worth nothing).

    Neighbours in the order of scores that are equal within the tolerance are tied.
    """
    counting = np.ones(len(scores), bool)
    counting[list(left_out)] = False
    places = np.flatnonzero(counting)
    order = places[np.argsort(-scores[places], kind="stable")]
    ordered = scores[order]
    group = np.cumsum(np.append(False, ordered[:-1] - ordered[1:] > TOLERANCE))[: len(order)]
    alone = SCALE / (CONSTANT + np.arange(1, len(order) + 1))
    shared = np.bincount(group, alone) / np.bincount(group)
    found = np.zeros(len(scores))
    found[order] = shared[group]
    return found
