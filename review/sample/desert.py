"""Dunes with camels and tents, at noon, at dusk and under the stars."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import PORTRAIT, Canvas
from review.sample.nature import bird, moon, sun
from review.sample.plates import Plate
from review.sample.shapes import Outline, ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster, riso


@dataclass(frozen=True)
class Dunes:
    """Light and what stands on the sand."""

    sky: tuple[str, ...] = ("#4fa9d0", "#a8d8dc", "#fbeecb")
    sand: tuple[str, ...] = ("#f3d9a4", "#eec27f", "#e0a45f", "#c98349")
    shade: str = "#8f4f3f"
    camels: int = 0
    tent: bool = False
    palms: bool = False
    light: str = "noon"


def _dunes(look: Dunes, c: Canvas) -> None:
    width, height = c.size
    c.sky(look.sky, 0, height * 0.7)
    if look.light == "noon":
        sun(c, width * 0.78, 110, 44, "#fffbe6", "#fff0b4")
    elif look.light == "dusk":
        sun(c, width * 0.5, height * 0.5, 84, "#ffd98a", "#ff8a50")
        for x, y in ((200, 150), (240, 128), (290, 152)):
            bird(c, x, y, 34, "#6a3a55")
    _dune(c, look, 0, [(-0.1, 0.58), (0.2, 0.54), (0.42, 0.585), (0.72, 0.53), (1.1, 0.6)])
    _dune(c, look, 1, [(-0.1, 0.7), (0.25, 0.66), (0.58, 0.585), (0.8, 0.64), (1.1, 0.62)])
    if look.palms:
        _oasis(c, width * 0.2, height * 0.72)
    if look.camels:
        _caravan(c, look)
    _dune(c, look, 2, [(-0.1, 0.76), (0.2, 0.735), (0.5, 0.79), (0.8, 0.76), (1.1, 0.72)])
    if look.tent:
        _tent(c, width * 0.6, height * 0.86)
    _dune(c, look, 3, [(-0.1, 0.86), (0.22, 0.9), (0.5, 0.95), (0.8, 0.93), (1.1, 0.86)])
    _light(c, look)


def _dune(c: Canvas, look: Dunes, row: int, crest: Outline) -> None:
    """A dune with its lee side in shade and ripples on it."""
    w, h = c.size
    top = smooth([(x * w, y * h) for x, y in crest], closed=False)
    body = [*top, (w + 60, h + 20), (-60, h + 20)]
    c.fill(body, (look.sand[row], look.sand[min(row + 1, 3)]))
    peak = min(range(len(top)), key=lambda i: top[i][1])
    px, py = top[peak]
    foot = [(px + 40, py + 60), (px - 30, py + 130), (px + 60, py + 260)]
    lee = [*top[peak:], (w + 60, h), *reversed(smooth([(px, py), *foot], closed=False))]
    c.fill(lee, look.shade, opacity=0.28, within=body)
    c.shade(body, look.sand[3], "bottom", 0.5)
    for i in range(7 * (row > 1)):
        y = py + 40 + 15 * i
        ripple = smooth(
            [(px - 330 + 25 * i, y + 12), (px - 200, y), (px - 60, y + 10)], closed=False
        )
        c.fill(ribbon(ripple, [2.0] * len(ripple)), look.sand[3], opacity=0.4, within=body)


def _caravan(c: Canvas, look: Dunes) -> None:
    w, h = c.size
    spots = {1: (0.55,), 2: (0.4, 0.62), 3: (0.3, 0.5, 0.7), 5: (0.16, 0.32, 0.48, 0.64, 0.8)}[
        look.camels
    ]
    cloths = ("#c8402f", "#2f6f8a", "#e0a23a", "#6a4a86", "#3f8a68")
    size = 1.5 if look.camels < 3 else 1.0
    for i, at in enumerate(spots):
        camel(c, w * at, h * 0.77 - 8 * (i % 2), size, cloths[i])
    if look.camels > 1:
        _leader(c, w * spots[-1] + 105 * size, h * 0.775, 92 * size)


def _leader(c: Canvas, x: float, y: float, height: float) -> None:
    robe = [(-0.17, 0), (-0.12, -0.5), (-0.1, -0.78), (0.1, -0.78), (0.14, -0.45), (0.19, 0)]
    cloth = place(robe, x, y, height)
    c.fill(cloth, "#f3ece0")
    c.shade(cloth, "#6a4a6a", "left", 0.6)
    c.dot(x, y - height * 0.86, height * 0.09, "#9a6242")
    c.fill(ellipse(x, y - height * 0.9, height * 0.11, height * 0.075), "#2f6f8a")
    c.stroke([(x + height * 0.2, y), (x + height * 0.22, y - height * 0.8)], 3, "#5a3a2a")


def camel(c: Canvas, x: float, y: float, s: float, cloth: str) -> None:
    """A dromedary walking to the right, with a saddle cloth; feet at (x, y)."""
    coat, dark = "#b9824f", "#8f5d3a"
    c.fill(ellipse(x - 30 * s, y, 78 * s, 6 * s), "#7a4038", opacity=0.4, soft=3)
    for dx, stride, tone in ((-36, -12, dark), (24, 12, dark), (-44, 10, coat), (34, -10, coat)):
        leg = [(dx, -62), (dx + stride * 0.2, -32), (dx + stride, 0)]
        c.fill(place(ribbon(leg, [15, 8, 8]), x, y, s), tone)
    body = [
        (-56, -78),
        (-44, -96),
        (-22, -104),
        (-4, -136),
        (14, -106),
        (40, -96),
        (52, -78),
        (30, -58),
        (-30, -56),
    ]
    hide = place(smooth(body, steps=6), x, y, s)
    neck = [(40, -80), (64, -76), (78, -100), (80, -128)]
    c.fill(
        place(ribbon(smooth(neck, closed=False), [30 - 0.65 * i for i in range(25)]), x, y, s), coat
    )
    head = place(
        smooth([(70, -140), (84, -146), (108, -134), (108, -126), (86, -122), (72, -126)]), x, y, s
    )
    c.fill(head, coat)
    c.fill(hide, coat)
    c.shade(hide, "#5a3328", "bottom", 0.6)
    rug = [(-30, -100), (-6, -138), (20, -104), (24, -70), (-32, -68)]
    blanket = place(smooth(rug, steps=5), x, y, s)
    c.fill(blanket, cloth)
    c.fill(place(rect(-34, -84, 60, 6), x, y, s), "#f3dca8", within=blanket)
    c.stroke(place([(-56, -82), (-66, -60)], x, y, s), 4 * s, dark)
    c.dot(x + 90 * s, y - 137 * s, 1.8 * s, "#22150f")


def _tent(c: Canvas, x: float, y: float) -> None:
    c.fill(ellipse(x, y + 4, 210, 12), "#5a2f3a", opacity=0.4, soft=4)
    left = [(x - 190, y), (x - 70, y - 128), (x + 10, y - 150), (x - 18, y)]
    right = [(x - 18, y), (x + 10, y - 150), (x + 96, y - 120), (x + 190, y)]
    c.fill(left, ("#efe3cb", "#d9c4a0"))
    c.fill(right, ("#d6bd97", "#b08d6c"))
    for i in range(5):
        a, b = -150 + 34 * i, -60 + 15 * i
        stripe = [(x + a, y), (x + b, y - 140), (x + b + 6, y - 140), (x + a + 14, y)]
        c.fill(stripe, "#b5453a", within=left)
    door = [(x - 16, y), (x + 12, y - 112), (x + 62, y)]
    c.fill(door, ("#ffdf96", "#f0a552"))
    c.fill([(x + 12, y - 112), (x + 62, y), (x + 82, y), (x + 30, y - 108)], "#c9a27a")
    for dx in (-250, 250):
        c.stroke([(x + dx * 0.3, y - 120), (x + dx, y + 6)], 1.6, "#6a4a3a")


def _oasis(c: Canvas, x: float, y: float) -> None:
    c.fill(ellipse(x + 40, y + 6, 170, 22), ("#6fc0c4", "#2f8a9a"))
    for dx, tall, lean in ((-70, 190, -30), (0, 240, 26), (76, 170, 40)):
        _palm(c, x + dx, y, tall, lean)


def _palm(c: Canvas, x: float, y: float, tall: float, lean: float) -> None:
    trunk = smooth([(x, y), (x + lean * 0.3, y - tall * 0.5), (x + lean, y - tall)], closed=False)
    c.fill(ribbon(trunk, [15 - 0.45 * i for i in range(17)]), ("#a9764a", "#6f4630"))
    for i in range(9):
        angle = -200 + 27 * i
        frond = smooth([(0, 0), (40, -18), (84, 14), (42, -4)], steps=6)
        flip = abs(angle) > 90 and angle < 0
        turn = angle + 180 if flip else angle
        c.fill(
            place(frond, x + lean, y - tall, tall / 200, flip=flip, turn=turn),
            ("#2f7a55", "#5aa05a")[i % 2],
        )


def _light(c: Canvas, look: Dunes) -> None:
    if look.light == "night":
        c.tint("#626cb4", 0.85)
        c.stars(230, c.size[1] * 0.56)
        _milky_way(c)
        moon(c, c.size[0] * 0.2, 120, 28)
        if look.tent:
            c.glow(c.size[0] * 0.63, c.size[1] * 0.82, 300, "#ff9f40", 0.9)
            c.glow(c.size[0] * 0.63, c.size[1] * 0.83, 120, "#ffd48a", 0.9)
    if look.light == "dusk":
        c.tint("#f0a08a", 0.5)
        c.glow(c.size[0] * 0.5, c.size[1] * 0.5, 380, "#ff9050", 0.5)


def _milky_way(c: Canvas) -> None:
    for i in range(60):
        t = i / 60
        x = c.size[0] * (0.35 + 0.6 * t) + c.dice.gauss(0, 18)
        y = c.size[1] * (0.5 - 0.5 * t) + c.dice.gauss(0, 18)
        c.glow(x, y, c.dice.uniform(26, 80), "#8a94d8", 0.2)
        for _ in range(3):
            c.dot(x + c.dice.gauss(0, 26), y + c.dice.gauss(0, 26), 0.8, "#ffffff", opacity=0.7)


DUSK_SKY, DUSK_SAND = (
    ("#5a3f7c", "#c2577c", "#f58a5a", "#ffd07f"),
    ("#e59a6a", "#d97f58", "#b55f50", "#7f3f48"),
)
DUSK = Dunes(DUSK_SKY, DUSK_SAND, "#4f2547", light="dusk")
NIGHT = Dunes(sky=("#3a4a86", "#6a76ae", "#a89ab8"), light="night")

PLATES = {
    "desert-noon": Plate(partial(_dunes, Dunes(camels=1))),
    "desert-oasis": Plate(partial(_dunes, Dunes(palms=True, camels=2))),
    "desert-caravan-dusk": Plate(partial(_dunes, replace(DUSK, camels=5)), finish=poster),
    "desert-three-dusk": Plate(partial(_dunes, replace(DUSK, camels=3)), finish=poster),
    "desert-tent-night": Plate(
        partial(_dunes, replace(NIGHT, tent=True)), size=PORTRAIT, finish=poster
    ),
    "desert-tent-day": Plate(
        partial(_dunes, Dunes(tent=True, palms=True)),
        finish=partial(riso, dark="#8a3a2e", bright="#f5b13d"),
    ),
}
