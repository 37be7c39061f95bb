"""What judges and people said of a dataset's candidates, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from review.agreement.estimates import Floats, Ints

# The two passes: the second shows the candidates in the reverse order.
FIRST, SECOND = 0, 1


class Judge(NamedTuple):
    name: str
    family: str
    offline: bool


class Author(NamedTuple):
    name: str
    family: str


@dataclass(frozen=True)
class Marks:
    """How a rubric's criteria count: weight and pass mark, each in the order of the criteria."""

    weights: Floats
    pass_marks: Floats


@dataclass
class Verdicts:
    """What people's decisions say of the candidates that they could have chosen: one entry for
    each decision and candidate. `unseen` are those of a reviewer from whom the scores were hidden.
    `missing` counts the decisions that say nothing of them."""

    candidate: Ints
    accepted: NDArray[np.bool_]
    decision: Ints
    unseen: NDArray[np.bool_]
    decisions: int = 0
    saw_scores: int = 0
    missing: dict[str, int] = field(default_factory=dict)


@dataclass
class Compared:
    """Words on pairs, one entry for each pair and judge; of a pair's two askings `named` counts
    those that named a winner and were kept, `first` those where the first shown won."""

    dialogue: Ints
    judge: Ints
    flipped: NDArray[np.bool_]
    tied: NDArray[np.bool_]
    named: Ints
    first: Ints


@dataclass(frozen=True)
class Partition:
    """Into which of some named parts each dialogue falls."""

    names: list[str]
    of: Ints  # (dialogues): which of the names


class Version(NamedTuple):
    """What a judge was when it scored."""

    model: str
    prompt_hash: str


@dataclass(frozen=True)
class Log:
    """What judges scored here at their first pass, whatever was said later: one entry for each
    candidate, judge and prompt. A day is a date's ordinal."""

    candidate: NDArray[np.int32]
    judge: NDArray[np.int32]
    version: NDArray[np.int32]
    day: NDArray[np.int32]
    scores: NDArray[np.int8]  # (entries, k), 0 for none
    versions: list[Version]
    today: int


@dataclass
class Record:
    """Candidates (c) with the scores (1 to 5, 0 for none) of judges (j) on criteria (k)."""

    judges: list[Judge]
    criteria: list[str]
    marks: Marks
    # By candidate: its dialogue, who wrote it (an index into `authorships`), its panel's score.
    dialogue: Ints
    authorship: Ints
    panel: Floats
    authorships: list[tuple[Author, ...]]
    scores: NDArray[np.int8]  # (passes, c, j, k)
    places: NDArray[np.int8]  # (passes, c, j), from 0; -1 where not known
    self_judged: NDArray[np.bool_]  # (c, j)
    verdicts: Verdicts
    compared: Compared
    # By dimension of `review.calibration.slices`; not by rewriter, which `authorships` tell.
    partitions: dict[str, Partition]
    log: Log
    # Judges with the fewest scores that found no room.
    left_out: list[str] = field(default_factory=list)

    def scoring(self) -> list[int]:
        """The judges that gave a score; others compared pairs alone."""
        return [int(j) for j in np.flatnonzero(self.scores.any(axis=(0, 1, 3)))]

    def score(self, j: int, k: int) -> Floats:
        """A judge's score on a criterion, the mean over its passes; NaN for none: (c)."""
        one = self.scores[:, :, j, k]
        return _divided(one.sum(axis=0, dtype=np.int64), (one > 0).sum(axis=0))

    @cached_property
    def overall(self) -> Floats:
        """Each judge's weighted mean over its criteria, as the panel's score takes it: (c, j).

        In thousandths, so that equal means are equal whatever order they were added in.
        """
        criteria = range(len(self.criteria))
        columns = [
            self.weighted([self.score(j, k) for k in criteria]) for j in range(len(self.judges))
        ]
        return np.array(columns).reshape(len(self.judges), len(self.dialogue)).T

    def overall_of(self, one_pass: int, j: int) -> Floats:
        """The same of one judge in one of its passes: (c)."""
        return self.weighted(list(known_scores(self.scores[one_pass, :, j, :]).T))

    def weighted(self, means: Sequence[Floats]) -> Floats:
        """The mean over criteria by their weights, of those that are known; NaN where none is."""
        total = np.zeros_like(means[0])
        weight = np.zeros_like(total)
        for mean, share in zip(means, self.marks.weights, strict=True):
            known = ~np.isnan(mean)
            total += np.where(known, mean, 0) * share
            weight += known * share
        return np.round(_divided(total, weight), 3)


def known_scores(scores: NDArray[np.int8]) -> Floats:
    """Scores with NaN for none."""
    return np.where(scores > 0, scores.astype(np.float64), np.nan)


def _divided(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    nothing = np.full(above.shape, np.nan)
    return np.divide(above, below, out=nothing, where=below > 0)
