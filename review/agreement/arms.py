"""Arms compared: what it does to people's decisions that they see scores, candidates or target.

By intention to treat: a decision counts in the arm that was drawn for its place, whatever was seen
in the end. The lot sees to it that arms differ in nothing else.
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from review.agreement import estimates
from review.agreement.estimates import Estimate, Flags, share, share_of, undefined
from review.agreement.record import ACCEPT, EDIT, MORE, REJECT, Record
from review.models import Arm, PlaceState

PLAIN = list(Arm).index(Arm.PLAIN)

# Measures that are shares of decisions, in the order in which they are shown.
ACCEPTED, EDITED, REJECTED, MORE_ASKED = "accepted", "edited", "rejected", "more"
TOP, TRIED, COLLEAGUES, SKIPPED, SECONDS = "top", "tried", "colleagues", "skipped", "seconds"
_BY_VERDICT = {ACCEPTED: ACCEPT, EDITED: EDIT, REJECTED: REJECT, MORE_ASKED: MORE}


@dataclass(frozen=True)
class Attrition:
    """What became of the places of an arm: `unseen` ended before they were begun, `left` ended
    undecided, and `open` ones are still held."""

    drawn: int
    unseen: int
    decided: int
    skipped: int
    left: int
    open: int


@dataclass(frozen=True)
class Measure:
    """One measure of an arm, and how far the plain arm lies above it: what seeing all does. The
    plain arm has no such difference."""

    name: str
    figure: Estimate
    effect: Estimate | None


@dataclass(frozen=True)
class ArmLine:
    arm: str
    attrition: Attrition
    measures: list[Measure]


def arms(record: Record, switched_on: dict[str, float]) -> list[ArmLine]:
    """The plain arm first, then those that have a place or are switched on."""
    known = {count.arm for count in record.places} | {a for a, rate in switched_on.items() if rate}
    plain = _figures(record, Arm.PLAIN)
    return [_line(record, arm, plain) for arm in Arm if arm == Arm.PLAIN or arm.value in known]


def _line(record: Record, arm: Arm, plain: dict[str, Estimate]) -> ArmLine:
    figures = plain if arm == Arm.PLAIN else _figures(record, arm)
    measures = [
        Measure(
            name, figure, None if arm == Arm.PLAIN else _effect(record, arm, name, plain, figure)
        )
        for name, figure in figures.items()
    ]
    return ArmLine(arm.value, attrition(record, arm), measures)


def _effect(
    record: Record, arm: Arm, name: str, plain: dict[str, Estimate], figure: Estimate
) -> Estimate:
    if name == SECONDS:
        return estimates.median_apart(_seconds(record, Arm.PLAIN), _seconds(record, arm))
    return estimates.difference(plain[name], figure)


def _figures(record: Record, arm: Arm) -> dict[str, Estimate]:
    mine = _of_arm(record, arm)
    ranked = mine & (record.top >= 0)
    figures = {
        name: _share(record, record.verdict == verdict, mine)
        for name, verdict in _BY_VERDICT.items()
    }
    states = attrition(record, arm)
    return {
        TOP: _share(record, record.top == 1, ranked),
        **figures,
        TRIED: _share(record, record.tried, mine),
        COLLEAGUES: _colleagues(record, arm),
        SKIPPED: _skipped(states),
        SECONDS: _time(record, arm),
    }


def _of_arm(record: Record, arm: Arm) -> Flags:
    return ~record.adjudication & (record.arm == list(Arm).index(arm))


def _share(record: Record, hit: Flags, among: Flags) -> Estimate:
    if not among.any():
        return undefined("nobody has decided at such a place yet")
    return share(hit[among], record.dialogue[among])


def _time(record: Record, arm: Arm) -> Estimate:
    """The median of decisions, of which a dialogue may have several."""
    dialogues = len(np.unique(record.dialogue[_of_arm(record, arm)]))
    return replace(estimates.median(_seconds(record, arm)), dialogues=dialogues)


def _seconds(record: Record, arm: Arm) -> estimates.Floats:
    return record.seconds[_of_arm(record, arm)]


def _skipped(states: Attrition) -> Estimate:
    ended = states.decided + states.skipped
    return share_of(states.skipped, ended) if ended else undefined("no such place has ended yet")


def _colleagues(record: Record, arm: Arm) -> Estimate:
    """How often a decision has the outcome of another reviewer's in the plain arm."""
    number = list(Arm).index(arm)
    pairs = record.pairs
    one, other = record.arm[pairs.one], record.arm[pairs.other]
    beside = ((one == number) & (other == PLAIN)) | ((one == PLAIN) & (other == number))
    chosen = pairs.where(beside)
    if not len(chosen.one):
        return undefined("no dialogue has another reviewer's decision beside it yet")
    return share(record.same_outcome(chosen), record.dialogue[chosen.one])


def attrition(record: Record, arm: Arm) -> Attrition:
    states: Counter[str] = Counter()
    unseen = 0
    for count in record.places:
        if count.arm != arm:
            continue
        ended_unseen = count.state in {PlaceState.EXPIRED, PlaceState.RETURNED}
        never = count.places - count.begun if ended_unseen else 0
        unseen += never
        states[count.state] += count.places - never
    return Attrition(
        drawn=sum(states.values()) + unseen,
        unseen=unseen,
        decided=states[PlaceState.DECIDED],
        skipped=states[PlaceState.SKIPPED],
        left=states[PlaceState.EXPIRED] + states[PlaceState.RETURNED],
        open=states[PlaceState.OPEN],
    )
