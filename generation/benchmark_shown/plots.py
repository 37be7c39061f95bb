"""Where lines and bars of the benchmark stand: lengths in SVG units, no words but names."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from generation.benchmark_shown.names import form_name

LEFT, RIGHT, TOP = 44, 560, 14
WIDTH, LABELS, LOWEST_HEIGHT = 760, 572, 220
# From one label to the next, so that none lies on another.
GAP = 15
TICKS = (1, 5, 10, 50, 100, 500, 1000)
# Towards the whole corpus all curves meet at 100%: told apart are they in its first tenth.
LEAST_K, SHARE_OF_CORPUS = 50, 10


@dataclass(frozen=True)
class Line:
    """One form's recall over k: its path, where it ends, and where its name stands."""

    name: str
    kind: str
    number: int
    path: str
    end: float
    label: float
    shares: list[float]


@dataclass(frozen=True)
class Plot:
    lines: list[Line]
    bottom: float
    height: float
    heights: list[tuple[float, str]]
    ticks: list[tuple[float, str]]
    k: list[int]

    @property
    def words(self) -> str:
        """The plot for who does not see it; the figures are in the table beside."""
        ends = [f"{line.name} {line.shares[-1]:.0%}" for line in self.lines]
        return f"Recall over the first {self.k[-1]:,}: {'; '.join(ends)}"

    def rows(self) -> list[tuple[str, list[float]]]:
        return [(line.name, [line.shares[i] for i in self.shown]) for line in self.lines]

    @property
    def shown(self) -> list[int]:
        """Which places of `k` the table has: those nearest to the ticks."""
        within = [tick for tick in TICKS if self.k[0] <= tick <= self.k[-1]]
        return sorted({min(range(len(self.k)), key=self._far(tick)) for tick in within})

    def _far(self, tick: int) -> Callable[[int], int]:
        return lambda i: abs(self.k[i] - tick)

    @property
    def shown_k(self) -> list[int]:
        return [self.k[i] for i in self.shown]


def curves(data: dict[str, Any], retriever: str) -> Plot | None:
    """None where nothing has a rank."""
    found, k = _cut(data, retriever)
    forms = [form for form in data["forms"] if found.get(form["name"])]
    if not forms or len(k) < 2:
        return None
    bottom = max(TOP + GAP * len(forms), LOWEST_HEIGHT)
    ends = [_height(found[form["name"]][-1], bottom) for form in forms]
    labels = spread(ends, GAP, TOP, bottom)
    numbers = _numbered(forms)
    lines = [
        Line(
            form_name(form, short=True),
            form["kind"],
            numbers[form["name"]],
            _path(k, found[form["name"]], bottom),
            end,
            round(label + 4, 1),
            found[form["name"]],
        )
        for form, end, label in zip(forms, ends, labels, strict=True)
    ]
    return Plot(lines, bottom, bottom + 36, _grid(bottom), _ticks(k), k)


def _cut(data: dict[str, Any], retriever: str) -> tuple[dict[str, list[float]], list[int]]:
    """Recall by form, and k, as far as curves are drawn."""
    most = max(LEAST_K, data["corpus"]["images"] // SHARE_OF_CORPUS)
    k = [one for one in data["curves"]["k"] if one <= most]
    found = data["curves"]["recall"].get(retriever, {})
    return {form: shares[: len(k)] for form, shares in found.items()}, k


def _numbered(forms: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Several forms of one kind are told apart by their dashes."""
    seen: dict[str, int] = {}
    numbers = {}
    for form in forms:
        numbers[form["name"]] = seen.get(form["kind"], 0) % 4
        seen[form["kind"]] = seen.get(form["kind"], 0) + 1
    return numbers


def _path(k: Sequence[int], shares: Sequence[float], bottom: float) -> str:
    places = [
        f"{_across(one, k)} {_height(share, bottom)}" for one, share in zip(k, shares, strict=True)
    ]
    return "M" + " L".join(places)


def _across(one: int, k: Sequence[int]) -> float:
    """Places on a logarithmic axis."""
    part = math.log(one / k[0]) / math.log(k[-1] / k[0])
    return round(LEFT + (RIGHT - LEFT) * part, 1)


def _height(share: float, bottom: float) -> float:
    return round(bottom - (bottom - TOP) * share, 1)


def _grid(bottom: float) -> list[tuple[float, str]]:
    return [(_height(share, bottom), f"{share:.0%}") for share in (1, 0.75, 0.5, 0.25, 0)]


def _ticks(k: Sequence[int]) -> list[tuple[float, str]]:
    return [(_across(one, k), f"{one:,}") for one in TICKS if k[0] <= one <= k[-1]]


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places moved apart to at least `gap`, in their order, as near to where they were as
    they fit between `low` and `high`."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    free = low
    for i in order:
        moved[i] = max(places[i], free)
        free = moved[i] + gap
    free = high
    for i in reversed(order):
        moved[i] = min(moved[i], free)
        free = moved[i] - gap
    return moved


BAR_WIDTH = 240


@dataclass(frozen=True)
class Part:
    """The dialogues of one bin; `tone` says how far from “same” it is, and on which side."""

    label: str
    count: int
    tone: str
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """How ranks changed by one form: its parts from much worse to much better."""

    name: str
    parts: list[Part]

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def worse(self) -> int:
        return self._on("worse")

    @property
    def better(self) -> int:
        return self._on("better")

    @property
    def same(self) -> int:
        return self.total - self.worse - self.better

    def _on(self, side: str) -> int:
        return sum(part.count for part in self.parts if part.tone.startswith(side))


def changes(data: dict[str, Any], retriever: str) -> list[Bar]:
    labels = data["changes"]["labels"]
    counts = data["changes"]["counts"].get(retriever, {})
    forms = [form for form in data["forms"] if any(counts.get(form["name"], ()))]
    return [Bar(form_name(form), _parts(labels, counts[form["name"]])) for form in forms]


def tones(labels: Sequence[str]) -> list[str]:
    """“worse-4”, ..., “same”, ..., “better-4”: the middle bin is no change."""
    middle = len(labels) // 2
    return [
        "same"
        if i == middle
        else f"{'worse' if i < middle else 'better'}-{min(abs(i - middle), 4)}"
        for i in range(len(labels))
    ]


def _parts(labels: Sequence[str], counts: Sequence[int]) -> list[Part]:
    total, x = sum(counts), 0.0
    parts = []
    for label, count, tone in zip(labels, counts, tones(labels), strict=True):
        width = BAR_WIDTH * count / total
        parts.append(Part(label, count, tone, round(x, 2), round(width, 2)))
        x += width
    return parts
