"""Ranks under ties, and what they are worth. Nothing here depends on the order of images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Sums differ in their last bits with the order of adding; closer scores than this are equal.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Rank:
    """`rank` is 1 + the number of images strictly above, `tied` how many share it, itself too."""

    rank: int
    tied: int
    score: float

    def expected_reciprocal(self) -> float:
        """E[RR] where each order of the tied is as likely as any other.

        With s images strictly above and e tied: (1/e) sum over j = 1..e of 1/(s+j).
        McSherry and Najork 2008, "Computing information retrieval performance measures
        efficiently in the presence of tied scores".
        """
        places = np.arange(self.rank, self.rank + self.tied)
        return float(np.mean(1.0 / places))


def rank_of(scores: NDArray[np.float64], place: int) -> Rank:
    """The rank of the image at `place` among all of `scores`, one score per image."""
    score = scores[place]
    above = np.count_nonzero(scores > score + TOLERANCE)
    tied = np.count_nonzero(np.abs(scores - score) <= TOLERANCE)
    return Rank(rank=int(above) + 1, tied=int(tied), score=float(score))


def best_places(scores: NDArray[np.float64], count: int) -> list[int]:
    """The places of the `count` highest scores, best first; among equals the earlier first."""
    if len(scores) == 0:
        return []
    count = min(count, len(scores))
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    strong = np.flatnonzero(scores >= least)
    return [int(place) for place in strong[np.argsort(-scores[strong], kind="stable")][:count]]
