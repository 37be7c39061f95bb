"""Statistics of tables of counts, for many resamples at once; NaN where one is not defined."""

import numpy as np

from review.agreement.estimates import Floats


def kappa(tables: Floats, *, quadratic: bool) -> Floats:
    """Cohen's kappa of contingency tables (..., k, k): 1 - observed / expected disagreement.

    Any two values disagree alike, or by the square of their distance: Cohen, A Coefficient of
    Agreement for Nominal Scales, 1960, and Weighted Kappa, 1968. NaN where none is expected.
    """
    values = np.arange(tables.shape[-1])
    apart = np.subtract.outer(values, values) ** 2
    weight = apart if quadratic else (apart > 0).astype(int)
    total = tables.sum(axis=(-2, -1))
    chance = tables.sum(axis=-1)[..., :, None] * tables.sum(axis=-2)[..., None, :]
    observed = np.sum(weight * tables, axis=(-2, -1)) * total
    return 1 - quotient(observed, np.sum(weight * chance, axis=(-2, -1)))


def coincidences(counts: Floats) -> Floats:
    """What each unit adds to alpha's table: from how many people or judges gave each value
    (units, k).

    Of m values of a unit each ordered pair counts 1 / (m - 1): (units, k, k). A unit with fewer
    than two values adds nothing.
    """
    values = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(counts.shape[1])
    return pairs / np.maximum(values - 1, 1)[:, None, None]


def alpha(tables: Floats, *, ordered: bool) -> Floats:
    """Krippendorff's alpha of coincidence tables (..., k, k).

    Two nominal values are apart or not, two ordered ones by the ranks between them, halves of
    their own included: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011. NaN where
    every value is the same.
    """
    counts = tables.sum(axis=-1)
    rank = np.cumsum(counts, axis=-1) - counts / 2
    apart = (rank[..., :, None] - rank[..., None, :]) ** 2
    if not ordered:
        apart = 1 - np.eye(tables.shape[-1])
    chance = counts[..., :, None] * counts[..., None, :]
    observed = np.sum(apart * tables, axis=(-2, -1)) * (counts.sum(axis=-1) - 1)
    return 1 - quotient(observed, np.sum(apart * chance, axis=(-2, -1)))


def mean(tables: Floats) -> Floats:
    """Of [number, sum] (..., 2)."""
    return quotient(tables[..., 1], tables[..., 0])


def quotient(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
