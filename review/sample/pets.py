"""Cats and dogs at home: on the windowsill, on the sofa, alone or together."""

from dataclasses import dataclass
from functools import partial

from review.sample.animals import BLACK, BROWN, GINGER, GREY, Coat, dog, sitting_cat, sleeping_cat
from review.sample.canvas import Canvas
from review.sample.nature import cloud, moon, rainfall, snowfall
from review.sample.plates import Plate
from review.sample.shapes import ellipse, place, rect, smooth
from review.sample.styles import poster, watercolour


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


_SKIES = {
    "day": ("#7cc3de", "#d9edde"),
    "rain": ("#7f8f9f", "#b4c0c4"),
    "night": ("#111a42", "#33467f"),
    "snow": ("#b4c3d2", "#e6ecef"),
}
_ROOFS = {
    "day": ("#c9785a", "#b5634a"),
    "rain": ("#7a6a70", "#655860"),
    "night": ("#2a3566", "#222b56"),
    "snow": ("#f4f6f8", "#e3e9ee"),
}


def _outside(c: Canvas, kind: str) -> None:
    width, height = c.size
    c.fill(rect(width * 0.12, height * 0.08, width * 0.76, height * 0.64), _SKIES[kind])
    if kind == "day":
        cloud(c, width * 0.32, height * 0.24, 170, "#fffdf6", "#deebec")
    if kind == "night":
        c.stars(70, height * 0.4)
        moon(c, width * 0.72, height * 0.2, 30)
    for i in range(9):
        _neighbour(c, i, kind)
    if kind == "rain":
        rainfall(c, 170)
    if kind == "snow":
        snowfall(c, 220)


def _neighbour(c: Canvas, i: int, kind: str) -> None:
    """One of the houses across the street."""
    width, height = c.size
    x, w, top = width * (0.1 + 0.09 * i), width * 0.1, height * (0.53 + 0.05 * (i % 3))
    front = {"night": "#1d2650", "rain": "#8f8a8c"}.get(kind, ("#ead7b9", "#dfc0a0")[i % 2])
    c.fill(rect(x, top, w, height), front)
    c.fill([(x - 6, top), (x + w / 2, top - 46), (x + w + 6, top)], _ROOFS[kind][i % 2])
    pane = "#ffd98a" if kind == "night" and i % 2 else "#5a6c7c"
    c.fill(rect(x + w * 0.36, top + 24, 18, 24), pane)


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
    "dog-and-cat-sofa": Plate(
        partial(_lounge, Home((GREY,), dog=BROWN, sofa="#5f8a5c", wall=("#efe4cc", "#dcc9a4")))
    ),
}
