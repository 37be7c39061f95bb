"""Still lifes on a kitchen table: teapot, mugs, apples, flowers, and what the window shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import Canvas
from review.sample.nature import cloud, moon
from review.sample.plates import Plate
from review.sample.shapes import Outline, blob, ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster, watercolour


@dataclass(frozen=True)
class Table:
    """What stands on the table, and the light."""

    mugs: tuple[str, ...] = ("#e8ddc8", "#3f7f8a")
    teapot: str = "#d9704a"
    apples: tuple[str, ...] = ()
    flowers: str = ""
    wall: tuple[str, str] = ("#e9d7b9", "#dcc09a")
    cloth: tuple[str, str] = ("#f3eadb", "#d9c7ac")
    stripe: str = "#7fa0a8"
    window: str = "day"
    bread: bool = False


def _table(look: Table, c: Canvas) -> None:
    width, height = c.size
    c.sky(look.wall)
    edge = height * 0.66
    frame = rect(width * 0.5 - 190, height * 0.06, 380, height * 0.46, 4)
    _window(c, frame, look.window)
    _cloth(c, edge, look)
    scale = height / 720
    places = _Places(width, height)
    if look.flowers:
        _vase(c, width * 0.72, height * 0.78, scale, look.flowers)
    if look.teapot:
        _teapot(c, width * 0.4, height * 0.8, scale, look.teapot)
    if look.bread:
        _loaf(c, width * 0.73, height * 0.81, scale)
    for x, y, colour in places.mugs(look.mugs):
        _mug(c, x, y, scale, colour, steam=look.window != "day" or bool(look.teapot))
    for x, y, colour in places.apples(look.apples):
        _apple(c, x, y, scale, colour)
    _light(c, look)


@dataclass(frozen=True)
class _Places:
    """Where things stand so that none hides another."""

    width: float
    height: float

    def mugs(self, colours: tuple[str, ...]) -> list[tuple[float, float, str]]:
        spots = ((0.56, 0.86), (0.19, 0.87), (0.8, 0.9), (0.37, 0.93))
        return self._at(spots, colours)

    def apples(self, colours: tuple[str, ...]) -> list[tuple[float, float, str]]:
        spots = ((0.58, 0.92), (0.66, 0.88), (0.72, 0.94), (0.5, 0.89), (0.79, 0.89))
        return self._at(spots, colours)

    def _at(
        self, spots: tuple[tuple[float, float], ...], colours: tuple[str, ...]
    ) -> list[tuple[float, float, str]]:
        found = zip(spots, colours, strict=False)
        placed = [(x * self.width, y * self.height, colour) for (x, y), colour in found]
        return sorted(placed, key=lambda spot: spot[1])


def _window(c: Canvas, frame: Outline, kind: str) -> None:
    left, top = frame[0][0] - 4, min(p[1] for p in frame)
    right, bottom = max(p[0] for p in frame), max(p[1] for p in frame)
    left = min(p[0] for p in frame)
    c.fill(rect(left - 16, top - 16, right - left + 32, bottom - top + 32, 6), "#fbf6ea")
    skies = {
        "day": ("#7fc4e0", "#d6ebe0"),
        "rain": ("#8b9aa8", "#b9c3c6"),
        "night": ("#141d44", "#36487f"),
        "evening": ("#7a5a94", "#f0936a", "#ffcf8c"),
    }
    view = Canvas(kind, c.size)
    view.image = c.image
    c.fill(frame, skies[kind])
    _garden(c, frame, kind)
    middle = (left + right) / 2
    c.fill(rect(middle - 6, top, 12, bottom - top), "#fbf6ea")
    c.fill(rect(left, (top + bottom) / 2 - 5, right - left, 10), "#fbf6ea")
    c.fill(rect(left - 34, bottom + 14, right - left + 68, 18, 4), ("#fffaf0", "#d9c9ac"))
    for side in (-1, 1):
        _curtain(c, left - 30 if side < 0 else right + 30, top - 26, bottom - top + 70, side)


def _garden(c: Canvas, frame: Outline, kind: str) -> None:
    left, right = min(p[0] for p in frame), max(p[0] for p in frame)
    top, bottom = min(p[1] for p in frame), max(p[1] for p in frame)
    greens = {
        "day": ("#9cc78a", "#5f9f68"),
        "rain": ("#7f9a8c", "#58786c"),
        "night": ("#22365c", "#182848"),
        "evening": ("#a8607a", "#6f4468"),
    }
    for i, colour in enumerate(greens[kind]):
        bank = [
            (left - 20, bottom),
            *[(left + 80 * k, bottom - 62 + 30 * i + c.dice.uniform(-18, 18)) for k in range(6)],
        ]
        c.fill(
            [*smooth(bank[1:], closed=False), (right + 20, bottom + 9), (left, bottom + 9)],
            colour,
            within=frame,
        )
    for x in (left + 70, right - 80):
        c.fill(blob(c.dice, x, bottom - 70, 46, 54, 11), greens[kind][1], within=frame)
    if kind == "day":
        cloud(c, left + 105, top + 90, 110, "#ffffff", "#e2eeee")
    if kind == "night":
        moon(c, right - 90, top + 70, 22)
    if kind == "rain":
        for _ in range(70):
            x, y = c.dice.uniform(left, right), c.dice.uniform(top, bottom)
            c.fill(
                ribbon([(x, y), (x - 4, y + 22)], [0.8, 2]), "#eef4f6", opacity=0.6, within=frame
            )


def _curtain(c: Canvas, x: float, top: float, tall: float, side: int) -> None:
    drape = smooth(
        [
            (x - 34, top),
            (x + 34, top),
            (x + 24 + 10 * side, top + tall),
            (x - 24 + 10 * side, top + tall),
        ],
        steps=4,
    )
    drape = [
        (x - 34, top),
        (x + 34, top),
        *smooth(
            [(x + 30, top + tall * 0.3), (x + 24, top + tall * 0.6), (x + 34, top + tall)],
            closed=False,
        ),
        *smooth(
            [(x - 34, top + tall), (x - 26, top + tall * 0.6), (x - 32, top + tall * 0.3)],
            closed=False,
        ),
    ]
    c.fill(drape, "#c96f56")
    for i in range(4):
        fold = ribbon([(x - 26 + 17 * i, top), (x - 24 + 16 * i, top + tall)], [3, 7])
        c.fill(fold, "#9c4a42", opacity=0.5, within=drape)
    c.shade(drape, "#6a2f3a", "right" if side > 0 else "left", 0.4)


def _cloth(c: Canvas, edge: float, look: Table) -> None:
    width, height = c.size
    top = [
        (-20, edge + 20),
        (width * 0.06, edge),
        (width * 0.94, edge),
        (width + 20, edge + 20),
        (width + 20, height + 10),
        (-20, height + 10),
    ]
    c.fill(top, look.cloth)
    for i in range(-6, 7):
        a, b = (width / 2 + i * width * 0.075, edge), (width / 2 + i * width * 0.115, height)
        c.fill(ribbon([a, b], [7, 12]), look.stripe, opacity=0.5, within=top)
    for y, w in (
        (edge + 22, 6),
        (edge + height * 0.1, 8),
        (edge + height * 0.2, 11),
        (edge + height * 0.31, 14),
    ):
        c.fill(rect(0, y, width, w), look.stripe, opacity=0.4, within=top)
    c.shade(top, "#6a4a4a", "bottom", 0.22)


def _shadow(c: Canvas, x: float, y: float, rx: float, scale: float) -> None:
    c.fill(
        ellipse(x + 18 * scale, y, rx * scale * 1.12, 14 * scale), "#4a2f35", opacity=0.38, soft=5
    )


def _mug(c: Canvas, x: float, y: float, s: float, colour: str, steam: bool) -> None:
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


def _teapot(c: Canvas, x: float, y: float, s: float, colour: str) -> None:
    _shadow(c, x, y, 112, s)
    spout = smooth([(80, -60), (118, -82), (132, -124), (160, -142)], closed=False)
    c.fill(place(ribbon(spout, [46 - 1.15 * i for i in range(len(spout))]), x, y, s), colour)
    handle = smooth([(-84, -118), (-142, -128), (-158, -82), (-128, -38), (-78, -38)], closed=False)
    c.fill(place(ribbon(handle, [15.0] * len(handle)), x, y, s), colour)
    body = place(
        smooth(
            [
                (-52, -154),
                (52, -154),
                (100, -104),
                (98, -46),
                (58, 2),
                (-58, 2),
                (-98, -46),
                (-100, -104),
            ],
            steps=6,
        ),
        x,
        y,
        s,
    )
    c.fill(body, colour)
    for i in range(9):
        c.fill(
            place(ellipse(-80 + 20 * i, -74 + 5 * (i % 2), 6, 6), x, y, s),
            "#fff3dc",
            opacity=0.9,
            within=body,
        )
    c.fill(place(rect(-110, -52, 220, 5), x, y, s), "#fff3dc", opacity=0.8, within=body)
    c.shade(body, "#2a1a36", "right", 0.55)
    c.fill(place(ellipse(-48, -106, 16, 26), x, y, s, turn=0), "#ffffff", opacity=0.28, soft=4)
    lid = place([*ellipse(0, -152, 58, 30, 180, 360)], x, y, s)
    c.fill(lid, colour)
    c.shade(lid, "#2a1a36", "right", 0.5)
    c.dot(x, y - 188 * s, 12 * s, "#fff3dc")


def _apple(c: Canvas, x: float, y: float, s: float, colour: str) -> None:
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


def _loaf(c: Canvas, x: float, y: float, s: float) -> None:
    _shadow(c, x, y + 4, 128, s)
    c.fill(place(rect(-140, -12, 280, 20, 8), x, y, s), ("#a9764a", "#7d5236"))
    crust = place(
        smooth([(-118, -14), (-112, -70), (-50, -98), (50, -98), (112, -70), (118, -14)], steps=6),
        x,
        y,
        s,
    )
    c.fill(crust, ("#d99a52", "#a8632f"))
    for dx in (-62, -6, 50):
        c.fill(
            place(smooth([(dx - 14, -46), (dx + 8, -92), (dx + 20, -88), (dx - 2, -44)]), x, y, s),
            "#f3d3a0",
            within=crust,
        )
    c.shade(crust, "#5a2f1a", "bottom", 0.5)


def _vase(c: Canvas, x: float, y: float, s: float, kind: str) -> None:
    _shadow(c, x, y, 58, s)
    if kind != "empty":
        for i, (dx, dy) in enumerate(
            ((-78, -262), (-34, -312), (14, -280), (62, -318), (92, -248))
        ):
            stem = smooth([(dx * 0.14, -120), (dx * 0.5, -200), (dx, dy)], closed=False)
            c.fill(place(ribbon(stem, [6.0] * len(stem)), x, y, s), "#4f8a52")
            leaf = smooth(
                [
                    (dx * 0.4, -178),
                    (dx * 0.4 + 34 * (-1) ** i, -232),
                    (dx * 0.5 + 20 * (-1) ** i, -196),
                ]
            )
            c.fill(place(leaf, x, y, s), "#6fa860")
            _FLOWERS[kind](c, x + dx * s, y + dy * s, s)
    glass = place(
        smooth(
            [
                (-34, -168),
                (34, -168),
                (26, -130),
                (58, -62),
                (40, 2),
                (-40, 2),
                (-58, -62),
                (-26, -130),
            ],
            steps=6,
        ),
        x,
        y,
        s,
    )
    c.fill(glass, ("#9cc4c8", "#4f8fa0"))
    c.shade(glass, "#1f3a56", "right", 0.6)
    c.fill(place(ellipse(-26, -58, 8, 30), x, y, s), "#ffffff", opacity=0.4, soft=3)


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


def _light(c: Canvas, look: Table) -> None:
    width, height = c.size
    if look.window == "day":
        ray = [
            (width * 0.4, height * 0.06),
            (width * 0.66, height * 0.06),
            (width * 0.44, height),
            (width * 0.05, height),
        ]
        c.beam(ray, "#ffe9b8", 0.22, soft=14)
    if look.window == "rain":
        c.tint("#c9d0d8", 0.8)
    if look.window == "evening":
        c.tint("#f3c0a4", 0.7)
        c.glow(width / 2, height * 0.3, height * 0.5, "#ffa45c", 0.45)
    if look.window == "night":
        c.tint("#8a84a8", 0.8)
        c.glow(width * 0.46, height * 0.7, height * 0.62, "#ffb65c", 0.6)


RED_APPLE, GREEN_APPLE = "#cf3f36", "#9ab84a"
TWO = Table()

PLATES = {
    "table-two-mugs": Plate(partial(_table, TWO)),
    "table-three-mugs": Plate(
        partial(_table, replace(TWO, mugs=("#c8402f", "#e8b23c", "#3f7f8a"), teapot="#f0e6d2"))
    ),
    "table-rain-mug": Plate(
        partial(_table, replace(TWO, mugs=("#3f7f8a",), teapot="", bread=True, window="rain"))
    ),
    "table-one-apple": Plate(
        partial(_table, replace(TWO, mugs=(), apples=(RED_APPLE,), teapot="#3f7f8a"))
    ),
    "table-five-apples": Plate(
        partial(_table, replace(TWO, mugs=(), apples=(RED_APPLE,) * 5, teapot="#3f7f8a"))
    ),
    "table-green-apples": Plate(
        partial(_table, replace(TWO, mugs=(), apples=(GREEN_APPLE,) * 3, teapot="#3f7f8a"))
    ),
    "table-tulips": Plate(partial(_table, replace(TWO, mugs=("#e8ddc8",), flowers="tulips"))),
    "table-sunflowers": Plate(
        partial(
            _table,
            replace(
                TWO, mugs=("#3f7f8a",), flowers="sunflowers", window="evening", stripe="#d98a5a"
            ),
        ),
        finish=poster,
    ),
    "table-empty-vase": Plate(
        partial(_table, replace(TWO, mugs=("#e8ddc8",), flowers="empty")), finish=watercolour
    ),
    "table-night-tea": Plate(partial(_table, replace(TWO, window="night")), finish=poster),
}
