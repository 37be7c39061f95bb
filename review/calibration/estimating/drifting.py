"""From week to week: what share people accept, and how far the judges' pass rate lies above it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review.agreement.estimates import (
    FEWEST_DIALOGUES,
    LEVEL,
    Clusters,
    Estimate,
    Flags,
    Floats,
    Ints,
    share,
)
from review.agreement.reviewers import MOST_WEEKS
from review.calibration.report import Week

# Fewer weeks are no trend, fewer dialogues no test of one.
FEWEST_WEEKS = 3
FEWEST_TESTED = 30
SURE = 0.05
NO_VARIANCE = 1e-12
DAYS = 7


@dataclass(frozen=True)
class Said:
    """Decisions with what the panel says of the same candidates (`passes`, 0 or 1); `monday` is of
    their week, `weight` makes up for unequal probabilities."""

    dialogue: Ints
    monday: NDArray[np.datetime64]
    passes: Floats
    accepted: Floats
    weight: Floats

    def where(self, chosen: Flags) -> "Said":
        return Said(
            self.dialogue[chosen],
            self.monday[chosen],
            self.passes[chosen],
            self.accepted[chosen],
            self.weight[chosen],
        )

    def apart(self) -> Floats:
        return self.passes - self.accepted


def weeks(said: Said) -> list[Week]:
    """The latest weeks with decisions."""
    mondays = np.unique(said.monday)[-MOST_WEEKS:]
    return [_week(str(monday), said.where(said.monday == monday)) for monday in mondays]


def _week(monday: str, said: Said) -> Week:
    return Week(
        week=monday,
        decided=len(said.dialogue),
        people=share(said.accepted, said.dialogue, said.weight),
        gap=gap(said),
    )


def gap(said: Said) -> Estimate:
    """The mean difference of pass and acceptance, with an interval by Student's t over dialogues:
    both are of the same ones."""
    from scipy.special import stdtrit  # noqa: PLC0415  (slow to import)

    apart, n = said.apart(), len(said.dialogue)
    clusters = Clusters(said.dialogue)
    value = float(np.average(apart, weights=said.weight))
    found = Estimate(value, n=n, dialogues=clusters.dialogues)
    if clusters.dialogues < FEWEST_DIALOGUES:
        words = f"no interval from fewer than {FEWEST_DIALOGUES} dialogues"
        return Estimate(value, n=n, dialogues=clusters.dialogues, words=words)
    pull = clusters.tables(np.zeros(n, int), 1, said.weight * (apart - value))
    groups = clusters.groups
    variance = groups / (groups - 1) * float((pull**2).sum()) / float(said.weight.sum()) ** 2
    if variance < NO_VARIANCE:
        words = "no interval: it is the same in every dialogue"
        return Estimate(value, n=n, dialogues=clusters.dialogues, words=words)
    reach = float(stdtrit(groups - 1, (1 + LEVEL) / 2)) * math.sqrt(variance)
    return Estimate(value, value - reach, value + reach, n, found.dialogues)


def drift(said: Said) -> str:
    """Whether the gap grows or shrinks over the weeks, in a sentence."""
    number = len(np.unique(said.monday))
    dialogues = len(np.unique(said.dialogue))
    if number < FEWEST_WEEKS:
        return (
            f"Whether judges drift cannot be told from decisions of fewer than {FEWEST_WEEKS} "
            f"weeks: there are {number}."
        )
    if dialogues < FEWEST_TESTED:
        return (
            f"Whether judges drift cannot be told from fewer than {FEWEST_TESTED} decided "
            f"dialogues: there are {dialogues}."
        )
    found = trend(said)
    if found is None:
        return "The judges' pass rate lies equally far from people's in every dialogue: no drift."
    slope, p_value = found
    over = f"over {number} weeks, p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"
    if p_value > SURE:
        return f"No drift is to be seen in how far the judges' pass rate is from people's ({over})."
    way = "rises against" if slope > 0 else "falls against"
    return (
        f"Judges drift: their pass rate {way} people's by {100 * abs(slope):.1f} points a week "
        f"({over})."
    )


def trend(said: Said) -> tuple[float, float] | None:
    """How much the gap grows in a week, and the p-value of that: least squares over decisions,
    with a variance over dialogues that asks nothing of how the gap varies (White, A
    Heteroskedasticity-Consistent Covariance Matrix Estimator, 1980). None where it never varies.
    """
    from scipy.special import stdtr  # noqa: PLC0415  (slow to import)

    days = (said.monday - said.monday.min()) / np.timedelta64(1, "D")
    week = days / DAYS
    middle = np.average(week, weights=said.weight)
    apart = said.apart() - np.average(said.apart(), weights=said.weight)
    lever = said.weight * (week - middle)
    below = float(lever @ (week - middle))
    slope = float(lever @ apart) / below
    clusters = Clusters(said.dialogue)
    rest = apart - slope * (week - middle)
    pull = clusters.tables(np.zeros(len(week), int), 1, lever * rest)
    groups = clusters.groups
    error = math.sqrt(groups / (groups - 2) * float((pull**2).sum())) / below
    if error < NO_VARIANCE:
        return None
    return slope, float(2 * stdtr(groups - 2, -abs(slope / error)))
