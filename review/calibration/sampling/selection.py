"""With which probability each dialogue is drawn into a wave, and which ones are.

A uniform wave has exactly so many, all samples of that size alike. In an informative one each
dialogue is drawn by a lot of its own (Poisson sampling: Tillé, Sampling Algorithms, 2006, chapter
5), so that how many there are varies around what was asked for; in return every probability is
known, whatever the others are.
"""

from collections.abc import Sequence

import numpy as np

from review.agreement.estimates import Floats
from review.lots import lot
from review.models import Wave


def probabilities(size: int, even_share: float, informative: Floats) -> Floats:
    """pi_i = min(1, g B/N + (1 - g) B u_i / sum u) for a wave of B = `size`, with g = `even_share`.

    `informative` is u: no u is negative, and where it matters (g < 1) some is above 0. The sum is B
    at most, and B where nothing is cut off at 1.
    """
    even = np.full(len(informative), size / max(len(informative), 1))
    if even_share == 1:
        return np.minimum(1.0, even)
    rest = size * informative / informative.sum()
    return np.minimum(1.0, even_share * even + (1 - even_share) * rest)


def informative_of(disagreement: Floats, rank_spread: Floats) -> Floats:
    """u of each dialogue: how far judges differ on it, and ranks of its candidates, each against
    its mean. One that is not known (NaN) counts as the mean; one that never differs not at all."""
    return _against_mean(disagreement) + _against_mean(rank_spread)


def _against_mean(values: Floats) -> Floats:
    known = values[~np.isnan(values)]
    if not known.any():
        return np.zeros(len(values))
    return np.nan_to_num(values / known.mean(), nan=1.0)


def chosen(wave: Wave, names: Sequence[str], probability: Floats) -> list[int]:
    """Which of the dialogues, by their imported ids, are drawn: their numbers in `names`, in the
    order in which they are handed out, which is by lot."""
    lots = np.array([lot(wave.seed, "wave", wave.number, name) for name in names])
    if wave.is_uniform():
        drawn = np.argsort(lots, kind="stable")[: wave.size]
    else:
        drawn = np.flatnonzero(lots < probability)
    return sorted(drawn.tolist(), key=lambda i: lot(wave.seed, "place", wave.number, names[i]))
