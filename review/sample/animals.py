"""Cats and dogs, facing us or curled up."""

from review.sample.canvas import Canvas
from review.sample.shapes import Outline, band, ellipse, place, rect, ribbon, smooth, symmetric

GINGER, BLACK, GREY = (
    ("#dd8a3f", "#b3602a", "#f7e3c4"),
    ("#2f2d3a", "#1c1b26", "#4a4656"),
    ("#9a9aa6", "#6f7080", "#e9e6e4"),
)
BROWN, WHITE = ("#a8703f", "#74482b", "#f0dfc4"), ("#f6efe2", "#cfc0aa", "#ffffff")
Coat = tuple[str, str, str]


_CAT = [(34, -148), (56, -90), (64, -30), (46, 2)]
_CAT_LEG = [(15, -84), (15, -8), (18, 4)]


def sitting_cat(c: Canvas, x: float, y: float, s: float, coat: Coat, flip: bool = False) -> None:
    """A cat that sits facing us, its tail beside it; feet at (x, y)."""
    fur, dark, light = coat
    tail = band([(50, -20), (96, -6), (104, -46), (84, -78), (96, -104)], 24, 15)
    c.fill(place(tail, x, y, s, flip=flip), fur)
    body = place(symmetric(_CAT), x, y, s)
    c.fill(body, fur)
    c.shade(body, dark, "right", 0.8)
    c.fill(place(symmetric([(18, -136), (22, -86), (0, -62)]), x, y, s), light)
    for dx in (-20 * s, 20 * s):
        c.fill(place(symmetric(_CAT_LEG), x + dx, y, s), fur)
        c.fill(place(ellipse(0, -2, 17, 9), x + dx, y, s), light)
    if coat is not BLACK:
        _tabby_stripes(c, x, y, s, body, dark)
    _cat_head(c, x + (-4 if flip else 4) * s, y - 178 * s, s, coat)


def _tabby_stripes(c: Canvas, x: float, y: float, s: float, body: Outline, dark: str) -> None:
    for i in range(3):
        stripe = band([(62, -96 + 26 * i), (44, -92 + 26 * i), (34, -84 + 26 * i)], 8, 1.5)
        for flip in (False, True):
            c.fill(place(stripe, x, y, s, flip=flip), dark, within=body)


def _cat_head(c: Canvas, x: float, y: float, s: float, coat: Coat, asleep: bool = False) -> None:
    fur, dark, light = coat
    for side in (-1, 1):
        c.fill(place([(side * 50, -10), (side * 48, -72), (side * 8, -38)], x, y, s), fur)
        c.fill(place([(side * 44, -22), (side * 43, -56), (side * 18, -36)], x, y, s), "#e3a09a")
    skull = place(
        smooth(
            [(-52, 4), (-44, -34), (0, -48), (44, -34), (52, 4), (30, 34), (0, 42), (-30, 34)],
            steps=7,
        ),
        x,
        y,
        s,
    )
    c.fill(skull, fur)
    c.shade(skull, dark, "right", 0.55)
    for dx in (-12, 0, 12):
        c.stroke(place([(dx, -44), (dx * 0.7, -26)], x, y, s), 4 * s, dark)
    c.fill(place(ellipse(0, 18, 24, 17), x, y, s), light)
    _cat_face(c, x, y, s, coat, asleep)


def _cat_face(c: Canvas, x: float, y: float, s: float, coat: Coat, asleep: bool) -> None:
    for dx in (-21, 21):
        if asleep:
            c.stroke(place(ellipse(dx, -6, 9, 6, 10, 170), x, y, s), 3 * s, "#2a2030")
        else:
            c.fill(
                place(ellipse(dx, -6, 11, 12), x, y, s), "#e8d25a" if coat is BLACK else "#9cc06a"
            )
            c.fill(place(ellipse(dx, -6, 4, 10), x, y, s), "#1a1520")
            c.dot(x + (dx + 3) * s, y - 10 * s, 2 * s, "#ffffff")
    c.fill(place([(-6, 8), (6, 8), (0, 15)], x, y, s), "#c96a6a")
    for side in (-1, 1):
        c.stroke(place(ellipse(side * 7, 18, 7, 6, 20, 160), x, y, s), 2 * s, "#3a2a30")
        for dy in (10, 17, 24):
            c.stroke(
                place([(side * 22, dy), (side * 64, dy * 1.6 - 12)], x, y, s),
                1.2 * s,
                "#fffaf0",
                0.85,
            )


def sleeping_cat(c: Canvas, x: float, y: float, s: float, coat: Coat) -> None:
    """A cat curled up, head on its paws."""
    fur, dark, _light = coat
    curl = place(
        smooth(
            [(-106, -34), (-70, -84), (10, -98), (86, -70), (112, -22), (80, 4), (-70, 4)], steps=7
        ),
        x,
        y,
        s,
    )
    c.fill(curl, fur)
    c.shade(curl, dark, "bottom", 0.7)
    if coat is not BLACK:
        for i in range(5):
            dx = -20 + 26 * i
            c.fill(place(ribbon([(dx, -104), (dx + 9, -64)], [11, 3]), x, y, s), dark, within=curl)
    tail = smooth([(104, -16), (84, 8), (20, 10), (-34, 2)], closed=False)
    c.fill(place(ribbon(tail, [26 - 0.35 * i for i in range(len(tail))]), x, y, s), fur)
    c.stroke(place([(90, 2), (20, 4)], x, y, s), 2, dark, 0.6)
    _cat_head(c, x - 74 * s, y - 34 * s, s * 0.86, coat, asleep=True)


def dog(c: Canvas, x: float, y: float, s: float, coat: Coat) -> None:
    """A dog that sits facing us with hanging ears and its tongue out; feet at (x, y)."""
    fur, dark, light = coat
    body = place(
        smooth(
            [
                (-44, -150),
                (44, -150),
                (66, -86),
                (74, -26),
                (54, 2),
                (-54, 2),
                (-74, -26),
                (-66, -86),
            ],
            steps=7,
        ),
        x,
        y,
        s,
    )
    c.fill(body, fur)
    c.shade(body, dark, "right", 0.8)
    c.fill(
        place(smooth([(-26, -150), (26, -150), (32, -90), (0, -52), (-32, -90)]), x, y, s), light
    )
    for dx in (-26, 26):
        c.fill(
            place(smooth([(dx - 18, -80), (dx + 18, -80), (dx + 20, 4), (dx - 20, 4)]), x, y, s),
            fur,
        )
        c.fill(place(ellipse(dx, -4, 22, 11), x, y, s), light)
    c.fill(place(rect(-40, -160, 80, 13, 6), x, y, s), "#c8402f")
    c.dot(x, y - 142 * s, 8 * s, "#f0c24a")
    _dog_head(c, x, y - 196 * s, s, coat)


def _dog_head(c: Canvas, x: float, y: float, s: float, coat: Coat) -> None:
    fur, dark, light = coat
    skull = place(
        smooth(
            [(-54, -8), (-40, -48), (0, -58), (40, -48), (54, -8), (40, 30), (0, 46), (-40, 30)],
            steps=7,
        ),
        x,
        y,
        s,
    )
    c.fill(skull, fur)
    c.shade(skull, dark, "right", 0.4)
    c.fill(place(smooth([(-9, -56), (9, -56), (16, -6), (-16, -6)]), x, y, s), light)
    c.fill(place(ellipse(0, 18, 33, 26), x, y, s), light)
    for side in (-1, 1):
        ear = smooth(
            [(side * 36, -50), (side * 66, -44), (side * 78, 6), (side * 62, 34), (side * 48, 4)]
        )
        c.fill(place(ear, x, y, s), dark)
        c.fill(place(ellipse(side * 24, -14, 9, 10), x, y, s), "#2a1a18")
        c.dot(x + (side * 24 + 3) * s, y - 18 * s, 2.6 * s, "#ffffff")
    c.fill(place(smooth([(-10, 30), (10, 30), (11, 54), (0, 62), (-11, 54)]), x, y, s), "#e07a7a")
    c.stroke(
        place(smooth([(-24, 26), (-10, 34), (0, 28), (10, 34), (24, 26)], closed=False), x, y, s),
        2.6 * s,
        "#3a2420",
    )
    c.fill(place(smooth([(-14, 2), (14, 2), (8, 16), (0, 19), (-8, 16)]), x, y, s), "#2a1a18")
