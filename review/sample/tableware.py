"""What stands on the kitchen table."""

from collections.abc import Callable

from review.sample.canvas import Canvas
from review.sample.shapes import band, ellipse, place, rect, ribbon, smooth, symmetric


def _shadow(c: Canvas, x: float, y: float, rx: float, scale: float) -> None:
    c.fill(
        ellipse(x + 18 * scale, y, rx * scale * 1.12, 14 * scale), "#4a2f35", opacity=0.38, soft=5
    )


def mug(c: Canvas, x: float, y: float, s: float, colour: str, steam: bool) -> None:
    """A striped mug of coffee; its foot at (x, y)."""
    _shadow(c, x, y, 52, s)
    handle = smooth([(40, -70), (70, -72), (76, -42), (62, -22), (38, -22)], closed=False)
    c.fill(place(ribbon(handle, [11.0] * len(handle)), x, y, s), colour)
    body = place([(-46, -92), (46, -92), (42, -8), (30, 4), (-30, 4), (-42, -8)], x, y, s)
    c.fill(body, colour)
    c.shade(body, "#2a1f3a", "right", 0.5)
    c.fill(place(rect(-47, -60, 94, 10), x, y, s), "#fffaf0", opacity=0.75, within=body)
    c.fill(place(ellipse(0, -92, 46, 12), x, y, s), "#f6efe2")
    c.fill(place(ellipse(0, -90, 39, 8.5), x, y, s), "#6f3f26")
    if steam:
        _steam(c, x, y - 100 * s, s)


def _steam(c: Canvas, x: float, y: float, s: float) -> None:
    for dx in (-13, 11):
        wisp = smooth([(dx, 0), (dx + 11, -24), (dx - 8, -52), (dx + 9, -84)], closed=False)
        c.fill(
            place(ribbon(wisp, [7 - 0.22 * i for i in range(len(wisp))]), x, y, s),
            "#ffffff",
            opacity=0.45,
            soft=2,
        )


_POT = [(52, -154), (100, -104), (98, -46), (58, 2)]
_HANDLE = [(-84, -118), (-142, -128), (-158, -82), (-128, -38), (-78, -38)]


def teapot(c: Canvas, x: float, y: float, s: float, colour: str) -> None:
    """A round teapot with dots; its foot at (x, y)."""
    _shadow(c, x, y, 112, s)
    c.fill(place(band([(80, -60), (118, -82), (132, -124), (160, -142)], 46, 18), x, y, s), colour)
    c.fill(place(band(_HANDLE, 15, 15), x, y, s), colour)
    body = place(symmetric(_POT, steps=6), x, y, s)
    c.fill(body, colour)
    for i in range(9):
        spot = place(ellipse(-80 + 20 * i, -74 + 5 * (i % 2), 6, 6), x, y, s)
        c.fill(spot, "#fff3dc", opacity=0.9, within=body)
    c.fill(place(rect(-110, -52, 220, 5), x, y, s), "#fff3dc", opacity=0.8, within=body)
    c.shade(body, "#2a1a36", "right", 0.55)
    c.fill(place(ellipse(-48, -106, 16, 26), x, y, s), "#ffffff", opacity=0.28, soft=4)
    _lid(c, x, y, s, colour)


def _lid(c: Canvas, x: float, y: float, s: float, colour: str) -> None:
    dome = place(ellipse(0, -148, 46, 24, 180, 360), x, y, s)
    c.dot(x, y - 178 * s, 11 * s, colour)
    c.fill(dome, colour)
    c.shade(dome, "#2a1a36", "right", 0.6)
    c.stroke(place([(-50, -148), (50, -148)], x, y, s), 3.4 * s, "#fff3dc", 0.9)


def apple(c: Canvas, x: float, y: float, s: float, colour: str) -> None:
    """An apple with stalk and leaf; its foot at (x, y)."""
    _shadow(c, x, y, 34, s)
    skin = place(
        smooth(
            [
                (0, -60),
                (22, -66),
                (40, -46),
                (34, -12),
                (12, 2),
                (-12, 2),
                (-34, -12),
                (-40, -46),
                (-22, -66),
            ]
        ),
        x,
        y,
        s,
    )
    c.fill(skin, colour)
    c.shade(skin, "#5a1f2a", "right", 0.6)
    c.fill(place(ellipse(-16, -44, 7, 11), x, y, s), "#ffffff", opacity=0.45, soft=1.5)
    c.fill(place(ellipse(0, -59, 9, 3.5), x, y, s), "#5a3a2a", opacity=0.7)
    c.stroke(place([(0, -58), (5, -78)], x, y, s), 3.4 * s, "#5a3a2a")
    c.fill(place(smooth([(4, -70), (18, -84), (32, -80), (20, -70)]), x, y, s), "#5f9a4a")


_VASE = [(34, -168), (26, -130), (58, -62), (40, 2)]
_BLOSSOMS = ((-78, -262), (-34, -312), (14, -280), (62, -318), (92, -248))


def vase(c: Canvas, x: float, y: float, s: float, kind: str) -> None:
    """A glass vase: empty or with five flowers; its foot at (x, y)."""
    _shadow(c, x, y, 58, s)
    if kind != "empty":
        _bunch(c, x, y, s, kind)
    glass = place(symmetric(_VASE, steps=6), x, y, s)
    c.fill(glass, ("#9cc4c8", "#4f8fa0"))
    c.shade(glass, "#1f3a56", "right", 0.6)
    c.fill(place(ellipse(-26, -58, 8, 30), x, y, s), "#ffffff", opacity=0.4, soft=3)


def _bunch(c: Canvas, x: float, y: float, s: float, kind: str) -> None:
    for i, (dx, dy) in enumerate(_BLOSSOMS):
        c.fill(
            place(band([(dx * 0.14, -120), (dx * 0.5, -200), (dx, dy)], 6, 6), x, y, s), "#4f8a52"
        )
        side = -1 if i % 2 else 1
        leaf = [(dx * 0.4, -178), (dx * 0.4 + 34 * side, -232), (dx * 0.5 + 20 * side, -196)]
        c.fill(place(smooth(leaf), x, y, s), "#6fa860")
        _FLOWERS[kind](c, x + dx * s, y + dy * s, s)


def _tulip(c: Canvas, x: float, y: float, s: float) -> None:
    cup = place(
        smooth(
            [(-26, -30), (-12, -14), (0, -36), (12, -14), (26, -30), (28, 6), (0, 26), (-28, 6)],
            steps=5,
        ),
        x,
        y,
        s,
    )
    c.fill(cup, "#d8433c")
    c.shade(cup, "#7a1434", "right", 0.55)
    c.fill(place(smooth([(0, -36), (13, -6), (0, 24), (-13, -6)]), x, y, s), "#ea6a55", opacity=0.8)


def _sunflower(c: Canvas, x: float, y: float, s: float) -> None:
    for i in range(15):
        petal = smooth([(16, -7), (50, 0), (16, 7)])
        c.fill(place(petal, x, y, s, turn=24 * i), ("#f3b52f", "#e79a22")[i % 2])
    c.dot(x, y, 23 * s, "#6a3f24")
    c.dot(x, y, 12 * s, "#4a2a1a")


_FLOWERS: dict[str, Callable[[Canvas, float, float, float], None]] = {
    "tulips": _tulip,
    "sunflowers": _sunflower,
}
