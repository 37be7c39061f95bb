"""Hashes of 64 bits that differ in few: found quickly among 100,000.

Two that differ in at most d bits are equal in one of d + 1 bands at least (multi-index hashing,
Norouzi et al. 2012): only what shares a band is compared.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]

BITS = 64
# Pairs that are compared at once: 8 bytes each.
AT_ONCE = 4_000_000
# Of one hash. Where so many are alike the nearest tie the rest together.
MOST_NEAR = 20
# What far more share than by chance is a crowd (forms, slides, one scene a thousand times): so many
# times the usual number, and at least these. In it each is compared with the next few by value.
CROWD, LEAST_CROWD = 8, 1000


def close(hashes: Hashes, most: int) -> Pairs:
    """Pairs of distinct hashes that differ in at most `most` bits: [pairs, 3], the places of both,
    the smaller first, and the bits in which they differ."""
    found = [pairs for band in _bands(hashes, most + 1) for pairs in _within(hashes, band, most)]
    if not found:
        return np.empty((0, 3), np.int64)
    return _nearest(np.unique(np.concatenate(found), axis=0))


def _bands(hashes: Hashes, count: int) -> Iterator[NDArray[np.uint64]]:
    edges = [BITS * band // count for band in range(count + 1)]
    for low, high in pairwise(edges):
        mask = np.uint64((1 << (high - low)) - 1)
        yield (hashes >> np.uint64(low)) & mask


def _within(hashes: Hashes, band: NDArray[np.uint64], most: int) -> Iterator[Pairs]:
    """The close pairs among those that are equal in a band."""
    order = np.argsort(band, kind="stable")
    starts = np.flatnonzero(np.diff(band[order])) + 1
    for places in np.split(order, starts):
        if len(places) > 1:
            yield from _among(hashes, places, most)


def _among(hashes: Hashes, places: NDArray[np.int64], most: int) -> Iterator[Pairs]:
    """The close pairs of some hashes, each compared with those after it."""
    usual = len(hashes) // 2 ** (BITS // (most + 1))
    is_crowd = len(places) > max(LEAST_CROWD, CROWD * usual)
    further = MOST_NEAR if is_crowd else len(places)
    rows = MOST_NEAR if is_crowd else max(1, AT_ONCE // len(places))
    for begin in range(0, len(places), rows):
        ours, later = places[begin : begin + rows], places[begin : begin + rows + further]
        bits = np.bitwise_count(hashes[ours][:, None] ^ hashes[later][None, :])
        near = bits <= most
        near &= np.arange(len(later))[None, :] > np.arange(len(ours))[:, None]
        one, other = np.nonzero(near)
        if len(one):
            apart = bits[one, other].astype(np.int64)
            yield _nearest(np.column_stack([ours[one], later[other], apart]))


def _nearest(pairs: Pairs) -> Pairs:
    """Of each first hash the nearest others."""
    order = np.lexsort((pairs[:, 1], pairs[:, 2], pairs[:, 0]))
    pairs = pairs[order]
    first = np.searchsorted(pairs[:, 0], pairs[:, 0], side="left")
    return pairs[np.arange(len(pairs)) - first < MOST_NEAR]
