"""How wide an interval so many decisions will give, and how many give a width."""

import math

from review.agreement.estimates import LEVEL, NORMAL


def half_width(decisions: int, dialogues: int, share: float, correlation: float = 0.0) -> float:
    """Half of the expected width of the 95% interval of a pass rate near `share`, after so many
    decisions on a uniform draw from so many dialogues, with judges whose score has this
    correlation rho with people's word: z √(p (1 - p) (1 - rho² (1 - n/N)) / n).

    PPI++ at its best lambda (arXiv 2311.01453); with no judges (rho 0) the classical interval.
    """
    known = share * (1 - share) * _left(decisions, dialogues, correlation) / decisions
    return _z() * math.sqrt(known)


def decisions_for(
    width: float, dialogues: int, share: float, correlation: float = 0.0
) -> int | None:
    """How many decisions give this half width; None where not even all dialogues do.

    `half_width` solved for n: with K = z² p (1 - p) / width², n = K (1 - rho²) / (1 - K rho² / N).
    """
    alone = _z() ** 2 * share * (1 - share) / width**2
    if alone > dialogues:
        return None
    squared = correlation**2
    left = 1 - alone * squared / dialogues
    return max(1, math.ceil(alone * (1 - squared) / left - 1e-9)) if left > 0 else 1


def worth(decisions: int, dialogues: int, correlation: float) -> float:
    """As how many decisions without judges these count: n / (1 - rho² N / (N + n)), N here the
    dialogues that are not decided (arXiv 2311.01453: the variance at the best lambda)."""
    return decisions / _left(decisions, dialogues, correlation)


def _left(decisions: int, dialogues: int, correlation: float) -> float:
    """What share of the variance is left when judges tell of the dialogues without decision."""
    return 1 - correlation**2 * (1 - decisions / dialogues)


def _z() -> float:
    return NORMAL.inv_cdf((1 + LEVEL) / 2)
