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

Several draws, each from what the earlier ones left: what an informative draw leaves is easier than
the whole, so each speaks for its own frame and for what was drawn before it, whose decisions are
known: share = (sum of Y drawn before + N_t times the share in the frame) / (both their numbers).
That is right for the whole whatever the earlier draws took, and errors of such shares do not
covary (Des Raj, Some estimators in sampling with varying probabilities without replacement, 1956),
so that the variance of their mean is the sum of their own. Where some of an earlier draw are not
decided, which is by lot, those that are speak for all of it.

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
    others as `refused`; `rest` are without decision, and `frame` is what it was drawn from.
    `tuned_by` is `judged` as lambda is found by it. `people`, `score` and `both` are the variances
    of Y and f and their covariance, over the decided.
    """

    uniform: bool
    n: int
    frame: int
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


@dataclass(frozen=True)
class _Parts:
    """What several draws say together, in their order: a line of each array for each of `parts`.

    The share is the mean by `weight` of what each says of its `population`, its frame and what was
    drawn before: `own` is how much of it the part's own estimate makes up, `carried` how much the
    mean of its decisions does in the draws after it, where they stand for as many as were `drawn`.
    Both together are 1. `weight` is 0 of a draw that does not weigh.
    """

    parts: list[_Part]
    weight: Floats
    population: Floats
    own: Floats
    carried: Floats
    drawn: Floats
    mean: Floats

    @property
    def weighing(self) -> list[_Part]:
        return [part for part, weight in zip(self.parts, self.weight, strict=True) if weight]

    @property
    def n(self) -> int:
        return sum(part.n for part in self.weighing)

    def of(self, name: str) -> Floats:
        return np.array([getattr(part, name) for part in self.parts], np.float64)

    def summed(self, name: str) -> float:
        """What counts of a figure of each part's own estimate, as variances add up."""
        return float(self.own**2 @ self.of(name))

    def average(self, name: str) -> float:
        return float(self.weight @ self.of(name))

    def plain(self) -> float:
        return float(self.own @ self.of("plain") + self.carried @ self.mean)

    def even(self) -> float:
        """As how many decisions of equal weight all of these count, as `_even` has it."""
        n = self.of("n")
        squares = self.own**2 / self.of("even") + self.carried * (2 * self.own + self.carried) / n
        return 1 / float(squares.sum())


def _together(draws: Sequence[Draw]) -> _Parts:
    """Each draw counts by its number of decided dialogues, not by its own variance, which goes with
    what people said."""
    some = [draw for draw in draws if draw.decided().any()]
    parts = [_part(draw) for draw in some]
    decided = np.array([part.n * draw.weighs for part, draw in zip(parts, some, strict=True)])
    drawn = np.array([len(draw.accepted) for draw in some], np.float64)
    frame = np.array([part.frame for part in parts], np.float64)
    population = frame + np.cumsum(drawn) - drawn
    weight = decided / max(1, decided.sum())
    later = np.cumsum((weight / population)[::-1])[::-1] - weight / population
    return _Parts(
        parts=parts,
        weight=weight,
        population=population,
        own=weight * frame / population,
        carried=drawn * later,
        drawn=drawn,
        mean=np.array([np.nanmean(draw.accepted) for draw in some]),
    )


def pass_rate(draws: Sequence[Draw], judges: Estimate) -> PassRate:
    """The pass rate from one or more draws, in their order; `judges` is the share that passes by
    their marks."""
    found = debiased(draws)
    weighing = [draw for draw in draws if draw.weighs]
    missing = sum(int(np.sum(~draw.decided())) for draw in weighing)
    return PassRate(
        debiased=found.share,
        people=_people(weighing),
        judges=judges,
        tuning=found.tuning,
        correlation=found.correlation,
        worth=found.worth,
        missing=missing,
        if_missing=_if_missing(draws, found.share) if missing else None,
    )


def debiased(draws: Sequence[Draw]) -> Debiased:
    """The share with its interval, from the decided dialogues of all draws, in their order.

    `share.words` beside an interval say why judges add nothing to it.
    """
    found = _together(draws)
    n = found.n
    if n < FEWEST_DECIDED:
        words = f"no estimate from fewer than {FEWEST_DECIDED} decided dialogues, so far {n}"
        return Debiased(undefined(words, n=n, dialogues=n))
    accepted = sum(part.accepted for part in found.weighing)
    refused = sum(part.refused for part in found.weighing)
    if min(accepted, refused) < FEWEST_OF_A_KIND:
        kind = "were accepted" if accepted < refused else "were not accepted"
        return _people_alone(found, f"from people alone: fewer than {FEWEST_OF_A_KIND} {kind}")
    return _with_judges(found)


def _with_judges(found: _Parts) -> Debiased:
    n = found.n
    tuning, words = _tuning(found)
    variance = _variance(found, tuning)
    if variance * n < NO_VARIANCE:
        return _people_alone(found, "from people alone: they say the same of every dialogue")
    value = found.plain() + tuning * float(found.own @ found.of("shift"))
    value = min(1.0, max(0.0, value))
    reach = NORMAL.inv_cdf((1 + LEVEL) / 2) * math.sqrt(variance)
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Debiased(
        Estimate(value, low, high, n, n, words),
        tuning,
        _correlation(found),
        _worth(found, tuning, variance),
    )


def _people_alone(found: _Parts, words: str) -> Debiased:
    """Decisions without judges, with Jeffreys' interval of as many as are of equal weight."""
    n, even = found.n, found.even()
    value = min(1.0, found.plain())
    share = Estimate(value, *jeffreys(value * even, even), n, n, words)
    return Debiased(share, 0.0, _correlation(found), even)


def _tuning(found: _Parts) -> tuple[float, str]:
    """The lambda at which the variance is smallest; words where it is 0."""
    shared, tuned_by = found.summed("shared"), found.summed("tuned_by")
    if not any(part.rest for part in found.weighing):
        return 0.0, "judges add nothing: every dialogue is decided"
    if tuned_by * found.n < NO_VARIANCE:
        return 0.0, "judges add nothing: they gave every dialogue the same score"
    if shared <= 0:
        return 0.0, "judges add nothing: what they score higher is not accepted more often"
    return shared / tuned_by, ""


def _variance(found: _Parts, tuning: float) -> float:
    """Of the combined share. Each draw's own mean uses up a degree of freedom, but for that of a
    sole uniform one, as PPI++ has it.

    A part's variance is that of its draw from its frame, and that of the frame as a sample of all
    dialogues like these, var(Y) / N_t. The latter is the same for draws from the same population
    and counts once, by the larger where two populations differ. What is missing of a part that is
    carried adds what its decisions, drawn by lot, may differ from it.
    """
    n, weighing = found.n, found.weighing
    apart = (
        found.summed("spread")
        - 2 * tuning * found.summed("shared")
        + tuning**2 * found.summed("judged")
    )
    free = n - len(weighing) + all(part.uniform for part in weighing)
    larger = np.maximum.outer(found.population, found.population)
    as_samples = float(found.weight @ (1 / larger) @ found.weight)
    counted = float((found.own**2 / found.of("frame")).sum())
    undecided = 1 / found.of("n") - 1 / found.drawn
    missing = float(undecided @ (found.carried * (2 * found.own + found.carried)))
    people = found.average("people")
    return apart * n / max(1, free) + people * (as_samples - counted + missing)


def _correlation(found: _Parts) -> float | None:
    people, score = found.average("people"), found.average("score")
    if min(people, score) < NO_VARIANCE:
        return None
    return max(-1.0, min(1.0, found.average("both") / math.sqrt(people * score)))


def _worth(found: _Parts, tuning: float, variance: float) -> float:
    """As how many decisions on a uniform draw, without judges, these count; of uniform draws by
    rho."""
    if not all(part.uniform for part in found.weighing):
        return found.average("people") / variance
    useful = (_correlation(found) or 0.0) if tuning else 0.0
    return widths.worth(found.n, found.n + max(part.rest for part in found.weighing), useful)


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
        frame=frame.n,
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
        frame=total,
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


def jeffreys(hits: float, n: float) -> tuple[float, float]:
    """Of a share of which `hits` of `n` were seen, the interval from Jeffreys' prior: where nearly
    all were it holds the truth in 95 of 100 on average and the exact one in 97, either a little
    more or less often by what the truth is (Brown, Cai and DasGupta, Interval Estimation for a
    Binomial Proportion, 2001, who close it at none and all by the exact one)."""
    from scipy.special import betaincinv  # noqa: PLC0415  (slow to import)

    if hits < NO_VARIANCE or n - hits < NO_VARIANCE:
        return exact(hits, n)
    tail = (1 - LEVEL) / 2
    low, high = (float(betaincinv(hits + 0.5, n - hits + 0.5, at)) for at in (tail, 1 - tail))
    return low, high
