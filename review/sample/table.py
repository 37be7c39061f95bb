"""Still lifes on a kitchen table: teapot, mugs, apples, flowers, and what the window shows."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import Canvas
from review.sample.nature import cloud, moon
from review.sample.plates import Plate
from review.sample.shapes import Outline, blob, ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster, watercolour
from review.sample.tableware import apple, mug, teapot, vase


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


def _table(look: Table, c: Canvas) -> None:
    width, height = c.size
    c.sky(look.wall)
    edge = height * 0.66
    frame = rect(width * 0.5 - 190, height * 0.06, 380, height * 0.46, 4)
    _window(c, frame, look.window)
    _cloth(c, edge, look)
    scale = height / 720 * 1.2
    _shelf(c, width * 0.03, height * 0.3)
    _clock(c, width * 0.9, height * 0.14)
    places = _Places(width, height)
    if look.flowers:
        vase(c, width * 0.72, height * 0.78, scale, look.flowers)
    if look.teapot:
        teapot(c, width * 0.4, height * 0.8, scale, look.teapot)
    for x, y, colour in places.mugs(look.mugs):
        mug(c, x, y, scale, colour, steam=look.window != "day" or bool(look.teapot))
    for x, y, colour in places.apples(look.apples):
        apple(c, x, y, scale, colour)
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


def _shelf(c: Canvas, x: float, y: float) -> None:
    """A board on the wall with plates and jars."""
    for i, plate in enumerate(("#3f7f8a", "#f6efe2", "#d9a441")):
        px = x + 46 + 64 * i
        c.fill(ellipse(px, y - 34, 32, 32), plate)
        c.fill(ellipse(px, y - 34, 20, 20), "#fffaf0", opacity=0.5)
        c.shade(ellipse(px, y - 34, 32, 32), "#4a2f3a", "right", 0.4)
    c.fill(rect(x, y, 210, 12, 2), ("#a9764a", "#7d5236"))
    for i, cup in enumerate(("#c96f56", "#e8ddc8", "#7fa0a8")):
        left = x + 28 + 58 * i
        c.stroke([(left + 17, y + 10), (left + 17, y + 26)], 2, "#4a3a34")
        c.fill(rect(left, y + 26, 34, 34, 7), cup)
        c.shade(rect(left, y + 26, 34, 34, 7), "#3a2433", "right", 0.5)


def _clock(c: Canvas, x: float, y: float) -> None:
    c.fill(ellipse(x + 5, y + 7, 54, 54), "#5a3a34", opacity=0.3, soft=4)
    c.dot(x, y, 53, "#8a5a3f")
    c.dot(x, y, 44, "#fffaf0")
    for turn in range(0, 360, 30):
        c.fill(place(rect(-1.5, -39, 3, 8), x, y, turn=turn), "#4a3a36")
    c.stroke([(x, y), (x + 14, y - 18)], 5, "#4a3a36")
    c.stroke([(x, y), (x - 8, y - 32)], 3.4, "#4a3a36")


def _window(c: Canvas, frame: Outline, kind: str) -> None:
    top = min(p[1] for p in frame)
    right, bottom = max(p[0] for p in frame), max(p[1] for p in frame)
    left = min(p[0] for p in frame)
    c.fill(rect(left - 16, top - 16, right - left + 32, bottom - top + 32, 6), "#fbf6ea")
    skies = {
        "day": ("#7fc4e0", "#d6ebe0"),
        "rain": ("#8b9aa8", "#b9c3c6"),
        "night": ("#141d44", "#36487f"),
        "evening": ("#7a5a94", "#f0936a", "#ffcf8c"),
    }
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
}
