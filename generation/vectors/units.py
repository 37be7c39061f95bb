"""Unit vectors as they are kept: rounded to float16, so that all who use one use the same."""

import numpy as np
from numpy.typing import NDArray

UNUSABLE = "The model gave it no usable vector: all zero, or not finite."


def unit(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Vectors [items, dimensions] at length 1, and which of them can be used.

    One that is zero or not finite has no direction: its row is 0.
    """
    wide = np.array(vectors, dtype=np.float64)
    largest = np.abs(wide).max(axis=1)
    usable: NDArray[np.bool_] = np.logical_and(np.isfinite(largest), largest > 0)
    wide[~usable] = largest[~usable] = 1.0
    # By the largest component first: squares of very small or large ones would be lost.
    wide /= largest[:, None]
    wide /= np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
    wide[~usable] = 0.0
    return wide.astype(np.float16), usable
