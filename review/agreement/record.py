"""What reviewers decided on a dataset, as arrays with one entry for each decision."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from review.agreement.estimates import Flags, Floats, Ints

# What a decision says of a dialogue, as a category that can be compared across dialogues. A text
# that was typed and equals a candidate counts as accepting it, as everywhere.
ACCEPT, EDIT, REJECT, MORE = range(4)
# The first three settle a dialogue.
SETTLING = 3
# In place of the key of a candidate.
REJECTED, UNSETTLED = 0, -1


@dataclass(frozen=True)
class PlaceCount:
    """How many places of an arm stand in a state, and how many of them were begun."""

    arm: str
    state: str
    places: int
    begun: int


@dataclass(frozen=True)
class Record:
    """Decisions for the record that stand, in the order of dialogues and then of reviewers.

    `present` are those of a dialogue's present round. `top` is 1 where the panel's best candidate
    was accepted, 0 where it was not, -1 where there is none to compare with. `arm` counts along
    `Arm`, -1 for adjudicators, who have no place, and where a dialogue was drawn for calibration,
    whose arm is not by lot. `again` are those given at a second look.
    """

    reviewers: list[str]
    dialogue: Ints
    reviewer: Ints
    verdict: Ints
    outcome: Ints  # key of a candidate, or REJECTED
    final: Ints  # what the dialogue came to, or UNSETTLED
    week: NDArray[np.datetime64]  # its Monday
    arm: Ints
    seconds: Floats
    top: Ints
    adjudication: Flags
    present: Flags
    tried: Flags
    again: Flags
    places: list[PlaceCount]

    @cached_property
    def counting(self) -> Ints:
        """Reviewers' verdicts that settle a dialogue in its present round."""
        settles = self.verdict < SETTLING
        return np.flatnonzero(self.present & settles & ~self.adjudication)

    @cached_property
    def pairs(self) -> "Pairs":
        """Every two of these on the same dialogue."""
        return paired(self.dialogue, self.counting)

    def same_outcome(self, pairs: "Pairs") -> Flags:
        return self.outcome[pairs.one] == self.outcome[pairs.other]

    def same_verdict(self, pairs: "Pairs") -> Flags:
        return self.verdict[pairs.one] == self.verdict[pairs.other]


@dataclass(frozen=True)
class Pairs:
    """Every two decisions of one dialogue, as numbers of decisions, the lower reviewer first."""

    one: Ints
    other: Ints

    def where(self, chosen: Flags) -> "Pairs":
        return Pairs(self.one[chosen], self.other[chosen])


def paired(dialogue: Ints, decisions: Ints) -> Pairs:
    """Pairs among `decisions`, which are in the order of dialogues and then of reviewers."""
    of = dialogue[decisions]
    ones, others = [decisions[:0]], [decisions[:0]]
    for apart in range(1, len(of)):
        together = np.flatnonzero(of[:-apart] == of[apart:])
        if not len(together):
            break
        ones.append(decisions[together])
        others.append(decisions[together + apart])
    return Pairs(np.concatenate(ones), np.concatenate(others))
