"""Sailing boats in a bay: one or several, white, red or striped, under way or moored."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import PORTRAIT, Canvas
from review.sample.nature import bird, cloud, glints, sun, sun_path
from review.sample.plates import Plate
from review.sample.shapes import Point, ellipse, place, rect, ridge, smooth
from review.sample.styles import linocut, poster, watercolour

Boat = tuple[float, float, float, str, str]


@dataclass(frozen=True)
class Bay:
    """Boats (x, y of the waterline, scale, sail, hull) and the light around them."""

    boats: tuple[Boat, ...]
    sky: tuple[str, ...] = ("#58b0d6", "#a9dbe3", "#f8efd2")
    sea: tuple[str, ...] = ("#6fc0c4", "#2f8fa6", "#1d6384")
    coast: tuple[str, str] = ("#8fb3a8", "#5f8f86")
    light: str = "day"
    harbour: bool = False


def _bay(look: Bay, c: Canvas) -> None:
    height = c.size[1]
    horizon = height * 0.52
    c.sky(look.sky, 0, horizon)
    _heavens(c, look, horizon)
    for i, colour in enumerate(look.coast):
        hill = ridge(c.dice, c.size, horizon - 34 + 20 * i, 84 - 30 * i, rough=0.3)
        c.fill(hill, colour)
        c.shade(hill, look.coast[1], "bottom", 0.3)
    c.sky(look.sea, horizon)
    _path_of_light(c, look, horizon)
    glints(c, horizon + 3, height, "#f2fffb", 170, 0.4)
    if look.harbour:
        _quay(c, horizon)
    for x, y, scale, sail, hull in sorted(look.boats, key=lambda boat: boat[1]):
        sailboat(c, (x, y), scale, sail, hull, furled=look.harbour)


def _heavens(c: Canvas, look: Bay, horizon: float) -> None:
    width = c.size[0]
    if look.light == "sunset":
        sun(c, width * 0.62, horizon - 74, 52, "#ffe7a6", "#ff8f4f")
        for y, colour in ((90, "#f08a6a"), (150, "#f7b27a"), (200, "#d9607a")):
            c.fill(ellipse(width * 0.3 + y, y, 320, 8), colour, opacity=0.6, soft=3)
    elif look.light == "day":
        cloud(c, width * 0.2, 170, 260, "#fffdf5", "#dbe9ea")
        cloud(c, width * 0.8, 120, 210, "#fffdf5", "#dbe9ea")
        for x, y, span in ((0.45, 100, 44), (0.5, 128, 30), (0.41, 140, 26)):
            bird(c, width * x, y, span, "#54707e")


def _path_of_light(c: Canvas, look: Bay, horizon: float) -> None:
    if look.light == "sunset":
        sun_path(c, c.size[0] * 0.62, horizon, c.size[1], "#ffb469", 100)


def sailboat(
    c: Canvas, at: Point, scale: float, sail: str, hull: str, furled: bool = False
) -> None:
    """A sloop on the water; sails are `furled` when moored."""
    x, y = at
    c.fill(ellipse(x, y + 14 * scale, 96 * scale, 8 * scale), "#0f3448", opacity=0.35, soft=3)
    if not furled:
        _reflection(c, x, y + 10 * scale, scale, sail)
    c.stroke(place([(0, 0), (0, -206)], x, y, scale), 4 * scale, "#6b4a36")
    if furled:
        c.fill(place(rect(-4, -44, 84, 11, 5), x, y, scale), sail)
    else:
        _sails(c, x, y, scale, sail)
    shell = place(smooth([(-92, -14), (-60, 12), (52, 12), (84, -14)], closed=False), x, y, scale)
    c.fill(shell, hull)
    c.shade(shell, "#1c1d33", "bottom", 0.55)
    c.stroke(place([(-92, -14), (84, -14)], x, y, scale), 3.4 * scale, "#f3e4c4")
    c.fill(place(rect(-30, -26, 46, 12, 4), x, y, scale), "#d9b98a")


def _sails(c: Canvas, x: float, y: float, scale: float, sail: str) -> None:
    main = [(5, -202), (44, -120), (78, -30), (5, -34)]
    jib = [(-5, -192), (-46, -96), (-82, -22), (-5, -40)]
    for points, strength in ((main, 0.4), (jib, 0.55)):
        a, b, d, e = points
        edge = smooth([a, b, d], closed=False)
        cloth = place([*edge, d, e], x, y, scale)
        c.fill(cloth, sail)
        if points is main and sail == "#e9e2d0":
            for low, high in ((-180, -160), (-140, -118), (-96, -72)):
                c.fill(
                    place(rect(0, low, 90, high - low), x, y, scale),
                    "#2f6fa3",
                    within=cloth,
                )
        c.shade(cloth, "#5a4a6a", "right" if points is main else "left", strength * 0.7)


def _reflection(c: Canvas, x: float, y: float, scale: float, sail: str) -> None:
    for i in range(13):
        fade = 1 - i / 13
        half = 62 * scale * fade * c.dice.uniform(0.5, 1.1)
        at = ellipse(
            x + c.dice.uniform(-10, 10) * scale, y + (8 + 9 * i) * scale, half, 2.6 * scale
        )
        c.fill(at, sail, opacity=0.42 * fade + 0.06)


def _quay(c: Canvas, horizon: float) -> None:
    """A row of painted houses along the harbour wall."""
    wall = horizon + 26
    paints = (
        "#e8b45c",
        "#d9705a",
        "#f0e2c8",
        "#6fa3a8",
        "#e59a86",
        "#c9c27a",
        "#b85c4f",
        "#f3d9b4",
        "#7f93b3",
    )
    x = 20.0
    for i in range(9):
        w, h = c.dice.uniform(88, 112), c.dice.uniform(110, 170)
        front = rect(x, wall - h, w, h)
        c.fill(front, paints[i])
        c.shade(front, "#5a3f55", "right", 0.35)
        c.fill([(x - 4, wall - h), (x + w / 2, wall - h - 40), (x + w + 4, wall - h)], "#a04f3f")
        for row in range(int(h // 44)):
            for k in range(3):
                pane = rect(x + 14 + k * (w - 46) / 2, wall - h + 14 + row * 42, 16, 22)
                c.fill(pane, "#3f5366")
        c.fill(rect(x + w / 2 - 9, wall - 30, 18, 30), "#4f3a36")
        x += w + 1
    c.fill(rect(0, wall, c.size[0], 18), ("#b9a88f", "#7d7168"))
    c.mirror(round(wall + 18), 200, 0.5)


WHITE = Bay(((470, 520, 1.45, "#fbf7ec", "#8a3f34"),))
RED = replace(WHITE, boats=((430, 520, 1.45, "#cf4436", "#f2e6cf"),))
FLEET = (
    (180, 470, 0.72, "#fbf7ec", "#2f4a63"),
    (420, 590, 1.25, "#f0b23c", "#f2e6cf"),
    (690, 500, 0.95, "#cf4436", "#2f4a63"),
    (860, 440, 0.48, "#fbf7ec", "#8a3f34"),
)
SUNSET = replace(
    RED,
    sky=("#4b4580", "#b45c86", "#f5906a", "#ffd590"),
    sea=("#e58a6a", "#8f5680", "#3b376a"),
    coast=("#8a5a86", "#5f4474"),
    light="sunset",
)
MOORED = (
    (190, 580, 0.95, "#e9e2d0", "#2f6fa3"),
    (430, 620, 1.1, "#d9cbb0", "#cf4436"),
    (710, 590, 1.0, "#e9e2d0", "#3f8a68"),
)

PLATES = {
    "sailboat-white": Plate(partial(_bay, WHITE)),
    "sailboat-red": Plate(partial(_bay, RED)),
    "sailboat-striped": Plate(
        partial(_bay, replace(WHITE, boats=((350, 690, 1.7, "#e9e2d0", "#1f3f5f"),))),
        size=PORTRAIT,
        finish=watercolour,
    ),
    "sailboats-regatta": Plate(partial(_bay, Bay(FLEET))),
    "sailboat-sunset": Plate(partial(_bay, SUNSET), finish=poster),
    "sailboats-harbour": Plate(partial(_bay, Bay(MOORED, harbour=True))),
    "sailboats-linocut": Plate(
        partial(_bay, Bay(FLEET)), finish=partial(linocut, ink="#173b52", paper="#f4ecd9")
    ),
}
