"""What an estimate is made from: dialogues that were drawn, and what they were drawn from."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from review.agreement.estimates import Flags, Floats


@dataclass(frozen=True)
class Moments:
    """The judges' word f over the dialogues that a draw is from: their number, sum of f, of f²."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: Floats) -> Self:
        return cls(len(values), float(values.sum()), float((values**2).sum()))

    @classmethod
    def from_json(cls, data: list[Any]) -> Self:
        return cls(int(data[0]), float(data[1]), float(data[2]))

    def as_json(self) -> list[float]:
        return [self.n, self.total, self.squares]

    def and_also(self, other: "Moments") -> "Moments":
        """Over both, which share no dialogue."""
        n, total, squares = self.n + other.n, self.total + other.total, self.squares + other.squares
        return Moments(n, total, squares)

    def mean(self) -> float:
        return self.total / self.n


@dataclass(frozen=True)
class Draw:
    """One sample: for each drawn dialogue whether people accepted (`accepted`, from 0 to 1, NaN
    where nobody has said), the judges' word f from 0 to 1, and the probability it was drawn with.

    `uniform`: exactly so many, all alike; otherwise each dialogue by a lot of its own. `frame` has
    all dialogues that it is drawn from, the drawn ones among them. One that does not weigh was
    drawn from a part alone, and tells only what is gone from the frames of later draws.
    """

    accepted: Floats
    said: Floats
    probability: Floats
    frame: Moments
    uniform: bool
    weighs: bool = True

    def decided(self) -> Flags:
        return ~np.isnan(self.accepted)


def word_of(score: Floats) -> Floats:
    """A panel score, from 1 to 5, as the judges' word f, from 0 to 1."""
    return (score - 1) / 4
