"""What share of top candidates people accept unedited, from their decisions and judges' scores.

People decide some dialogues, drawn by known probabilities; judges have scored all. The estimate is
    mean of lambda f over what judges alone have scored + mean of (Y - lambda f) over the decided,
f the judges' word and Y people's: right at every lambda, however wrong judges are, and narrowest
at a lambda that grows with how well f tells Y. lambda is one for all draws, and 0 at least.

A uniform draw: PPI++ (Angelopoulos, Duchi and Zrnic, arXiv 2311.01453), as `ppi_py` reckons it but
for its bound of lambda at 1, which would make the interval depend on the unit of f. Scores of top
candidates lie close together, so the best lambda is often 2 or 3 and a bound would lose half of
what judges are worth; nothing in the method needs one.
Draws by unequal probabilities pi: active inference (Zrnic and Candès, arXiv 2403.03208), with
weights 1/pi that are divided by their sum (Hájek 1971). Lots of their own make the number drawn
vary, and without that division the interval pays for it wherever Y - lambda f is not 0 on average.
It also mends a wave that is half decided, as places come by lot.

Intervals are for dialogues like those drawn from, of which both papers take them as a sample; of
the very dialogues that were drawn from they hold a little more often than they say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from review.agreement.estimates import LEVEL, NORMAL, Estimate, Floats, undefined, wilson
from review.calibration.draws import Draw, Moments
from review.calibration.estimating import widths
from review.calibration.report import PassRate

FEWEST_DECIDED = 30
# With fewer accepted, or fewer not accepted, a share is not yet near normal (Agresti and Franklin,
# Statistics, 2007, section 8.2).
FEWEST_OF_A_KIND = 15
# A variance below this is rounding.
NO_VARIANCE = 1e-9


@dataclass(frozen=True)
class Debiased:
    """The share from people and judges; the others as `report.PassRate` has them."""

    share: Estimate
    tuning: float | None = None
    correlation: float | None = None
    worth: float | None = None


@dataclass(frozen=True)
class _Part:
    """What one draw says: at any lambda the share is `plain` + lambda `shift`, and its variance
    `spread` - 2 lambda `shared` + lambda² `judged`.

    The `n` decided count as `even` of equal weight, of which those accepted as `accepted` and the
    others as `refused`; `rest` are without decision. `tuned_by` is `judged` as lambda is found by
    it. `people`, `score` and `both` are the variances of Y and f and their covariance, over the
    decided.
    """

    uniform: bool
    n: int
    even: float
    accepted: float
    refused: float
    rest: int
    plain: float
    shift: float
    spread: float
    shared: float
    judged: float
    tuned_by: float
    people: float
    score: float
    both: float


def pass_rate(draws: Sequence[Draw], judges: Estimate) -> PassRate:
    """The pass rate from one or more draws; `judges` is the share that passes by their marks."""
    found = debiased(draws)
    missing = sum(int(np.sum(~draw.decided())) for draw in draws)
    return PassRate(
        debiased=found.share,
        people=_people(draws),
        judges=judges,
        tuning=found.tuning,
        correlation=found.correlation,
        worth=found.worth,
        missing=missing,
        if_missing=_if_missing(draws, found.share) if missing else None,
    )


def debiased(draws: Sequence[Draw]) -> Debiased:
    """The share with its interval, from the decided dialogues of all draws.

    Each draw counts by its number of decided dialogues, not by its own variance, which goes with
    what people said. `share.words` beside an interval say why judges add nothing to it.
    """
    parts = [_part(draw) for draw in draws if draw.decided().any()]
    n = sum(part.n for part in parts)
    if n < FEWEST_DECIDED:
        words = f"no estimate from fewer than {FEWEST_DECIDED} decided dialogues, so far {n}"
        return Debiased(undefined(words, n=n, dialogues=n))
    accepted = sum(part.accepted for part in parts)
    refused = sum(part.refused for part in parts)
    if min(accepted, refused) < FEWEST_OF_A_KIND:
        kind = "were accepted" if accepted < refused else "were not accepted"
        return _people_alone(parts, f"from people alone: fewer than {FEWEST_OF_A_KIND} {kind}")
    return _with_judges(parts)


def _with_judges(parts: list[_Part]) -> Debiased:
    n = sum(part.n for part in parts)
    tuning, words = _tuning(parts)
    variance = _variance(parts, tuning)
    if variance * n < NO_VARIANCE:
        return _people_alone(parts, "from people alone: they say the same of every dialogue")
    value = sum(part.n * (part.plain + tuning * part.shift) for part in parts) / n
    value = min(1.0, max(0.0, value))
    reach = NORMAL.inv_cdf((1 + LEVEL) / 2) * math.sqrt(variance)
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Debiased(
        Estimate(value, low, high, n, n, words),
        tuning,
        _correlation(parts),
        _worth(parts, tuning, variance),
    )


def _people_alone(parts: list[_Part], words: str) -> Debiased:
    """Decisions without judges, with an exact interval of as many as are of equal weight."""
    n = sum(part.n for part in parts)
    even = n**2 / sum(part.n**2 / part.even for part in parts)
    value = min(1.0, sum(part.n * part.plain for part in parts) / n)
    share = Estimate(value, *exact(value * even, even), n, n, words)
    return Debiased(share, 0.0, _correlation(parts), even)


def _tuning(parts: list[_Part]) -> tuple[float, str]:
    """The lambda at which the variance is smallest; words where it is 0."""
    n = sum(part.n for part in parts)
    shared = sum(part.n**2 * part.shared for part in parts)
    tuned_by = sum(part.n**2 * part.tuned_by for part in parts)
    if not any(part.rest for part in parts):
        return 0.0, "judges add nothing: every dialogue is decided"
    if tuned_by / n < NO_VARIANCE:
        return 0.0, "judges add nothing: they gave every dialogue the same score"
    if shared <= 0:
        return 0.0, "judges add nothing: what they score higher is not accepted more often"
    return shared / tuned_by, ""


def _variance(parts: list[_Part], tuning: float) -> float:
    """Of the combined share. Each draw's own mean uses up a degree of freedom, but for that of a
    sole uniform one, as PPI++ has it. Draws share the dialogues that judges alone have scored,
    which makes them covary by lambda cov(f, Y) / rest."""
    n = sum(part.n for part in parts)
    apart = sum(
        part.n**2 * (part.spread - 2 * tuning * part.shared + tuning**2 * part.judged)
        for part in parts
    )
    pairs = n**2 - sum(part.n**2 for part in parts)
    rest = max(part.rest for part in parts)
    both = max(0.0, sum(part.n * part.both for part in parts) / n)
    together = pairs * tuning * both / rest if rest else 0.0
    free = n - len(parts) + all(part.uniform for part in parts)
    return (apart * n / max(1, free) + together) / n**2


def _correlation(parts: list[_Part]) -> float | None:
    n = sum(part.n for part in parts)
    people = sum(part.n * part.people for part in parts) / n
    score = sum(part.n * part.score for part in parts) / n
    if min(people, score) < NO_VARIANCE:
        return None
    both = sum(part.n * part.both for part in parts) / n
    return max(-1.0, min(1.0, both / math.sqrt(people * score)))


def _worth(parts: list[_Part], tuning: float, variance: float) -> float:
    """As how many decisions on a uniform draw, without judges, these count; of uniform draws by
    rho."""
    n = sum(part.n for part in parts)
    if not all(part.uniform for part in parts):
        return sum(part.n * part.people for part in parts) / n / variance
    useful = (_correlation(parts) or 0.0) if tuning else 0.0
    return widths.worth(n, n + max(part.rest for part in parts), useful)


def _part(draw: Draw) -> _Part:
    decided = draw.decided()
    people, score = draw.accepted[decided], draw.said[decided]
    if draw.uniform:
        return _uniform(people, score, draw.frame)
    return _weighted(people, score, 1 / draw.probability[decided], draw.frame)


def _uniform(people: Floats, score: Floats, frame: Moments) -> _Part:
    """PPI++: variances divided by n, and lambda tuned by that of all scores, divided by n - 1."""
    n, plain, mean = len(people), float(people.mean()), float(score.mean())
    of_people, of_score = people - plain, score - mean
    var_people, var_score, both = (
        float(one @ other) / n
        for one, other in ((of_people, of_people), (of_score, of_score), (of_people, of_score))
    )
    rest = max(0, frame.n - n)
    shift = judged = tuned_by = shared = 0.0
    if rest:
        rest_mean = (frame.total - n * mean) / rest
        rest_squares = (frame.squares - float(score @ score)) / rest
        shift = rest_mean - mean
        shared = both / n
        judged = var_score / n + max(0.0, rest_squares - rest_mean**2) / rest
        tuned_by = _variance_of(frame) * frame.n / (frame.n - 1) * (1 / n + 1 / rest)
    return _Part(
        uniform=True,
        n=n,
        even=n,
        accepted=_even(people),
        refused=_even(1 - people),
        rest=rest,
        plain=plain,
        shift=shift,
        spread=var_people / n,
        shared=shared,
        judged=judged,
        tuned_by=tuned_by,
        people=var_people,
        score=var_score,
        both=both,
    )


def _weighted(people: Floats, score: Floats, weight: Floats, frame: Moments) -> _Part:
    """Active inference with weights q that sum to 1.

    Over the N dialogues of the frame z = lambda f, and where one was drawn also
    N q (Y - lambda f - their mean); the share is the mean of z, its variance that of z over N.
    """
    n, total = len(people), frame.n
    q = weight / weight.sum()
    plain, mean = float(q @ people), float(q @ score)
    of_people, of_score = people - plain, score - mean
    var_people, var_score, both = (
        float(q @ (one * other))
        for one, other in ((of_people, of_people), (of_score, of_score), (of_people, of_score))
    )
    squares = q**2
    spread = float(squares @ of_people**2)
    shared = float(squares @ (of_people * of_score)) - both / total
    judged = float(squares @ of_score**2) - (2 * var_score - _variance_of(frame)) / total
    return _Part(
        uniform=False,
        n=n,
        even=_even(q),
        accepted=_even(q * people),
        refused=_even(q * (1 - people)),
        rest=max(0, total - n),
        plain=plain,
        shift=frame.mean() - mean,
        spread=spread,
        shared=shared,
        judged=judged,
        tuned_by=judged,
        people=var_people,
        score=var_score,
        both=both,
    )


def _even(weight: Floats) -> float:
    """As how many of equal weight these count (Kish, Survey Sampling, 1965)."""
    return float(weight.sum()) ** 2 / float(weight @ weight) if weight.any() else 0.0


def _variance_of(frame: Moments) -> float:
    return max(0.0, frame.squares / frame.n - frame.mean() ** 2)


def _people(draws: Sequence[Draw]) -> Estimate:
    """The share of the decided as it is: exact where each is yes or no; with shares among them
    Wilson's, each dialogue as one decision, which is a little too wide."""
    decided = [draw.accepted[draw.decided()] for draw in draws]
    accepted = np.concatenate(decided) if decided else np.zeros(0)
    n = len(accepted)
    if not n:
        return undefined("nobody has decided yet")
    value = float(accepted.mean())
    whole = bool(np.isin(accepted, (0.0, 1.0)).all())
    return Estimate(value, *(exact(value * n, n) if whole else wilson(value, n)), n, n)


def _if_missing(draws: Sequence[Draw], found: Estimate) -> tuple[float, float] | None:
    """How far the interval would reach, had people accepted all that are missing, or none."""
    spread = [found, *(debiased(_filled(draws, word)).share for word in (0.0, 1.0))]
    lows = [one.low for one in spread if one.low is not None]
    highs = [one.high for one in spread if one.high is not None]
    return (min(lows), max(highs)) if lows else None


def _filled(draws: Sequence[Draw], word: float) -> list[Draw]:
    return [replace(draw, accepted=np.where(draw.decided(), draw.accepted, word)) for draw in draws]


def exact(hits: float, n: float) -> tuple[float, float]:
    """Clopper and Pearson's interval, 1934, of a share of which `hits` of `n` were seen."""
    from scipy.special import betaincinv  # noqa: PLC0415  (slow to import)

    tail = (1 - LEVEL) / 2
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits > NO_VARIANCE else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if n - hits > NO_VARIANCE else 1.0
    return low, high
