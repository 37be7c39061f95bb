"""The alternative annotator test: may the panel stand in for a reviewer?

Each reviewer is left out in turn, and both this reviewer and the panel are compared with what the
others said of the same dialogues: whose word is more often theirs? The panel beats a reviewer whom
it equals but for `epsilon`, which it may lack since it costs so much less.
Calderon, Reichart and Dror, The Alternative Annotator Test for LLM-as-a-Judge, 2025, arXiv
2501.10970; reckoned as by its authors (github.com/nitaytech/AltTest).
"""

import math
from collections.abc import Sequence

import numpy as np

from review.agreement.estimates import Flags, Floats
from review.calibration.report import Alternative, Annotator

# For skilled annotators; the paper has 0.2 for experts and 0.1 for crowd workers.
EPSILON = 0.15
FEWEST_REVIEWERS = 3
FEWEST_DIALOGUES = 30
FALSE_DISCOVERIES = 0.05
WINNING = 0.5


def alternative(
    reviewers: Sequence[str], words: Floats, panel: Floats, epsilon: float = EPSILON
) -> Alternative:
    """The test of a panel against reviewers, all of their words 0, 1, or NaN where there is none:
    `words` (dialogues, reviewers) and `panel` (dialogues)."""
    compared = [_compared(words, panel, which) for which in range(len(reviewers))]
    p_values = [_p_value(person - machine, epsilon) for machine, person in compared]
    tested = [p for p in p_values if p is not None]
    beaten = iter(discoveries(np.array(tested), FALSE_DISCOVERIES).tolist())
    annotators = [
        _annotator(name, pairs, p, beaten=p is not None and next(beaten))
        for name, pairs, p in zip(reviewers, compared, p_values, strict=True)
    ]
    if len(tested) < FEWEST_REVIEWERS:
        return Alternative(epsilon, annotators, None, None, None, _too_few(len(tested)))
    of_tested = [one for one in annotators if one.p_value is not None]
    rate = sum(one.beaten for one in of_tested) / len(of_tested)
    advantage = sum(one.panel or 0.0 for one in of_tested) / len(of_tested)
    return Alternative(epsilon, annotators, rate, advantage, rate >= WINNING, "")


def _compared(words: Floats, panel: Floats, which: int) -> tuple[Floats, Floats]:
    """Over a reviewer's dialogues that others decided too: 1 where the panel agrees with at least
    as many of the others as the reviewer does, and where the reviewer does with as the panel."""
    own, others = words[:, which], np.delete(words, which, axis=1)
    known = np.sum(~np.isnan(others), axis=1)
    both = ~np.isnan(own) & ~np.isnan(panel) & (known > 0)
    accepted = np.nansum(others[both], axis=1)
    machine, person = (
        np.where(said == 1, accepted, known[both] - accepted) for said in (panel[both], own[both])
    )
    return (machine >= person).astype(float), (person >= machine).astype(float)


def _p_value(apart: Floats, epsilon: float) -> float | None:
    """Of a mean below `epsilon`, by Student's one-sided test; None from too few dialogues."""
    from scipy.special import stdtr  # noqa: PLC0415  (slow to import)

    n = len(apart)
    if n < FEWEST_DIALOGUES:
        return None
    below, error = float(apart.mean()) - epsilon, float(apart.std(ddof=1)) / math.sqrt(n)
    if error == 0:
        return 0.0 if below < 0 else 1.0
    return float(stdtr(n - 1, below / error))


def discoveries(p_values: Floats, rate: float) -> Flags:
    """Which nulls are rejected when at most this share of those rejected may be true.

    Benjamini and Yekutieli, The Control of the False Discovery Rate in Multiple Testing under
    Dependency, 2001: reviewers are compared with each other, so their tests hang together.
    """
    number = len(p_values)
    ranks = np.arange(1, number + 1)
    order = np.argsort(p_values)
    passing = np.flatnonzero(p_values[order] <= ranks * rate / (number * np.sum(1 / ranks)))
    rejected = np.zeros(number, bool)
    rejected[order[: passing[-1] + 1 if len(passing) else 0]] = True
    return rejected


def _annotator(
    name: str, pairs: tuple[Floats, Floats], p_value: float | None, *, beaten: bool
) -> Annotator:
    n = len(pairs[0])
    machine, person = (float(pair.mean()) if n else None for pair in pairs)
    words = "" if p_value is not None else f"{n} of the {FEWEST_DIALOGUES} dialogues it takes"
    return Annotator(name, n, machine, person, p_value, beaten, words)


def _too_few(tested: int) -> str:
    has = "1 has" if tested == 1 else f"{tested or 'none'} {'have' if tested else 'has'}"
    return (
        f"it takes {FEWEST_REVIEWERS} reviewers who each decided {FEWEST_DIALOGUES} dialogues "
        f"that others decided too, so far {has}"
    )
