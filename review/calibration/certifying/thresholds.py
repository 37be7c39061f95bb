"""From which panel score on at most a set share of rewrites is bad: a test down a preset grid.

Scores of the grid are tested from the highest down, each at the full error rate, and the first
that fails ends it. So the chance that any score passes though more than `share` are bad at or
above it stays at most 1 - confidence: to err at all, the test must err at the first such score.
Fixed sequence testing: Maurer, Hothorn and Lehmacher 1995; Westfall and Krishen, Optimally
weighted, fixed sequence and gatekeeper multiple testing procedures, 2001; for thresholds of
models: Angelopoulos et al., Learn then Test, arXiv 2110.01052. How bad grows with the score need
not be monotone. Each step is exact: Clopper and Pearson, The Use of Confidence or Fiducial Limits,
1934 (drawn without replacement, the number of bad ones varies less than binomial).

Where the sequence begins depends on scores alone, not on what people said of them, and the grid,
`share` and `confidence` are set before: none of these uses up error.

A dialogue that is drawn but not decided may count as bad: with each decision the number of bad
ones can only fall, so whatever passes now would pass at the end as well. A test at any moment,
even one chosen by a look at the decisions, errs only where the one at the end would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from review.agreement.estimates import Flags, Floats
from review.models.calibration import ROUNDING

# Panel scores from 5.0 down to 3.0.
GRID = tuple(score / 10 for score in range(50, 29, -1))
# A certificate is revoked by what happens in one of fifty such series at the share it allows.
LAST_AUDITED = 10
RARELY = 0.02


@dataclass(frozen=True)
class Step:
    """One score of the grid: of `n` drawn at or above it so many were `bad`; at most `bound` are,
    with the confidence of the test."""

    score: float
    n: int
    bad: int
    bound: float
    passed: bool


def fixed_sequence(
    scores: Floats, bad: Flags, grid: Sequence[float], share: float, confidence: float
) -> tuple[list[Step], float | None]:
    """The steps of the test, and the lowest score that passed.

    `scores` and `bad` are of all dialogues of a uniform draw, decided or not. No step is made
    where no score of the grid has enough dialogues.
    """
    enough = needed(0, share, confidence)
    steps: list[Step] = []
    threshold = None
    for score in sorted(grid, reverse=True):
        above = scores >= score - ROUNDING
        if (n := int(above.sum())) < enough:
            continue
        wrong = int(bad[above].sum())
        bound = upper_bound(wrong, n, confidence)
        steps.append(Step(score, n, wrong, bound, bound <= share))
        if bound > share:
            break
        threshold = score
    return steps, threshold


def upper_bound(bad: int, n: int, confidence: float) -> float:
    """The one-sided bound of Clopper and Pearson on a share, of which `bad` of `n` were seen."""
    from scipy.special import betaincinv  # noqa: PLC0415  (slow to import)

    return float(betaincinv(bad + 1, n - bad, confidence)) if bad < n else 1.0


def needed(bad: int, share: float, confidence: float) -> int:
    """The fewest dialogues, so many of them bad, that certify the share: 59 without a bad one,
    93 with one and 124 with two for 5% at 95%. Smallest n with P(Binomial(n, share) <= bad) at
    most 1 - confidence."""
    from scipy.special import bdtr  # noqa: PLC0415  (slow to import)

    few, many = bad, bad + 1
    while bdtr(bad, many, share) > 1 - confidence:
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if bdtr(bad, middle, share) <= 1 - confidence else (middle, many)
    return many


def why_nothing(steps: Sequence[Step], drawn: int, share: float, confidence: float) -> str:
    """Why no score was certified, and what it takes."""
    at = f"{share:.1%}".replace(".0%", "%") + f" at {confidence:.1%}".replace(".0%", "%")
    if not steps:
        enough = needed(0, share, confidence)
        return (
            f"No score of the grid has the {enough} drawn dialogues that certify {at} when none "
            f"is bad: {drawn} were drawn in all. Draw a larger wave."
        )
    first = steps[0]
    enough = needed(first.bad, share, confidence)
    bad = "1 was" if first.bad == 1 else f"{first.bad} were"
    return (
        f"Of the {first.n} drawn at {first.score:.1f} or above {bad} bad or not decided, so "
        f"up to {first.bound:.1%} may be bad. With as many of them, {enough} drawn would have "
        f"certified {at}: {enough - first.n} more."
    )


def runs_of_bad_at(share: float) -> int:
    """How many bad ones among the last ten audited revoke a certificate of this share: the fewest
    that a true certificate shows in one of fifty series of ten (three at 5%)."""
    from scipy.special import bdtrc  # noqa: PLC0415  (slow to import)

    return next(
        k for k in range(1, LAST_AUDITED + 2) if bdtrc(k - 1, LAST_AUDITED, share) <= RARELY
    )


def is_run_of_bad(audited: Sequence[bool], share: float) -> bool:
    """Whether the last ten of these, in the order of audit and true where bad, revoke it."""
    return sum(audited[-LAST_AUDITED:]) >= runs_of_bad_at(share)
