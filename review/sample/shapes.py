"""Outlines of the sample's pictures: lists of (x, y) points in pixels of the finished picture."""

import math
import random
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
Outline = list[Point]


def rect(x: float, y: float, width: float, height: float, radius: float = 0) -> Outline:
    """A rectangle from its upper left corner, with rounded corners where a radius is given."""
    if not radius:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    r = min(radius, width / 2, height / 2)
    corners = [
        (x + width - r, y + r, -90),
        (x + width - r, y + height - r, 0),
        (x + r, y + height - r, 90),
        (x + r, y + r, 180),
    ]
    return [p for cx, cy, a in corners for p in ellipse(cx, cy, r, r, a, a + 90)]


def ellipse(
    cx: float, cy: float, rx: float, ry: float, start: float = 0, end: float = 360
) -> Outline:
    """An ellipse or an arc of it; degrees run clockwise from the right, as in Pillow."""
    steps = max(10, int(abs(end - start) / 360 * (24 + max(rx, ry) / 3)))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 8) -> Outline:
    """A Catmull-Rom curve through the points."""
    n = len(points)
    spans = range(n if closed else n - 1)
    curve = [_on_curve(points, i, s / steps, closed) for i in spans for s in range(steps)]
    return curve if closed else [*curve, points[-1]]


def _on_curve(points: Sequence[Point], i: int, t: float, closed: bool) -> Point:
    n = len(points)
    at = [(i + k) % n if closed else min(max(i + k, 0), n - 1) for k in (-1, 0, 1, 2)]
    a, b, c, d = (points[k] for k in at)
    x, y = (
        0.5
        * (
            2 * q
            + (r - p) * t
            + (2 * p - 5 * q + 4 * r - s) * t**2
            + (3 * q - p - 3 * r + s) * t**3
        )
        for p, q, r, s in zip(a, b, c, d, strict=True)
    )
    return x, y


def symmetric(right_half: Sequence[Point], steps: int = 7) -> Outline:
    """A smooth closed form from the points right of its upright axis, from top to bottom."""
    return smooth([*right_half, *[(-x, y) for x, y in reversed(right_half)]], steps=steps)


def band(spine: Sequence[Point], start: float, end: float) -> Outline:
    """A smooth band along the points whose width runs evenly from `start` to `end`."""
    curve = smooth(spine, closed=False)
    return ribbon(curve, [start + (end - start) * i / len(curve) for i in range(len(curve))])


def ribbon(points: Sequence[Point], widths: Sequence[float]) -> Outline:
    """A band along the points, as wide at each as `widths` says: trunks, tails, paths, masts."""
    left: Outline = []
    right: Outline = []
    for i, ((x, y), width) in enumerate(zip(points, widths, strict=True)):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]
        length = math.hypot(bx - ax, by - ay) or 1
        nx, ny = -(by - ay) / length * width / 2, (bx - ax) / length * width / 2
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def line(a: Point, b: Point, width: float) -> Outline:
    """A straight band from a to b."""
    return ribbon([a, b], [width, width])


def place(
    outline: Sequence[Point],
    x: float,
    y: float,
    scale: float = 1,
    *,
    flip: bool = False,
    turn: float = 0,
) -> Outline:
    """An outline drawn around (0, 0), scaled, mirrored, turned (degrees) and moved to (x, y)."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    sx = -scale if flip else scale
    return [
        (x + px * sx * c - py * scale * s, y + px * sx * s + py * scale * c) for px, py in outline
    ]


def ridge(
    dice: random.Random, size: tuple[int, int], base: float, height: float, *, rough: float = 0.5
) -> Outline:
    """The land below a skyline around y = `base`, made by midpoint displacement.

    `rough` from 0 (rolling hills) to 1 (jagged rock) is how slowly the displacement fades.
    """
    heights = [dice.uniform(-1, 1) for _ in range(4)]
    swing = 0.5
    for _ in range(6):
        swing *= 0.32 + 0.28 * rough
        heights = _halved(dice, heights, swing)
    width, floor = size
    step = (width + 40) / (len(heights) - 1)
    line_ = [(-20 + i * step, base - h * height / 2) for i, h in enumerate(heights)]
    top = smooth(line_, closed=False, steps=2) if rough < 0.3 else line_
    return [*top, (width + 20, floor + 20), (-20, floor + 20)]


def _halved(dice: random.Random, heights: list[float], swing: float) -> list[float]:
    out = [heights[0]]
    for a, b in pairwise(heights):
        out += [(a + b) / 2 + dice.uniform(-swing, swing), b]
    return out


def blob(
    dice: random.Random, cx: float, cy: float, rx: float, ry: float, bumps: int = 9
) -> Outline:
    """A round, uneven form: crowns of trees, bushes, stones."""
    points = []
    for i in range(bumps):
        a, r = math.tau * i / bumps, dice.uniform(0.84, 1.1)
        points.append((cx + rx * r * math.cos(a), cy + ry * r * math.sin(a)))
    return smooth(points, steps=6)


def bounds(outline: Sequence[Point]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    xs, ys = [p[0] for p in outline], [p[1] for p in outline]
    return min(xs), min(ys), max(xs), max(ys)
