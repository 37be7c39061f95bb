"""Ranks under ties, and what they are worth. Nothing here depends on the order of images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Sums differ in their last bits with the order of adding; closer scores than this are equal.
TOLERANCE = 1e-6

Row = NDArray[np.floating[Any]]


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

    def expected_recall(self, most: int) -> float:
        """E[R@k] of one target among the `most` best: clip((k - s) / e, 0, 1), with s and e as
        above."""
        return min(max((most - (self.rank - 1)) / self.tied, 0.0), 1.0)


def rank_of(scores: Row, place: int, left_out: Sequence[int] = ()) -> Rank:
    """The rank of the image at `place` among all of `scores` but those left out."""
    score = scores[place]
    above = np.count_nonzero(scores > score + TOLERANCE)
    tied = np.count_nonzero(np.abs(scores - score) <= TOLERANCE)
    hidden = scores[list(left_out)]
    above -= np.count_nonzero(hidden > score + TOLERANCE)
    tied -= np.count_nonzero(np.abs(hidden - score) <= TOLERANCE)
    return Rank(rank=int(above) + 1, tied=int(tied), score=float(score))


def best_of(scores: Row, count: int, left_out: Sequence[int] = ()) -> list[tuple[int, float]]:
    """The `count` highest of `scores` but those left out, as place and score, best first; among
    equals the earlier place first."""
    # Whatever is left out may be among the best: so many more are looked at.
    hidden = set(left_out)
    best = best_places(scores, count + len(hidden))
    return [(place, float(scores[place])) for place in best if place not in hidden][:count]


def best_places(scores: Row, count: int) -> list[int]:
    """The places of the `count` highest scores, best first; among equals the earlier first."""
    if len(scores) == 0 or count < 1:
        return []
    count = min(count, len(scores))
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    strong = np.flatnonzero(scores >= least)
    return [int(place) for place in strong[np.argsort(-scores[strong], kind="stable")][:count]]
