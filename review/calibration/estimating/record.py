"""What was drawn and what people decided of it, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from review.agreement.estimates import Flags, Floats, Ints
from review.calibration.draws import Draw, Moments, word_of
from review.calibration.estimating.drifting import Said
from review.calibration.sampling.frames import Frame, Part

Texts = NDArray[np.str_]
# In place of a criterion: the panel's score as a whole.
WHOLE = ""
# In place of the key of a candidate.
NONE = 0


@dataclass(frozen=True)
class Tops:
    """The panel's best candidate of each dialogue, by its score or by one criterion: its key, the
    judges' word on it from 0 to 1, and whether that passes (0 or 1). NaN where judges said nothing.
    """

    candidate: Ints
    said: Floats
    passes: Floats

    def where(self, chosen: Flags) -> "Tops":
        return Tops(self.candidate[chosen], self.said[chosen], self.passes[chosen])


def tops_by_criterion(
    best: Sequence[dict[str, list[float]]], marks: dict[str, int]
) -> dict[str, Tops]:
    """From the best of each dialogue, {criterion: [candidate, mean]}, those of the criteria that
    some have."""
    found = {}
    for criterion, mark in marks.items():
        rows = [one.get(criterion) or (NONE, np.nan) for one in best]
        table = np.array(rows, np.float64).reshape(-1, 2)
        mean = table[:, 1]
        if not np.isnan(mean).all():
            passes = np.where(np.isnan(mean), np.nan, mean >= mark)
            found[criterion] = Tops(table[:, 0].astype(np.int64), word_of(mean), passes)
    return found


@dataclass(frozen=True)
class Words:
    """Decisions that count: by reviewer on a dialogue, both as numbers, in the week of a Monday.

    `chosen` is the key of the candidate that was accepted, or NONE; `also` has further ones as
    pairs of a decision's number and a candidate's key.
    """

    dialogue: Ints
    reviewer: Ints
    monday: NDArray[np.datetime64]
    chosen: Ints
    also: tuple[Ints, Ints]

    def accept(self, candidate: Ints) -> Floats:
        """Whether each accepts the candidate that stands at its dialogue's number."""
        accepted = self.chosen == candidate[self.dialogue]
        decision, key = self.also
        right = key == candidate[self.dialogue[decision]]
        accepted[decision[right]] = True
        return accepted.astype(np.float64)

    def where(self, chosen: Flags) -> "Words":
        number = np.cumsum(chosen) - 1
        decision, key = self.also
        kept = chosen[decision]
        return Words(
            self.dialogue[chosen],
            self.reviewer[chosen],
            self.monday[chosen],
            self.chosen[chosen],
            (number[decision[kept]], key[kept]),
        )


@dataclass(frozen=True)
class Sample:
    """What was drawn at one time: from what, exactly so many all alike (`uniform`) or each dialogue
    by a lot of its own, and from which slice alone, if any."""

    frame: Frame
    uniform: bool
    narrowed: dict[str, str]

    def part(self, criterion: str, slice_of: tuple[str, str] | None) -> Part | None:
        """The judges' word over the whole frame, over a slice of it, or on one criterion."""
        if criterion != WHOLE:
            return self.frame.criteria.get(criterion)
        if slice_of is None:
            return self.frame.overall
        dimension, name = slice_of
        return self.frame.slices.get(dimension, {}).get(name)


class Subsample(NamedTuple):
    """Some of a sample, and what they were drawn from with what had been drawn before."""

    part: Part
    draw: Draw


@dataclass(frozen=True)
class Record:
    """Dialogues that were drawn, one entry each: of which sample, with which probability, the
    panel's best by its score and by criterion, and their slices by dimension; and what people
    decided of them."""

    samples: list[Sample]
    sample: Ints
    probability: Floats
    score: Floats
    tops: dict[str, Tops]
    slices: dict[str, Texts]
    words: Words
    reviewers: list[str]

    def criteria(self) -> list[str]:
        return [criterion for criterion in self.tops if criterion != WHOLE]

    def everywhere(self) -> Flags:
        """Those of samples from the whole dataset."""
        whole = np.array([not sample.narrowed for sample in self.samples], bool)
        return whole[self.sample]

    def within(self, dimension: str, name: str) -> Flags:
        """Those of a slice, from samples of the whole dataset or of this very slice."""
        fits = [sample.narrowed in ({}, {dimension: name}) for sample in self.samples]
        return np.array(fits, bool)[self.sample] & (self.slices[dimension] == name)

    def accepted(self, criterion: str) -> Floats:
        """What share of its reviewers accepted each dialogue's best, NaN where nobody decided."""
        return self._accepted_by[criterion]

    @cached_property
    def _accepted_by(self) -> dict[str, Floats]:
        number = len(self.sample)
        decided = np.bincount(self.words.dialogue, minlength=number)
        found = {}
        for criterion, tops in self.tops.items():
            accepting = self.words.accept(tops.candidate)
            hits = np.bincount(self.words.dialogue, accepting, minlength=number)
            share = np.divide(hits, decided, out=np.full(number, np.nan), where=decided > 0)
            found[criterion] = np.where(np.isnan(tops.said), np.nan, share)
        return found

    @cached_property
    def weight(self) -> Floats:
        """What makes up for unequal probabilities: 1 on average over the decided of a sample, so
        that several samples count by their numbers."""
        weight = 1 / self.probability
        decided = ~np.isnan(self.accepted(WHOLE))
        for number in range(len(self.samples)):
            mine = self.sample == number
            if (mine & decided).any():
                weight[mine] /= weight[mine & decided].mean()
        return weight

    def subsamples(
        self, criterion: str, slice_of: tuple[str, str] | None = None
    ) -> list[Subsample]:
        """What was drawn, all of it or of a slice, by sample in the order of the draws. Those of
        which the frame is another, or knows nothing of the slice, do not weigh."""
        tops = self.tops[criterion]
        chosen = ~np.isnan(tops.said)
        if slice_of is not None:
            dimension, name = slice_of
            chosen &= self.slices[dimension] == name
        whole = [{}] if slice_of is None else [{}, dict([slice_of])]
        gone, found = Part(Moments(), 0), []
        for number in np.unique(self.sample[chosen]).tolist():
            sample = self.samples[number]
            part = sample.part(criterion, slice_of) if sample.narrowed in whole else None
            mine = np.flatnonzero(chosen & (self.sample == number))
            drawn = self._draw(number, criterion, mine, part)
            found.append(Subsample((part or Part(Moments(), 0)).and_also(gone), drawn))
            gone = gone.and_also(
                Part(Moments.of(tops.said[mine]), int(np.nansum(tops.passes[mine])))
            )
        return found

    def _draw(self, number: int, criterion: str, mine: Ints, part: Part | None) -> Draw:
        return Draw(
            accepted=self.accepted(criterion)[mine],
            said=self.tops[criterion].said[mine],
            probability=self.probability[mine],
            frame=part.word if part else Moments.of(self.tops[criterion].said[mine]),
            uniform=self.samples[number].uniform,
            weighs=part is not None,
        )

    def said(self, chosen: Flags) -> Said:
        """The decisions on the chosen dialogues, beside whether the panel's best passes."""
        tops = self.tops[WHOLE]
        words = self.words.where((chosen & ~np.isnan(tops.passes))[self.words.dialogue])
        return Said(
            dialogue=words.dialogue,
            monday=words.monday,
            passes=tops.passes[words.dialogue],
            accepted=words.accept(tops.candidate),
            weight=self.weight[words.dialogue],
        )
