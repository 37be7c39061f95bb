"""One measured figure beside its goal."""

from dataclasses import dataclass


class Skipped(Exception):
    """What a benchmark needs is not here; the message says what."""


@dataclass(frozen=True)
class Figure:
    """A measured value; a goal of None only reports; `least` says which side of it is good."""

    name: str
    value: float
    goal: float | None = None
    unit: str = ""
    least: bool = True

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.value >= self.goal if self.least else self.value <= self.goal

    def __str__(self) -> str:
        value = f"{self.name:<58}{self.value:>9.3f} {self.unit:<4}"
        if self.goal is None:
            return value.rstrip()
        side = "at least" if self.least else "at most"
        return f"{value} {side} {self.goal:g}: {'met' if self.met else 'MISSED'}"
