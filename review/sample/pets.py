"""Cats and dogs at home: on the windowsill, on the sofa, alone or together."""

from dataclasses import dataclass
from functools import partial

from review.sample.canvas import Canvas
from review.sample.nature import cloud, moon, rainfall, snowfall
from review.sample.plates import Plate
from review.sample.shapes import ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster, watercolour

GINGER, BLACK, GREY = (
    ("#dd8a3f", "#b3602a", "#f7e3c4"),
    ("#2f2d3a", "#1c1b26", "#4a4656"),
    ("#9a9aa6", "#6f7080", "#e9e6e4"),
)
BROWN, WHITE = ("#a8703f", "#74482b", "#f0dfc4"), ("#f6efe2", "#cfc0aa", "#ffffff")
Coat = tuple[str, str, str]


@dataclass(frozen=True)
class Home:
    """Who is there, and where; `outside` is the weather behind the window."""

    cats: tuple[Coat, ...] = ()
    dog: Coat | None = None
    outside: str = "day"
    wall: tuple[str, str] = ("#dfe3cf", "#c9cfb4")
    sofa: str = "#3f7f86"
    asleep: bool = False


def _sill(look: Home, c: Canvas) -> None:
    """Seen from the room: a wide window, a sill with plants, the cats in front of the glass."""
    width, height = c.size
    c.sky(look.wall)
    pane = rect(width * 0.12, height * 0.08, width * 0.76, height * 0.64)
    c.fill(rect(width * 0.1, height * 0.055, width * 0.8, height * 0.69, 6), "#fffaf0")
    _outside(c, look.outside)
    for x in (0.12, 0.88):
        c.fill(rect(width * x - 12, height * 0.06, 24, height * 0.66), "#fffaf0")
    _walls_around(c, look)
    c.fill(rect(width * 0.5 - 7, height * 0.08, 14, height * 0.64), "#fffaf0")
    c.shade(pane, "#ffffff", "top", 0.12)
    c.fill(rect(width * 0.06, height * 0.72, width * 0.88, 34, 5), ("#fffaf0", "#dccdb2"))
    c.fill(rect(width * 0.08, height * 0.72 + 34, width * 0.84, 12), "#6a5a4a", opacity=0.3, soft=4)
    _plants(c, look)
    spots = (0.45,) if len(look.cats) == 1 else (0.36, 0.62)
    for at, coat in zip(spots, look.cats, strict=False):
        sitting_cat(c, width * at, height * 0.725, 1.25, coat, flip=at > 0.5)
    if look.outside == "night":
        c.glow(width * 0.5, height * 0.95, height * 0.6, "#ffae5c", 0.3)


def _walls_around(c: Canvas, look: Home) -> None:
    width, height = c.size
    c.fill(rect(0, 0, width * 0.1, height), look.wall)
    c.fill(rect(width * 0.9, 0, width * 0.1, height), look.wall)
    c.fill(rect(0, 0, width, height * 0.055), look.wall[0])
    c.fill(rect(0, height * 0.74, width, height * 0.26), look.wall[1])
    c.fill(rect(0, height * 0.9, width, height * 0.1), ("#b98a62", "#93684a"))


def _outside(c: Canvas, kind: str) -> None:
    width, height = c.size
    skies = {
        "day": ("#7cc3de", "#d9edde"),
        "rain": ("#7f8f9f", "#b4c0c4"),
        "night": ("#111a42", "#33467f"),
        "snow": ("#b4c3d2", "#e6ecef"),
    }
    c.fill(rect(width * 0.12, height * 0.08, width * 0.76, height * 0.64), skies[kind])
    roofs = {
        "day": ("#c9785a", "#b5634a"),
        "rain": ("#7a6a70", "#655860"),
        "night": ("#2a3566", "#222b56"),
        "snow": ("#f4f6f8", "#e3e9ee"),
    }[kind]
    if kind == "day":
        cloud(c, width * 0.32, height * 0.24, 170, "#fffdf6", "#deebec")
    if kind == "night":
        c.stars(70, height * 0.4)
        moon(c, width * 0.72, height * 0.2, 30)
    for i in range(9):
        x, w = width * (0.1 + 0.09 * i), width * 0.1
        top = height * (0.53 + 0.05 * (i % 3))
        c.fill(
            rect(x, top, w, height),
            {"night": "#1d2650", "rain": "#8f8a8c"}.get(kind, ("#ead7b9", "#dfc0a0")[i % 2]),
        )
        c.fill([(x - 6, top), (x + w / 2, top - 46), (x + w + 6, top)], roofs[i % 2])
        c.fill(
            rect(x + w * 0.36, top + 24, 18, 24),
            "#ffd98a" if kind == "night" and i % 2 else "#5a6c7c",
        )
    if kind == "rain":
        rainfall(c, 170)
    if kind == "snow":
        snowfall(c, 220)


def _plants(c: Canvas, look: Home) -> None:
    width, height = c.size
    y = height * 0.725
    for x, pot in ((0.16, "#c96f4f"), (0.85, "#3f6f86")):
        left = width * x
        for i in range(9):
            turn = -70 + 17.5 * i
            leaf = smooth([(0, 0), (-13, -60), (0, -112), (13, -60)])
            c.fill(
                place(leaf, left, y - 54, 0.95, turn=turn), ("#4f8f5a", "#3a7550", "#6fab62")[i % 3]
            )
        clay = [(left - 40, y - 64), (left + 40, y - 64), (left + 30, y + 4), (left - 30, y + 4)]
        c.fill(clay, pot)
        c.fill(rect(left - 44, y - 72, 88, 16, 3), pot)
        c.shade(clay, "#3a1f2a", "right", 0.5)


def sitting_cat(c: Canvas, x: float, y: float, s: float, coat: Coat, flip: bool = False) -> None:
    """A cat that sits facing us, its tail around it; feet at (x, y)."""
    fur, dark, light = coat
    sgn = -1 if flip else 1
    tail = smooth([(50, -20), (96, -6), (104, -46), (84, -78), (96, -104)], closed=False)
    c.fill(place(ribbon(tail, [24 - 0.28 * i for i in range(len(tail))]), x, y, s, flip=flip), fur)
    body = place(
        smooth(
            [
                (-34, -148),
                (34, -148),
                (56, -90),
                (64, -30),
                (46, 2),
                (-46, 2),
                (-64, -30),
                (-56, -90),
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
        place(smooth([(-18, -136), (18, -136), (22, -86), (0, -62), (-22, -86)]), x, y, s), light
    )
    for dx in (-20, 20):
        c.fill(
            place(
                smooth(
                    [
                        (dx - 15, -84),
                        (dx + 15, -84),
                        (dx + 15, -8),
                        (dx + 18, 4),
                        (dx - 18, 4),
                        (dx - 15, -8),
                    ]
                ),
                x,
                y,
                s,
            ),
            fur,
        )
        c.fill(place(ellipse(dx, -2, 17, 9), x, y, s), light)
    if coat is not BLACK:
        for i in range(3):
            for side in (-1, 1):
                band = smooth(
                    [
                        (side * 62, -96 + 26 * i),
                        (side * 44, -92 + 26 * i),
                        (side * 34, -84 + 26 * i),
                    ],
                    closed=False,
                )
                c.fill(
                    place(ribbon(band, [8 - 0.4 * k for k in range(len(band))]), x, y, s),
                    dark,
                    within=body,
                )
    _cat_head(c, x + 4 * s * sgn, y - 178 * s, s, coat)


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


def _lounge(look: Home, c: Canvas) -> None:
    """A sofa below a picture, a lamp at its side, whoever lives there on it."""
    width, height = c.size
    c.sky(look.wall, 0, height * 0.82)
    _picture_and_lamp(c, width, height)
    c.fill(rect(0, height * 0.8, width, height * 0.2), ("#b98a62", "#8f6446"))
    c.fill(ellipse(width * 0.5, height * 0.93, width * 0.44, height * 0.06), "#d9c2a0")
    c.fill(
        ellipse(width * 0.5, height * 0.93, width * 0.37, height * 0.045), "#b5604a", opacity=0.7
    )
    _sofa(c, width * 0.5, height * 0.9, look.sofa)
    seat = height * 0.7
    spots = {1: (0.5,), 2: (0.36, 0.64)}.get(len(look.cats), ())
    for at, coat in zip(spots, look.cats, strict=False):
        at = at if not look.dog else 0.34
        if look.asleep:
            sleeping_cat(c, width * at, seat + 8, 1.35, coat)
        else:
            sitting_cat(c, width * at, seat + 6, 1.05, coat)
    if look.dog:
        dog(c, width * (0.62 if look.cats else 0.5), seat + 10, 1.2, look.dog)
    if look.outside == "night":
        c.tint("#7f7aa4", 0.85)
        c.glow(width * 0.87, height * 0.36, height * 0.75, "#ffb75e", 0.8)


def _picture_and_lamp(c: Canvas, width: float, height: float) -> None:
    c.fill(rect(width * 0.3, height * 0.08, width * 0.24, height * 0.24, 3), "#7a5236")
    c.fill(
        rect(width * 0.3 + 12, height * 0.08 + 12, width * 0.24 - 24, height * 0.24 - 24),
        ("#f3d9a8", "#e59a6a"),
    )
    art = rect(width * 0.3 + 12, height * 0.08 + 12, width * 0.24 - 24, height * 0.24 - 24)
    c.fill(ellipse(width * 0.45, height * 0.17, 24, 24), "#fff3d0")
    c.fill(ellipse(width * 0.38, height * 0.34, 120, 66), "#6f7fa0", within=art)
    c.fill(ellipse(width * 0.48, height * 0.35, 130, 60), "#48587f", within=art)
    x = width * 0.87
    c.stroke([(x, height * 0.4), (x, height * 0.86)], 6, "#4a3a36")
    c.fill(ellipse(x, height * 0.86, 44, 9), "#4a3a36")
    shade = [
        (x - 40, height * 0.24),
        (x + 40, height * 0.24),
        (x + 66, height * 0.4),
        (x - 66, height * 0.4),
    ]
    c.fill(shade, ("#fbe7b8", "#f0c67a"))


def _sofa(c: Canvas, x: float, y: float, colour: str) -> None:
    c.fill(ellipse(x, y + 22, 350, 14), "#3a2430", opacity=0.4, soft=5)
    for dx in (-290, 272):
        c.fill(rect(x + dx, y - 12, 20, 34), "#5a3a2a")
    back = rect(x - 300, y - 300, 600, 230, 46)
    c.fill(back, colour)
    c.shade(back, "#10233a", "bottom", 0.6)
    c.stroke([(x, y - 280), (x, y - 150)], 3, "#1c3a4a", 0.5)
    seat = rect(x - 310, y - 152, 620, 82, 26)
    c.fill(seat, colour)
    c.shade(seat, "#ffffff", "top", 0.28)
    base = rect(x - 310, y - 84, 620, 80, 14)
    c.fill(base, colour)
    c.shade(base, "#10233a", "bottom", 0.65)
    for side in (-1, 1):
        arm = rect(x + side * 318 - 46, y - 208, 92, 206, 40)
        c.fill(arm, colour)
        c.shade(arm, "#10233a", "right", 0.5)
    c.fill(rect(x + 176, y - 250, 104, 104, 20), "#e8b24a")
    c.fill(rect(x - 276, y - 246, 100, 100, 20), "#d9705a")


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


PLATES = {
    "cat-ginger-window": Plate(partial(_sill, Home((GINGER,)))),
    "cat-black-window-night": Plate(
        partial(_sill, Home((BLACK,), outside="night", wall=("#6a6486", "#58527a"))), finish=poster
    ),
    "cat-grey-window-rain": Plate(
        partial(_sill, Home((GREY,), outside="rain", wall=("#c9cdc8", "#aeb4b2"))),
        finish=watercolour,
    ),
    "cats-two-window-snow": Plate(partial(_sill, Home((GINGER, BLACK), outside="snow"))),
    "cat-ginger-sofa": Plate(
        partial(_lounge, Home((GINGER,), asleep=True, wall=("#f0dcc0", "#e3c49c")))
    ),
    "cat-black-sofa": Plate(
        partial(_lounge, Home((BLACK,), asleep=True, sofa="#c9604a", wall=("#e6e2d0", "#cfcbb4")))
    ),
    "dog-brown-sofa": Plate(partial(_lounge, Home(dog=BROWN, wall=("#f0dcc0", "#e3c49c")))),
    "dog-white-sofa-night": Plate(
        partial(
            _lounge, Home(dog=WHITE, outside="night", sofa="#6a5a8c", wall=("#c9b8b0", "#b09a98"))
        ),
        finish=poster,
    ),
    "dog-and-cat-sofa": Plate(
        partial(_lounge, Home((GREY,), dog=BROWN, sofa="#5f8a5c", wall=("#efe4cc", "#dcc9a4")))
    ),
}
