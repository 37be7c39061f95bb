"""A path through a birch wood, season after season."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import PORTRAIT, Canvas
from review.sample.nature import person, snowfall
from review.sample.plates import Plate
from review.sample.shapes import blob, ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster, watercolour


@dataclass(frozen=True)
class Wood:
    """Colours of one season; depth runs from the haze far off to the leaves near by."""

    haze: tuple[str, ...]
    crowns: tuple[str, str, str, str]
    ground: tuple[str, str]
    path: tuple[str, str]
    fallen: tuple[str, ...] = ()
    extra: str = ""


def _wood(look: Wood, c: Canvas) -> None:
    width, height = c.size
    horizon = height * 0.6
    c.sky(look.haze, 0, horizon + 20)
    c.glow(width * 0.5, horizon - 90, height * 0.5, "#fff6d8", 0.65)
    c.fill(rect(0, horizon, width, height - horizon), look.ground)
    _path(c, look, horizon)
    for layer in range(4):
        _row(c, look, layer, horizon)
        if layer == 1:
            c.glow(width * 0.5, horizon - 60, height * 0.42, look.haze[-1], 0.45)
    _floor(c, look, horizon)
    _life(c, look, horizon)


def _path(c: Canvas, look: Wood, horizon: float) -> None:
    w, h = c.size
    middle = [
        (w * 0.5, horizon + 2),
        (w * 0.545, h * 0.67),
        (w * 0.47, h * 0.77),
        (w * 0.4, h * 0.9),
        (w * 0.42, h * 1.2),
    ]
    way = ribbon(smooth(middle, closed=False), [6 + 8.4 * i * w / 960 for i in range(33)])
    c.fill(way, look.path)
    c.shade(way, look.ground[1], "bottom", 0.35)


def _row(c: Canvas, look: Wood, layer: int, horizon: float) -> None:
    w, h = c.size
    foot = horizon + (8, 26, 78, 190)[layer] * h / 720
    gap = (0.05, 0.1, 0.2, 0.36)[layer] * w
    girth = (7, 12, 22, 42)[layer]
    for i in range((26, 15, 9, 5)[layer]):
        side = -1 if i % 2 else 1
        x = w / 2 + side * (
            gap + (0.5 - gap / w) * w * (i / (26, 15, 9, 5)[layer]) * 1.15 + c.dice.uniform(-14, 14)
        )
        _trunk(c, look, x, foot + c.dice.uniform(-6, 10), girth * c.dice.uniform(0.8, 1.2), layer)
    for _ in range((26, 22, 18, 12)[layer] if look.extra != "bare" else (8, 6, 0, 0)[layer]):
        x, y = c.dice.uniform(-30, w + 30), c.dice.uniform(-30, h * (0.42, 0.34, 0.24, 0.1)[layer])
        size = (50, 64, 84, 110)[layer] * c.dice.uniform(0.7, 1.2)
        crown = blob(c.dice, x, y, size * 1.2, size * 0.8, 12)
        c.fill(crown, look.crowns[layer], opacity=(0.6, 0.8, 0.9, 1)[layer])
        c.shade(crown, look.crowns[max(layer - 1, 0)], "top", 0.5)


def _trunk(c: Canvas, look: Wood, x: float, foot: float, girth: float, layer: int) -> None:
    lean = c.dice.uniform(-18, 18) * (1 + layer)
    spine = [(x, foot), (x + lean * 0.3, foot * 0.55), (x + lean, -20)]
    trunk = ribbon(smooth(spine, closed=False), [girth * (1.15 - 0.03 * i) for i in range(17)])
    c.fill(
        ellipse(x + girth * 0.5, foot, girth * 1.5, 2 + layer * 2),
        look.ground[1],
        opacity=0.5,
        soft=2,
    )
    bark = (look.haze[-1], "#cfc9bd", "#e9e2d6", "#f6f0e6")[layer]
    c.fill(trunk, bark, opacity=(0.75, 0.9, 1, 1)[layer])
    c.shade(trunk, "#6a5f6e", "right", 0.25 + 0.13 * layer)
    for _ in range((0, 5, 9, 14)[layer]):
        t = c.dice.uniform(0.02, 0.95)
        mark = ellipse(
            x + lean * t * 0.7 + c.dice.uniform(-0.4, 0.3) * girth,
            foot * (1 - t),
            girth * 0.22,
            1.5 + layer,
        )
        c.fill(mark, "#3f3a40", opacity=0.8, within=trunk)


def _floor(c: Canvas, look: Wood, horizon: float) -> None:
    w, h = c.size
    for _ in range(150 if look.fallen else 0):
        depth = c.dice.random() ** 1.4
        y = horizon + 12 + (h - horizon) * depth
        leaf = place(
            ellipse(0, 0, 2 + 8 * depth, 1.4 + 4 * depth),
            c.dice.uniform(0, w),
            y,
            turn=c.dice.uniform(-40, 40),
        )
        c.fill(leaf, c.dice.choice(look.fallen), opacity=0.9)
    for side in (0, w):
        bank = blob(c.dice, side, h + 6, w * 0.3, h * 0.1, 9)
        c.fill(bank, look.crowns[3] if look.extra != "bare" else "#ffffff")
        c.shade(bank, look.ground[1], "bottom", 0.5)


def _life(c: Canvas, look: Wood, horizon: float) -> None:
    w, h = c.size
    if look.extra == "bare":
        snowfall(c, 240)
    if look.extra == "umbrella":
        c.mist(horizon + 20, 190, look.haze[-1], 0.6)
        person(c, w * 0.5, h * 0.82, 150, "#3b4a63")
        _umbrella(c, w * 0.5 + 8, h * 0.82 - 150)
    if look.extra == "deer":
        _deer(c, w * 0.56, h * 0.76, 1.0)


def _umbrella(c: Canvas, x: float, y: float) -> None:
    c.stroke([(x, y - 40), (x + 2, y + 74)], 3, "#4a3a34")
    dome = [*ellipse(x, y, 82, 56, 180, 360)]
    scallops = [
        p for i in range(4, 0, -1) for p in ellipse(x - 102.5 + 41 * i, y, 20.5, 9, 0, -180)
    ]
    c.fill([*dome, *scallops], "#d2382f")
    c.shade(dome, "#5a1430", "right", 0.55)


def _deer(c: Canvas, x: float, y: float, s: float) -> None:
    coat = "#8a5a3a"
    for dx in (-42, -32, 26, 36):
        c.fill(place(ribbon([(dx, -58), (dx + 2, -28), (dx - 1, 0)], [11, 7, 5]), x, y, s), coat)
    body = [
        (-56, -78),
        (-20, -92),
        (30, -92),
        (48, -112),
        (58, -140),
        (76, -136),
        (66, -84),
        (46, -56),
        (-40, -54),
    ]
    hide = place(smooth(body, steps=6), x, y, s)
    c.fill(hide, coat)
    c.shade(hide, "#3f2a2a", "bottom", 0.6)
    c.fill(
        place(
            smooth([(54, -158), (72, -160), (100, -138), (94, -128), (62, -132)], steps=6), x, y, s
        ),
        coat,
    )
    c.fill(place(smooth([(56, -152), (40, -170), (48, -148)]), x, y, s), coat)
    c.dot(x + 76 * s, y - 148 * s, 2.6 * s, "#1d1518")
    for dx, tip in ((60, -26), (68, 24)):
        horn = [(dx, -156), (dx + tip * 0.5, -186), (dx + tip * 0.3, -216)]
        c.stroke(place(smooth(horn, closed=False), x, y, s), 4 * s, "#5a4030")
        c.stroke(
            place([(dx + tip * 0.5, -184), (dx + tip * 1.3, -204)], x, y, s), 3.4 * s, "#5a4030"
        )


SPRING = Wood(
    ("#bfe0dc", "#e6f0cf", "#fbf6da"),
    ("#b9d9a0", "#a2cd84", "#8ac06c", "#74b05a"),
    ("#a9cc7c", "#6f9f58"),
    ("#e3d2ac", "#c9ae82"),
    ("#f5c6d2", "#ffffff", "#f2e27a"),
)
AUTUMN = Wood(
    ("#e6c9a0", "#f3dcae", "#fff1cc"),
    ("#e8b765", "#e39a42", "#d3762f", "#b5502a"),
    ("#c58a45", "#8a5433"),
    ("#dcb98a", "#a97f58"),
    ("#d9602b", "#f0a83c", "#b5402a", "#f5c451"),
)
WINTER = Wood(
    ("#b4c6d8", "#d9e3ec", "#f4f3ee"),
    ("#d3dee8", "#e3ebf1", "#f1f5f8", "#ffffff"),
    ("#f3f6f9", "#d3dfe9"),
    ("#dfe8f0", "#bccddd"),
    extra="bare",
)

PLATES = {
    "forest-spring": Plate(partial(_wood, SPRING)),
    "forest-autumn": Plate(partial(_wood, AUTUMN)),
    "forest-winter": Plate(partial(_wood, WINTER)),
    "forest-umbrella": Plate(
        partial(_wood, replace(AUTUMN, extra="umbrella")), size=PORTRAIT, finish=poster
    ),
    "forest-deer": Plate(partial(_wood, replace(SPRING, extra="deer")), finish=watercolour),
}
