"""A cabin by a mountain lake through the year and the day."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import SQUARE, Canvas
from review.sample.nature import (
    cloud,
    glints,
    height_at,
    moon,
    overcast,
    pine,
    snowfall,
    sun,
    sun_path,
    tree,
)
from review.sample.plates import Plate
from review.sample.shapes import Outline, Point, ellipse, place, rect, ribbon, ridge, smooth
from review.sample.styles import linocut, poster, watercolour

SHORE = 470


@dataclass(frozen=True)
class Lake:
    """Colours, season and hour of one picture."""

    sky: tuple[str, ...] = ("#5db0d8", "#b6dfe6", "#f4efd8")
    peaks: tuple[str, ...] = ("#8fb1c8", "#6f93ac", "#53788c")
    wood: tuple[str, str] = ("#3f7a5c", "#2b5b4a")
    meadow: tuple[str, ...] = ("#9cbf6a", "#6c9a55")
    water: tuple[str, ...] = ("#7fc0cf", "#3f8aa8", "#245a7c")
    leaves: tuple[str, str, str] = ("#3f7a4c", "#5c9a58", "#8cbb62")
    air: str = "clear"
    snow: bool = False
    lamp: bool = False
    canoe: bool = False
    jetty: bool = True


def _lake(look: Lake, c: Canvas) -> None:
    width, height = c.size
    c.sky(look.sky, 0, SHORE)
    _sky_things(c, look)
    _mountains(c, look)
    _far_shore(c, look)
    _cabin(c, width * 0.66, SHORE - 8, look)
    c.sky(look.water, SHORE)
    c.mirror(SHORE, 240, 0.62)
    glints(c, SHORE + 3, height, "#ffffff", 60, 0.22)
    _foreground(c, look)
    _air(c, look)


def _sky_things(c: Canvas, look: Lake) -> None:
    if look.air == "clear":
        cloud(c, 210, 150, 240, "#fffdf4", "#d9e6ea")
        cloud(c, 720, 110, 190, "#fffdf4", "#d9e6ea")
    elif look.air == "snowing":
        overcast(c, 10, 330, ["#c4ccd2", "#aab6bf", "#d8dcda"], 0.8)
    elif look.air == "sunset":
        sun(c, 330, 330, 40, "#fff0c4", "#ffab66")


def _mountains(c: Canvas, look: Lake) -> None:
    for i, colour in enumerate(look.peaks):
        far = (165, 245, 315)[i]
        tops = [
            (c.size[0] * (0.18 + 0.36 * k + 0.12 * i), far + c.dice.uniform(-45, 35))
            for k in range(-1, 3)
        ]
        for x, y in sorted(tops, key=lambda top: top[1], reverse=True):
            _peak(c, x, y, (colour, look.peaks[min(i + 1, len(look.peaks) - 1)]), i < 2)


def _peak(c: Canvas, x: float, y: float, paint: tuple[str, str], snow: bool) -> None:
    """One mountain: a lit and a shaded face along a crooked arete, snow on its top."""
    rise = SHORE - y
    left = _crooked(c, (x, y), (x - rise * 1.5, SHORE), 7)
    right = _crooked(c, (x, y), (x + rise * 1.5, SHORE), 7)
    spine = _crooked(c, (x, y), (x + rise * 0.32, SHORE), 12)
    body = [*reversed(left), *right]
    c.fill(body, paint)
    c.fill([*spine, *reversed(right)], _darker(paint[0]), opacity=0.55)
    if snow:
        cap = [(x - rise * 0.75, y + rise * 0.5), (x, y - 2), (x + rise * 0.75, y + rise * 0.5)]
        teeth = [
            (x + rise * t, y + rise * (0.2 + c.dice.uniform(0, 0.2) - abs(t) * 0.1)) for t in _TEETH
        ]
        c.fill([*cap, *teeth], "#f6f7f5", within=body)
        c.fill([*spine, *reversed(right)], _darker(paint[0]), opacity=0.3)
    c.shade(body, paint[1], "bottom", 0.4)


_TEETH = [0.5 - i / 12 for i in range(13)]


def _crooked(c: Canvas, a: Point, b: Point, sway: float) -> Outline:
    """A line from a to b that strays by up to `sway` pixels, less at its ends."""
    steps = 14
    return [
        (
            a[0] + (b[0] - a[0]) * i / steps + c.dice.uniform(-sway, sway) * (0 < i < steps),
            a[1] + (b[1] - a[1]) * i / steps + c.dice.uniform(-sway, sway) * (0 < i < steps),
        )
        for i in range(steps + 1)
    ]


def _far_shore(c: Canvas, look: Lake) -> None:
    for row, (base, size) in enumerate(((395, 62), (425, 84))):
        hill = ridge(c.dice, c.size, base + 24, 46, rough=0.15)
        c.fill(hill, look.wood[row])
        for i in range(26):
            x = i * c.size[0] / 25 + c.dice.uniform(-14, 14)
            if row == 0 or abs(x - c.size[0] * 0.66) > 130:
                foot = height_at(hill, x) + 16
                cap = "#eef3f5" if look.snow else ""
                tall = size * c.dice.uniform(0.75, 1.25)
                pine(c, x, foot, tall, look.wood[row], _darker(look.wood[row]), cap)
    bank = [
        (-20, SHORE - 14),
        (300, SHORE - 20),
        (520, SHORE - 40),
        (800, SHORE - 36),
        (1000, SHORE - 26),
    ]
    c.fill([*smooth(bank, closed=False), (1000, SHORE + 4), (-20, SHORE + 4)], look.meadow)


def _darker(colour: str) -> str:
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(v * 0.76):02x}" for v in channels)


def _cabin(c: Canvas, x: float, y: float, look: Lake) -> None:
    """A log house with a pitched roof, a chimney and two windows; its foot at (x, y)."""
    wall = rect(x - 62, y - 62, 124, 62)
    c.fill(wall, ("#a8653f", "#7d4630"))
    for i in range(6):
        c.stroke([(x - 62, y - 52 + 10 * i), (x + 62, y - 52 + 10 * i)], 1.4, "#5d3325", 0.55)
    gable = [(x - 30, y - 60), (x, y - 112), (x + 62, y - 112), (x + 62, y - 60)]
    c.fill(gable, "#8b5138")
    c.fill(rect(x + 28, y - 138, 16, 46), "#6d5a55")
    roof = [(x - 76, y - 56), (x - 18, y - 122), (x + 52, y - 122), (x + 80, y - 56)]
    c.fill(roof, "#f4f6f8" if look.snow else "#4b4a57")
    c.shade(roof, "#2a2b3d", "right", 0.3 if look.snow else 0.6)
    c.fill(rect(x - 10, y - 44, 22, 44), "#4c2c22")
    for dx in (-46, 28):
        c.fill(rect(x + dx, y - 44, 24, 24), "#ffd982" if look.lamp else "#b9d7dd")
        c.stroke([(x + dx + 12, y - 44), (x + dx + 12, y - 20)], 2, "#5d3325")
        c.stroke([(x + dx, y - 32), (x + dx + 24, y - 32)], 2, "#5d3325")
    if look.lamp or look.snow:
        _smoke(c, x + 36, y - 138)


def _smoke(c: Canvas, x: float, y: float) -> None:
    for i in range(9):
        c.fill(
            ellipse(x + 5 * i + 5 * (i % 2), y - 11 * i, 7 + 2.6 * i, 5 + 2 * i),
            "#f1eee8",
            opacity=0.42 - 0.04 * i,
            soft=3,
        )


def _foreground(c: Canvas, look: Lake) -> None:
    width, height = c.size
    if look.jetty:
        _jetty(c, width, height)
    if look.canoe:
        _canoe(c, width * 0.36, 585)
    cap = "#f2f5f7" if look.snow else ""
    pine(c, 70, height + 10, 430, look.wood[1], _darker(look.wood[1]), cap)
    pine(c, 165, height + 30, 300, look.wood[0], look.wood[1], cap)
    tree(c, width - 70, height + 20, 380, look.leaves, bare=look.snow)
    mound = [
        (-20, height - 40),
        (110, height - 58),
        (260, height - 14),
        (300, height + 20),
        (-20, height + 20),
    ]
    c.fill(smooth(mound, steps=6), look.meadow)
    mound = [
        (width + 20, height - 60),
        (width - 120, height - 40),
        (width - 230, height + 20),
        (width + 20, height + 20),
    ]
    c.fill(smooth(mound, steps=6), look.meadow)


def _jetty(c: Canvas, width: float, height: float) -> None:
    for x, y in ((474, 548), (560, 548), (446, 640), (592, 640)):  # posts
        c.fill(rect(x - 5, y - 22, 10, 74), ("#6b4c3b", "#3b2f33"))
    deck = [(486, 536), (548, 536), (640, height + 10), (396, height + 10)]
    c.fill(deck, ("#b98a62", "#8a5f45"))
    gap, step = 540.0, 8.0
    while gap < height:
        spread = (gap - 536) / (height + 10 - 536)
        c.stroke([(486 - 90 * spread, gap), (548 + 92 * spread, gap)], 1.4, "#5b3c2d", 0.7)
        gap, step = gap + step, step * 1.14


def _canoe(c: Canvas, x: float, y: float) -> None:
    c.fill(ellipse(x, y + 22, 124, 10), "#16303f", opacity=0.35, soft=3)
    hull = [(-120, -22), (-96, -2), (-60, 18), (60, 18), (96, -2), (120, -22), (70, -6), (-70, -6)]
    shell = place(smooth(hull, steps=6), x, y)
    for dx, coat in ((-34, "#2f6f7a"), (40, "#d9a441")):
        c.fill(
            place(
                smooth([(-15, 6), (-17, -26), (-8, -42), (8, -42), (17, -26), (15, 6)]), x + dx, y
            ),
            coat,
        )
        c.dot(x + dx, y - 54, 11, "#e3ae8a")
        c.fill(ellipse(x + dx, y - 58, 11.5, 8.5), "#3a2a22")
        c.stroke([(x + dx + 10, y - 44), (x + dx + 44, y + 30)], 3, "#8a5f45")
    c.fill(shell, ("#c8452f", "#8e2d2a"))
    c.stroke(place([(-116, -20), (-70, -6), (70, -6), (116, -20)], x, y), 2.6, "#f0c98c")


def _air(c: Canvas, look: Lake) -> None:
    if look.air == "night":
        c.tint("#41539a", 0.85)
        c.stars(150, 190)
        moon(c, 250, 110, 30)
        sun_path(c, 250, SHORE + 10, 700, "#7f93c8", 40)
    if look.air == "sunset":
        c.tint("#f0a48c", 0.7)
        c.glow(330, 330, 330, "#ff9a58", 0.6)
        sun_path(c, 330, SHORE, 720, "#ffb872", 60)
    if look.lamp:
        x = c.size[0] * 0.66
        for dx in (-34, 40):
            c.glow(x + dx, SHORE - 40, 70, "#ffc968", 0.9)
            c.beam(
                ribbon([(x + dx, SHORE + 6), (x + dx, SHORE + 120)], [26, 10]),
                "#ffb85c",
                0.45,
                soft=5,
            )
    if look.air == "mist":
        c.mist(SHORE - 40, 210, "#f6efe4", 0.9)
        c.mist(SHORE + 70, 120, "#f6efe4", 0.7)
        c.glow(300, 190, 420, "#ffe3b8", 0.6)
    if look.air == "snowing":
        snowfall(c, 260)


SUMMER = Lake()
AUTUMN = Lake(
    sky=("#86b4cc", "#d9dccb", "#f8e6c0"),
    peaks=("#a3aebf", "#8490a6", "#6a7488"),
    wood=("#b9843c", "#8f5a34"),
    meadow=("#d8b25c", "#a97f3f"),
    water=("#8fb2bb", "#4f7f94", "#2c5269"),
    leaves=("#a8432c", "#d3692f", "#eda143"),
)
WINTER = Lake(
    sky=("#a9bfd4", "#d7e2ea", "#f1eee6"),
    peaks=("#b7c6d6", "#96aabd", "#778da3"),
    wood=("#5c7f84", "#3e6069"),
    meadow=("#f6f8f9", "#dbe5ec"),
    water=("#cfdde6", "#a8c0cf", "#86a3b6"),
    air="snowing",
    snow=True,
)
SUNSET = replace(
    SUMMER,
    sky=("#47508c", "#b56a92", "#f39a72", "#ffd596"),
    peaks=("#a5739a", "#7d5a8a", "#58497a"),
    air="sunset",
)

PLATES = {
    "lake-summer": Plate(partial(_lake, SUMMER)),
    "lake-canoe": Plate(partial(_lake, replace(SUMMER, canoe=True, jetty=False))),
    "lake-autumn": Plate(partial(_lake, AUTUMN)),
    "lake-winter": Plate(partial(_lake, WINTER)),
    "lake-night": Plate(partial(_lake, replace(SUMMER, air="night", lamp=True)), finish=poster),
    "lake-sunset": Plate(partial(_lake, SUNSET), finish=poster),
    "lake-mist": Plate(partial(_lake, replace(SUMMER, air="mist")), finish=watercolour),
    "lake-linocut": Plate(
        partial(_lake, replace(WINTER, air="clear")),
        size=SQUARE,
        finish=partial(linocut, ink="#1f4a3c", paper="#f1ead6"),
    ),
}
