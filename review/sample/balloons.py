"""Hot-air balloons over hills: one, three and many, in several colours and lights."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import PORTRAIT, Canvas
from review.sample.nature import bird, cloud, height_at, hills, overcast, pine, snowfall, sun
from review.sample.plates import Plate
from review.sample.shapes import Outline, ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster, riso

RED, BLUE, YELLOW = ("#d2473a", "#f3d9b0"), ("#2f6fa3", "#f1ead6"), ("#f0b23c", "#e8743b")
GREEN, PLUM, RAINBOW = (
    ("#3f8a68", "#f2d27a"),
    ("#7d4a86", "#f0a6a0"),
    ("#d2473a", "#f0b23c", "#3f8a68", "#2f6fa3", "#7d4a86"),
)
Balloon = tuple[float, float, float, tuple[str, ...]]


@dataclass(frozen=True)
class Valley:
    """The land, the light and the balloons (x, y of the middle, radius, colours)."""

    balloons: tuple[Balloon, ...]
    sky: tuple[str, ...] = ("#6fbfe0", "#bfe3e6", "#fbf0d2")
    land: tuple[str, ...] = ("#a9c8b0", "#8db986", "#6ea35f", "#4b8452")
    light: str = "day"
    village: bool = False


def _valley(look: Valley, c: Canvas) -> None:
    width, height = c.size
    c.sky(look.sky, 0, height * 0.8)
    if look.light == "sunrise":
        sun(c, width * 0.3, height * 0.56, 44, "#fff2c8", "#ffb066")
    elif look.light == "winter":
        overcast(c, 40, 360, ["#e6ebef", "#d4dde4", "#f4f2ee"], 0.7)
    elif look.light == "day":
        for x, y, w in ((150, 330, 220), (620, 400, 260), (890, 250, 180)):
            cloud(c, x, y, w, "#fffdf6", "#dcebea")
    by_distance = sorted(look.balloons, key=lambda one: one[2])
    for far in by_distance[:-3]:
        balloon(c, *far)
    _land(c, look)
    for near in by_distance[-3:]:
        balloon(c, *near)
    _light(c, look)


def _land(c: Canvas, look: Valley) -> None:
    width, height = c.size
    bases = [height * f for f in (0.66, 0.73, 0.81, 0.92)]
    steps = list(zip(look.land, (*look.land[1:], look.land[-1]), strict=True))
    outlines = hills(c, bases, steps, height=90, rough=0.12)
    for outline in outlines:
        c.shade(outline, look.land[-1], "bottom", 0.4)
    _fields(c, outlines[2], look)
    snow = "#ffffff" if look.light == "winter" else ""
    dark = ("#33664a", "#24503d") if not snow else ("#57777c", "#3f5d66")
    for i in range(30):
        x = c.dice.uniform(0, width)
        row = 1 + i % 3
        size = (24, 40, 66)[i % 3] * c.dice.uniform(0.8, 1.3)
        pine(c, x, height_at(outlines[row], x) + size * 0.2, size, *dark, snow)
    if look.village:
        _village(c, outlines[2])


def _fields(c: Canvas, hill: Outline, look: Valley) -> None:
    left, top = c.size[0] * 0.42, c.size[1] * 0.78
    for i in range(8):
        a = (left + 26 * i, top + 6 * (i % 2))
        b = (left - 90 + 62 * i, top + 190)
        furrow = ribbon([a, b], [5, 20])
        c.fill(furrow, look.land[0] if i % 2 else look.land[-1], opacity=0.5, within=hill)


def _village(c: Canvas, hill: Outline) -> None:
    for i in range(9):
        x = 610 + 30 * i
        y = height_at(hill, x) + 14 + 10 * (i % 3)
        c.fill(rect(x - 12, y - 18, 24, 18), "#f4e8d4")
        c.fill([(x - 16, y - 17), (x, y - 33), (x + 16, y - 17)], "#b9553f")
        c.fill(rect(x - 3, y - 12, 6, 8), "#5d6f7c")
    y = height_at(hill, 730)
    c.fill(rect(720, y - 56, 18, 60), "#efe2cc")
    c.fill([(716, y - 54), (729, y - 92), (742, y - 54)], "#5c6b80")


def balloon(c: Canvas, x: float, y: float, r: float, colours: tuple[str, ...]) -> None:
    """An envelope of gores around (x, y), its ropes and its basket."""
    half = [
        (0, -1),
        (0.55, -0.86),
        (0.93, -0.42),
        (0.96, 0.08),
        (0.7, 0.62),
        (0.36, 1.05),
        (0.17, 1.28),
    ]
    body = _envelope(half, 1, x, y, r)
    c.fill(body, colours[0])
    for i, share in enumerate((0.78, 0.52, 0.24)):
        c.fill(_envelope(half, share, x, y, r), colours[(i + 1) % len(colours)])
    c.fill(place(rect(-1, 0.92, 2, 0.13), x, y, r), colours[-1], within=body)
    c.shade(body, "#2b2350", "right", 0.5)
    c.fill(
        place(ellipse(-0.42, -0.42, 0.2, 0.3), x, y, r, turn=25),
        "#ffffff",
        opacity=0.22,
        soft=r * 0.05,
    )
    for dx in (-0.15, 0.15):
        c.stroke(place([(dx, 1.27), (dx * 0.85, 1.56)], x, y, r), max(1, r * 0.02), "#5b4636")
    basket = place(rect(-0.15, 1.55, 0.3, 0.24, 0.04), x, y, r)
    c.fill(basket, ("#a9764a", "#744a31"))
    c.fill(place(rect(-0.17, 1.53, 0.34, 0.06), x, y, r), "#5b3c2c")


def _envelope(half: Outline, share: float, x: float, y: float, r: float) -> Outline:
    right = smooth([(px * share, py) for px, py in half], closed=False)
    return place(right + [(-px, py) for px, py in reversed(right)], x, y, r)


def _light(c: Canvas, look: Valley) -> None:
    if look.light == "sunrise":
        c.mist(c.size[1] * 0.72, 130, "#ffdcb4", 0.6)
        c.glow(c.size[0] * 0.3, c.size[1] * 0.56, 420, "#ffb266", 0.55)
        for x, y in ((500, 120), (540, 140), (575, 112)):
            bird(c, x, y, 30, "#6b4a6b")
    if look.light == "winter":
        snowfall(c, 160)


ONE_RED = Valley(((500, 230, 128, RED),))
THREE = ((300, 190, 84, RED), (560, 280, 110, YELLOW), (790, 170, 66, BLUE))
MANY = (
    (170, 180, 62, RED),
    (330, 330, 34, GREEN),
    (415, 130, 44, PLUM),
    (560, 230, 88, RAINBOW),
    (700, 390, 30, YELLOW),
    (735, 110, 36, BLUE),
    (860, 270, 56, YELLOW),
    (90, 390, 26, BLUE),
    (520, 420, 22, RED),
    (280, 90, 22, YELLOW),
    (925, 110, 24, GREEN),
)
SUNRISE_SKY = ("#7a7fb8", "#e39aa0", "#fbc68c", "#fff0c4")
SUNRISE_LAND = ("#c99aa0", "#a67a92", "#7d5f84", "#574a72")
WINTER_LAND = ("#e3eaf0", "#eef3f6", "#f8fafb", "#dfe9f0")

PLATES = {
    "balloon-red": Plate(partial(_valley, ONE_RED)),
    "balloon-blue": Plate(
        partial(_valley, replace(ONE_RED, balloons=((350, 300, 150, BLUE),), village=True)),
        size=PORTRAIT,
    ),
    "balloons-three": Plate(partial(_valley, Valley(THREE))),
    "balloons-many": Plate(partial(_valley, Valley(MANY))),
    "balloons-sunrise": Plate(
        partial(_valley, Valley(THREE, sky=SUNRISE_SKY, land=SUNRISE_LAND, light="sunrise")),
        finish=poster,
    ),
    "balloon-winter": Plate(
        partial(
            _valley,
            Valley(
                ((420, 220, 112, YELLOW),),
                sky=("#b9cad8", "#e3eaee"),
                land=WINTER_LAND,
                light="winter",
            ),
        )
    ),
    "balloons-riso": Plate(
        partial(_valley, Valley(((320, 300, 170, RED), (560, 150, 74, YELLOW)))),
        size=PORTRAIT,
        finish=partial(riso, dark="#27457d", bright="#ff6b57"),
    ),
}
