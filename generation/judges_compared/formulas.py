"""Statistics that only judges need, beside those of `review.agreement.formulas`."""

import numpy as np

from review.agreement.estimates import Floats
from review.agreement.formulas import quotient


def auc(tables: Floats) -> Floats:
    """How often an accepted candidate scores above one that was not, a tie as half.

    Of counts (..., scores ascending, [not accepted, accepted]): the area under the curve as Mann
    and Whitney's U, Hanley and McNeil, The Meaning and Use of the Area under a ROC Curve, 1982.
    """
    others, accepted = tables[..., 0], tables[..., 1]
    beaten = np.cumsum(others, axis=-1) - others / 2
    won = np.sum(accepted * beaten, axis=-1)
    return quotient(won, others.sum(axis=-1) * accepted.sum(axis=-1))


def effect(tables: Floats, column: int) -> Floats:
    """One effect of a linear model by least squares, from normal equations (..., p, p + 1), whose
    last column is the right side; NaN where the data do not tell it from the others."""
    left, right = tables[..., :-1], tables[..., -1:]
    inverse = np.linalg.pinv(left, rcond=1e-9, hermitian=True)
    told = (inverse @ left)[..., column, column] > 1 - 1e-6
    return np.where(told, (inverse @ right)[..., column, 0], np.nan)


def standardized(tables: Floats) -> tuple[Floats, Floats]:
    """Means before and after, of [number, sum] by kind and side (..., kinds, 2, 2): each over
    kinds by their recent numbers, of kinds that are on both sides."""
    number, total = tables[..., 0], tables[..., 1]
    weight = np.where((number > 0).all(axis=-1), number[..., 1], 0)
    means = np.where(number > 0, total / np.maximum(number, 1), 0)
    before, after = (
        quotient((weight * means[..., side]).sum(axis=-1), weight.sum(axis=-1)) for side in (0, 1)
    )
    return before, after
