"""Weather, water and plants that several scenes share."""

import math
from collections.abc import Sequence

from review.sample.canvas import Canvas, Paint
from review.sample.shapes import Outline, blob, ellipse, place, rect, ribbon, ridge, smooth


def cloud(c: Canvas, x: float, y: float, width: float, light: str, shadow: str) -> None:
    """A heap of cloud with a lit upper side and a flat base at `y`."""
    puffs = [
        (
            x + width * (i / 5 - 0.5),
            width * c.dice.uniform(0.12, 0.17) * (0.45 + math.sin(i * math.pi / 5)),
        )
        for i in range(6)
    ]
    sky_above = rect(x - width, y - width, 2 * width, width)
    for px, r in puffs:
        c.fill(ellipse(px, y - r * 0.4, r * 1.35, r), shadow, within=sky_above)
    for px, r in puffs:
        c.fill(ellipse(px - r * 0.1, y - r * 0.62, r * 1.15, r * 0.76), light, within=sky_above)


def overcast(
    c: Canvas, top: float, bottom: float, colours: list[str], opacity: float = 0.8
) -> None:
    """Long soft banks of cloud, one over the other."""
    for i in range(11):
        y = top + (bottom - top) * i / 10
        x, w = c.dice.uniform(0, c.size[0]), c.dice.uniform(0.3, 0.6) * c.size[0]
        h = c.dice.uniform(18, 40)
        c.fill(blob(c.dice, x, y, w, h), colours[i % len(colours)], opacity=opacity, soft=9)


def sun(c: Canvas, x: float, y: float, radius: float, colour: str, halo: str) -> None:
    """A disc with its haze."""
    c.glow(x, y, radius * 7, halo, 0.75)
    c.glow(x, y, radius * 3, halo, 0.5)
    c.dot(x, y, radius, colour)


def moon(c: Canvas, x: float, y: float, radius: float, colour: str = "#fdf3cf") -> None:
    """A full moon with faint seas."""
    c.glow(x, y, radius * 6, "#7f93c8", 0.55)
    disc = ellipse(x, y, radius, radius)
    c.fill(disc, colour)
    for dx, dy, r in ((-0.3, -0.2, 0.3), (0.3, 0.1, 0.22), (-0.1, 0.45, 0.18)):
        c.fill(
            ellipse(x + dx * radius, y + dy * radius, r * radius, r * radius),
            "#e2d3a0",
            opacity=0.5,
        )


def glints(c: Canvas, top: float, bottom: float, colour: str, count: int, opacity: float) -> None:
    """Ripples on water: short and dense far away, long and sparse near by."""
    for _ in range(count):
        depth = c.dice.random() ** 1.6
        y = top + (bottom - top) * depth
        length = (10 + 80 * depth) * c.dice.uniform(0.5, 1.4)
        x = c.dice.uniform(-20, c.size[0])
        flat = ellipse(x, y, length, 0.7 + 2.4 * depth)
        c.fill(flat, colour, opacity=opacity * c.dice.uniform(0.4, 1))


def sun_path(
    c: Canvas, x: float, top: float, bottom: float, colour: str, spread: float = 90
) -> None:
    """The broken reflection of a low sun, a moon or a lamp in water."""
    y = top + 3.0
    while y < bottom:
        depth = (y - top) / (bottom - top)
        half = (8 + spread * depth) * c.dice.uniform(0.3, 1)
        shift = c.dice.uniform(-0.35, 0.35) * spread * depth
        c.beam(ellipse(x + shift, y, half, 1.2 + 3 * depth), colour, 0.85 - 0.5 * depth, soft=1)
        y += 5 + 11 * depth


def snowfall(c: Canvas, count: int = 240, colour: str = "#ffffff") -> None:
    """Flakes, the near ones large and soft."""
    for i in range(count):
        x, y = c.dice.uniform(0, c.size[0]), c.dice.uniform(0, c.size[1])
        if i % 12 == 0:
            c.fill(ellipse(x, y, 5, 5), colour, opacity=0.75, soft=1.5)
        else:
            c.dot(x, y, c.dice.uniform(1, 2.8), colour, opacity=c.dice.uniform(0.5, 0.95))


def rainfall(c: Canvas, count: int = 170, colour: str = "#dfe8f2", slant: float = 0.22) -> None:
    """Streaks of rain, all falling the same way."""
    for _ in range(count):
        x, y = c.dice.uniform(-40, c.size[0] + 60), c.dice.uniform(-60, c.size[1])
        length = c.dice.uniform(18, 52)
        streak = ribbon([(x, y), (x - length * slant, y + length)], [0.5, 1.7])
        c.fill(streak, colour, opacity=c.dice.uniform(0.2, 0.5))


def bird(c: Canvas, x: float, y: float, span: float, colour: str) -> None:
    """A gull far off: two bent wings."""
    for side in (-1, 1):
        wing = [
            (x, y),
            (x + side * span * 0.25, y - span * 0.2),
            (x + side * span / 2, y - span * 0.06),
        ]
        c.fill(ribbon(smooth(wing, closed=False), _taper(17, span * 0.07)), colour)


def _taper(count: int, width: float) -> list[float]:
    return [width * (1 - i / count) + 0.4 for i in range(count)]


def hills(
    c: Canvas,
    bases: Sequence[float],
    paints: Sequence[Paint],
    height: float = 90,
    rough: float = 0.2,
) -> list[Outline]:
    """Ridges one before the other, far to near; the outlines come back for shading."""
    outlines = []
    for base, paint in zip(bases, paints, strict=True):
        outlines.append(ridge(c.dice, c.size, base, height, rough=rough))
        c.fill(outlines[-1], paint)
    return outlines


def height_at(outline: Outline, x: float) -> float:
    """The upper edge of a ridge at `x`: where a tree or a house stands on it."""
    return min((p for p in outline[:-2]), key=lambda p: abs(p[0] - x))[1]


def pine(
    c: Canvas, x: float, y: float, height: float, colour: str, shade: str, snow: str = ""
) -> None:
    """A conifer with its foot at (x, y): tiers of hanging branches, lit from the left."""
    c.fill(ribbon([(x, y), (x, y - height * 0.3)], [height * 0.06, height * 0.05]), "#4a342b")
    tiers = 5 if height > 60 else 3
    for i in range(tiers):
        low = y - height * (0.1 + 0.74 * i / tiers)
        half = height * 0.25 * (1 - i / (tiers + 0.6))
        top = low - height * 0.42 * (1 - 0.09 * i)
        _tier(c, x, low, half, max(top, y - height), colour, shade, snow)


def _tier(
    c: Canvas, x: float, low: float, half: float, top: float, colour: str, shade: str, snow: str
) -> None:
    droop = half * 0.18
    skirt = [(x - half, low + droop), (x - half / 2, low - droop / 2), (x, low + droop)]
    skirt += [(x + half / 2, low - droop / 2), (x + half, low + droop)]
    c.fill([(x, top), *skirt[::-1]], colour)
    c.fill(
        [(x, top), (x + half, low + droop), (x + half / 2, low - droop / 2), (x, low + droop)],
        shade,
    )
    if snow:
        cap = [(x, top), (x - half * 0.7, low - droop), (x - half * 0.25, low - droop * 2.4)]
        c.fill([*cap, (x + half * 0.2, low - droop * 1.2), (x + half * 0.5, low - droop * 2)], snow)


def tree(
    c: Canvas, x: float, y: float, height: float, leaves: tuple[str, str, str], bare: bool = False
) -> None:
    """A broad-leaved tree with its foot at (x, y); `leaves` from dark to light."""
    trunk = [(x, y), (x + height * 0.02, y - height * 0.4), (x - height * 0.01, y - height * 0.75)]
    c.fill(ribbon(trunk, [height * 0.07, height * 0.045, height * 0.015]), "#59402f")
    if bare:
        _twigs(c, x, y, height)
        return
    for colour, dx, dy, size in zip(
        leaves, (0.03, -0.03, -0.07), (-0.62, -0.66, -0.72), (0.34, 0.27, 0.16), strict=True
    ):
        crown = blob(
            c.dice, x + dx * height, y + dy * height, size * height, size * 1.02 * height, 11
        )
        c.fill(crown, colour)
        c.shade(crown, leaves[0], "right", 0.35)


def _twigs(c: Canvas, x: float, y: float, height: float) -> None:
    for i in range(9):
        side = -1 if i % 2 else 1
        at = y - height * (0.32 + 0.055 * i)
        reach = height * c.dice.uniform(0.16, 0.27) * (1 - i * 0.06)
        twig = [
            (x, at),
            (x + side * reach * 0.5, at - reach * 0.5),
            (x + side * reach, at - reach * 1.1),
        ]
        c.fill(ribbon(smooth(twig, closed=False, steps=4), _taper(9, height * 0.022)), "#59402f")


def person(
    c: Canvas,
    x: float,
    y: float,
    height: float,
    coat: str,
    trousers: str = "#2e3347",
    hair: str = "#3a2a22",
) -> None:
    """Somebody walking, seen from a distance, feet at (x, y)."""
    h = height
    for dx in (-0.07, 0.07):
        leg = [(x, y - h * 0.48), (x + dx * h * 0.8, y - h * 0.22), (x + dx * h * 1.5, y)]
        c.fill(ribbon(leg, [h * 0.12, h * 0.09, h * 0.075]), trousers)
    body = [
        (-0.09, -0.82),
        (0.09, -0.82),
        (0.15, -0.6),
        (0.15, -0.36),
        (-0.15, -0.36),
        (-0.15, -0.6),
    ]
    torso = place(smooth(body, steps=5), x, y, h)
    c.fill(torso, coat)
    c.shade(torso, "#1c1f33", "right", 0.35)
    c.fill(
        ribbon([(x - h * 0.1, y - h * 0.76), (x - h * 0.17, y - h * 0.5)], [h * 0.08, h * 0.06]),
        coat,
    )
    c.dot(x, y - h * 0.91, h * 0.085, "#e6b492")
    c.fill(ellipse(x, y - h * 0.935, h * 0.09, h * 0.075), hair)
