"""How well the panel's word tells what people accept: by its score, and by its pass mark."""

import math

import numpy as np

from review.agreement import formulas
from review.agreement.estimates import (
    FEWEST_DIALOGUES,
    LEVEL,
    NORMAL,
    Clusters,
    Estimate,
    Floats,
    estimated,
    estimated_by_kind,
    undefined,
)

# Of accepted ones, and of others: fewer do not tell how their scores spread.
FEWEST_OF_A_KIND = 5
# Below this a variance is none but for rounding.
NO_VARIANCE = 1e-12
NOBODY = "nobody has decided yet"


def auc(score: Floats, accepted: Floats, weight: Floats) -> Estimate:
    """How often an accepted candidate has a higher score than another one that was not accepted, a
    tie as half: the area under the ROC curve. Entries are of dialogues; `accepted` from 0 to 1.

    Interval by placement values, each dialogue on its own (DeLong, DeLong and Clarke-Pearson,
    Comparing the Areas under Two or More Correlated ROC Curves, 1988), on the logit scale (Qin and
    Hotilovac, Comparison of Non-Parametric Confidence Intervals for the Area under the ROC Curve,
    2008).
    """
    n = len(score)
    if not n:
        return undefined(NOBODY)
    good, bad = weight * accepted, weight * (1 - accepted)
    if not good.sum() or not bad.sum():
        words = "people accept all of them" if good.sum() else "people accept none of them"
        return undefined(f"{words}: there is nothing to tell apart", n=n, dialogues=n)
    good, bad = good / good.sum(), bad / bad.sum()
    above, below = _placed(score, bad), 1 - _placed(score, good)
    value = float(good @ above)
    found = Estimate(value, n=n, dialogues=n)
    few = min(float(accepted.sum()), n - float(accepted.sum()))
    if n < FEWEST_DIALOGUES or few < FEWEST_OF_A_KIND:
        words = f"no interval from fewer than {FEWEST_OF_A_KIND} of a kind"
        return Estimate(value, n=n, dialogues=n, words=words)
    pull = good * (above - value) + bad * (below - value)
    variance = n / (n - 1) * float(pull @ pull)
    if variance < NO_VARIANCE or value in (0.0, 1.0):
        return Estimate(value, n=n, dialogues=n, words=_why_no_width(score))
    return _on_logits(found, math.sqrt(variance))


def _placed(score: Floats, of: Floats) -> Floats:
    """For each score which share of the others, as weighed by `of`, lies below it, ties as half."""
    values, place = np.unique(score, return_inverse=True)
    at = np.bincount(place, of, minlength=len(values))
    placed: Floats = (np.cumsum(at) - at / 2)[place]
    return placed


def _why_no_width(score: Floats) -> str:
    if len(np.unique(score)) == 1:
        return "no interval: all have the same score"
    return "no interval: scores of accepted ones and of others do not overlap"


def _on_logits(found: Estimate, error: float) -> Estimate:
    value = found.value or 0.0
    logit = math.log(value / (1 - value))
    reach = NORMAL.inv_cdf((1 + LEVEL) / 2) * error / (value * (1 - value))
    low, high = (1 / (1 + math.exp(-(logit + side * reach))) for side in (-1, 1))
    return Estimate(value, low, high, found.n, found.dialogues)


def kappa(passes: Floats, accepted: Floats, weight: Floats) -> Estimate:
    """Cohen's kappa of the panel's pass and people's acceptance. Entries are of dialogues; where
    people differ over one, it is partly accepted."""
    n = len(passes)
    if not n:
        return undefined(NOBODY)
    words, value = _constant(passes, accepted)
    if words:
        return Estimate(value, n=n, dialogues=n, words=words)
    if len(np.unique(weight)) == 1:
        cells = np.stack([passes, accepted])
        kinds, times = np.unique(cells, axis=1, return_counts=True)
        return estimated_by_kind(_tables(*kinds), times, _kappa, n=n)
    clusters = Clusters(np.arange(n))
    cell = 2 * passes.astype(np.int64)
    counted = sum(
        np.bincount(clusters.group * 4 + cell + said, weight * share, clusters.groups * 4)
        for said, share in ((1, accepted), (0, 1 - accepted))
    )
    tables = np.asarray(counted, np.float64).reshape(-1, 2, 2)
    return estimated(tables, _kappa, n=n, clusters=clusters)


def _kappa(tables: Floats) -> Floats:
    return formulas.kappa(tables, quadratic=False)


def _tables(passes: Floats, accepted: Floats) -> Floats:
    """(kinds, 2, 2): by whether it passes, and by whether it is accepted."""
    by_people = np.stack([1 - accepted, accepted], axis=1)
    by_judges = np.stack([1 - passes, passes], axis=1)
    return by_judges[:, :, None] * by_people[:, None, :]


def _constant(passes: Floats, accepted: Floats) -> tuple[str, float | None]:
    """Why kappa has no interval, and its value: none, or 0, where one of both never varies."""
    judges, people = len(np.unique(passes)) == 1, accepted.min() == accepted.max() in (0.0, 1.0)
    if judges and people and passes[0] == accepted[0]:
        return "judges and people say the same of all, so that chance would agree as well", None
    if judges:
        said = "pass" if passes[0] else "do not pass"
        return f"no interval: all {said}, which makes it 0", 0.0
    if people:
        said = "all" if accepted[0] else "none"
        return f"no interval: people accept {said} of them, which makes it 0", 0.0
    return "", None
