"""A lighthouse on a breakwater, in every weather and from several sides."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import PORTRAIT, Canvas, Paint
from review.sample.nature import (
    bird,
    cloud,
    glints,
    moon,
    overcast,
    person,
    rainfall,
    snowfall,
    sun,
    sun_path,
)
from review.sample.plates import Plate
from review.sample.shapes import Outline, blob, ellipse, line, place, rect, ribbon, smooth
from review.sample.styles import Blueprint, clean, poster, watercolour

HORIZON = 440


@dataclass(frozen=True)
class Coast:
    """Colours and weather of one picture."""

    sky: Paint = ("#4fa3d1", "#9fd0e3", "#f3ead0")
    sea: Paint = ("#4fa6b8", "#2c7f9b", "#1c5878")
    glint: str = "#e9fbf5"
    rock: tuple[str, str] = ("#8c8078", "#54505a")
    band: str = "#d0453b"
    weather: str = "sunny"
    lit: bool = False
    people: bool = False
    waves: int = 0
    snow: bool = False


def _coast(look: Coast, c: Canvas) -> None:
    c.sky(look.sky, 0, HORIZON)
    _WEATHER[look.weather](c)
    c.sky(look.sea, HORIZON)
    _water(c, look)
    _breakwater(c, look)
    tower(c, 640, 470, 1.0, look.band)
    if look.people:
        _walkers(c)
    _light_and_air(c, look)


def _sunny(c: Canvas) -> None:
    sun(c, 190, 130, 42, "#fff6d8", "#ffe7a8")
    for x, y, w in ((420, 250, 260), (850, 190, 220), (80, 330, 240)):
        cloud(c, x, y, w, "#fffdf4", "#dbe9ec")
    for x, y, s in ((330, 130, 46), (395, 165, 34), (480, 110, 28)):
        bird(c, x, y, s, "#4c6678")


def _cloudy(c: Canvas) -> None:
    overcast(c, 20, 380, ["#c3cad0", "#a9b3bc", "#d9dbd8", "#97a3af"], 0.85)


def _storm(c: Canvas) -> None:
    overcast(c, 0, 330, ["#4b5566", "#39414f", "#5f6977", "#2f3644"], 0.9)
    bolt = [(210, 0), (250, 110), (222, 122), (268, 235), (240, 245), (286, 390)]
    c.glow(250, 180, 300, "#b9c7ff", 0.6)
    c.fill(ribbon(bolt, [7, 6, 6, 5, 4, 1]), "#fbfbff")


def _night(c: Canvas) -> None:
    for x, y in ((300, 380), (800, 330)):
        cloud(c, x, y, 280, "#4a5a8c", "#3a4878")


def _dusk(c: Canvas) -> None:
    for i, y in enumerate((150, 205, 250, 300, 335)):
        streak = blob(c.dice, 250 + 130 * i, y, 260, 9 + 2 * i)
        c.fill(streak, ("#f7a06c", "#d9637c", "#fbc58a")[i % 3], opacity=0.75, soft=3)
    sun(c, 300, 418, 46, "#ffe9b0", "#ff9c5a")


def _snowy(c: Canvas) -> None:
    overcast(c, 40, 400, ["#e4e9ee", "#d3dbe4", "#f2f3f2"], 0.8)


def _foggy(c: Canvas) -> None:
    c.glow(240, 160, 330, "#fff6df", 0.5)


_WEATHER = {
    "sunny": _sunny,
    "cloudy": _cloudy,
    "storm": _storm,
    "night": _night,
    "dusk": _dusk,
    "snow": _snowy,
    "fog": _foggy,
}


def _water(c: Canvas, look: Coast) -> None:
    glints(c, HORIZON + 4, 720, look.glint, 150, 0.5)
    if look.weather == "dusk":
        sun_path(c, 300, HORIZON, 720, "#ffb26b")
    if look.weather == "night":
        sun_path(c, 175, HORIZON, 720, "#8fa2cf", 60)
    for i in range(look.waves):
        _swell(c, 478 + 7 * i * (i + 3), 14 + 10 * i, look)


def _swell(c: Canvas, y: float, height: float, look: Coast) -> None:
    """A rank of waves across the picture with foam on every crest."""
    length, start = height * 7, c.dice.uniform(-1, 0)
    points: Outline = []
    for i in range(int(960 / length) + 3):
        x = (i + start) * length
        rise = height * c.dice.uniform(0.7, 1.2)
        points += [(x, y), (x + length * 0.42, y - rise * 0.55), (x + length * 0.6, y - rise)]
        points.append((x + length * 0.72, y - rise * 0.35))
    crest = smooth(points, closed=False, steps=6)
    body = [*crest, (1200, y + 160), (-300, y + 160)]
    c.fill(body, ("#6d858c", "#3c525f", "#24343f"))
    c.fill(
        [*crest, *[(px, py + 3 + height * 0.1) for px, py in reversed(crest)]],
        "#e8eeec",
        opacity=0.85,
    )
    for px, py in crest:
        if py < y - height * 0.5:
            for _ in range(3):
                sx, sy = c.dice.gauss(px, height * 0.3), py - abs(c.dice.gauss(0, height * 0.25))
                c.dot(sx, sy, c.dice.uniform(0.8, 2.8), "#f2f6f5", opacity=0.8)


def _breakwater(c: Canvas, look: Coast) -> None:
    light, dark = look.rock
    deck = smooth(
        [
            (560, 474),
            (640, 464),
            (740, 474),
            (880, 550),
            (1010, 720),
            (540, 780),
            (500, 640),
            (545, 540),
        ]
    )
    c.fill(deck, (light, dark))
    path = smooth([(610, 474), (690, 474), (800, 560), (860, 740), (700, 740), (690, 570)])
    c.fill(path, "#eceff2" if look.snow else "#cfc3b0")
    c.shade(path, dark, "left", 0.3)
    for i in range(26):
        depth = i / 25
        for edge in (-1, 1):
            near = 545 - 50 * depth if edge < 0 else 742 + 260 * depth**0.8
            x = near + c.dice.uniform(-16, 16) * (1 + depth)
            _stone(c, x, 486 + 250 * depth, 15 + 32 * depth, look)


def _stone(c: Canvas, x: float, y: float, size: float, look: Coast) -> None:
    stone = blob(c.dice, x, y, size, size * 0.7, 7)
    c.fill(stone, c.dice.choice([look.rock[0], "#7a7178", "#9b8e83"]))
    c.shade(stone, look.rock[1], "bottom", 0.9)
    if look.snow:
        c.fill(blob(c.dice, x, y - size * 0.36, size * 0.74, size * 0.32, 7), "#f6f8fa")


def tower(c: Canvas, x: float, y: float, scale: float, band: str) -> None:
    """The lighthouse: a tapering tower with coloured bands, gallery, lantern and door."""
    body = place([(-46, 0), (-29, -250), (29, -250), (46, 0)], x, y, scale)
    c.fill(
        place(smooth([(-66, 4), (0, 14), (66, 4), (58, -14), (-58, -14)]), x, y, scale), "#8f8a86"
    )
    c.fill(body, "#f8f4ea")
    for low, high in ((40, 92), (144, 196)):
        ring = place(rect(-60, -high, 120, high - low), x, y, scale)
        c.fill(ring, band, within=body)
    c.shade(body, "#3a3d5c", "right", 0.55)
    c.fill(place(rect(-11, -34, 22, 34, 10), x, y, scale), "#39445a")
    for low in (112, 214):
        c.fill(place(rect(-6, -low - 18, 12, 20, 6), x, y, scale), "#39445a")
    _lantern(c, x, y - 250 * scale, scale, band)


def _lantern(c: Canvas, x: float, y: float, scale: float, band: str) -> None:
    c.fill(place(rect(-42, -10, 84, 12, 3), x, y, scale), "#39445a")
    for dx in range(-38, 39, 19):
        c.stroke(place([(dx, -10), (dx, -28)], x, y, scale), 2 * scale, "#39445a")
    c.stroke(place([(-39, -28), (39, -28)], x, y, scale), 2.4 * scale, "#39445a")
    c.fill(place(rect(-21, -58, 42, 48), x, y, scale), ("#fff3c4", "#ffd774"))
    for dx in (-21, -7, 7, 21):
        c.stroke(place([(dx, -58), (dx, -10)], x, y, scale), 2.2 * scale, "#39445a")
    dome = place([*ellipse(0, -58, 28, 30, 180, 360)], x, y, scale)
    c.fill(dome, band)
    c.shade(dome, "#2b2440", "right", 0.5)
    c.stroke(place([(0, -86), (0, -108)], x, y, scale), 3 * scale, "#39445a")


def _walkers(c: Canvas) -> None:
    person(c, 775, 642, 112, "#e8b23c")
    person(c, 822, 652, 104, "#3f7f8c", "#4c3a3a", "#c98b4a")
    _dog(c, 716, 668)


def _dog(c: Canvas, x: float, y: float) -> None:
    """A small brown dog trotting along."""
    coat = "#6b4630"
    for dx in (-15, -10, 13, 18):
        c.stroke([(x + dx, y - 14), (x + dx + 2, y)], 4.5, coat)
    c.fill(ellipse(x, y - 20, 23, 10.5), coat)
    c.stroke([(x - 20, y - 24), (x - 33, y - 38)], 4.5, coat)
    c.stroke([(x + 18, y - 24), (x + 27, y - 36)], 9, coat)
    c.fill(ellipse(x + 31, y - 38, 11, 7.5), coat)
    c.stroke([(x + 24, y - 44), (x + 21, y - 33)], 5, "#4a2f22")
    c.stroke([(x + 24, y - 30), (x + 48, y - 62), (x + 62, y - 70)], 1.4, "#c8402f")


def _light_and_air(c: Canvas, look: Coast) -> None:
    if look.weather in ("storm", "night"):
        c.tint("#5a6a9c" if look.weather == "night" else "#8d97ab", 0.85)
    if look.weather == "night":
        c.stars(120, HORIZON - 60)
        moon(c, 175, 120, 34)
    if look.lit:
        _beams(c, 640, 186)
    if look.weather == "storm":
        rainfall(c, 190, slant=0.5)
    if look.weather == "dusk":
        c.tint("#f3b9a4", 0.55)
        c.glow(300, 418, 320, "#ff9a58", 0.5)
    if look.snow:
        snowfall(c)
    if look.weather == "fog":
        c.mist(470, 230, "#eceae0", 0.6)
        c.mist(250, 160, "#eceae0", 0.35)


def _beams(c: Canvas, x: float, y: float) -> None:
    c.beam([(x, y - 5), (x, y + 5), (-80, y + 150), (-80, y - 20)], "#ffe9a8", 0.42, soft=9)
    c.beam([(x, y - 5), (x, y + 5), (1040, y - 20), (1040, y - 120)], "#ffe9a8", 0.42, soft=9)
    c.glow(x, y, 190, "#ffdf8e", 0.9)
    c.glow(x, y, 60, "#ffffff", 0.9)


def _from_the_water(look: Coast, c: Canvas) -> None:
    """Seen over the bow of a rowing boat, the lighthouse tall on its rock."""
    width, height = c.size
    c.sky(look.sky, 0, 560)
    cloud(c, 150, 330, 260, "#fffaf0", "#e3dfe0")
    cloud(c, 600, 200, 300, "#fffaf0", "#e3dfe0")
    c.sky(look.sea, 560)
    glints(c, 566, height, look.glint, 170, 0.5)
    rock = smooth([(230, 590), (290, 520), (390, 500), (520, 515), (620, 560), (650, 596)])
    c.fill(rock, look.rock)
    c.shade(rock, "#20222e", "right", 0.6)
    tower(c, 420, 520, 1.25, look.band)
    for _ in range(12):
        _stone(c, c.dice.uniform(230, 640), c.dice.uniform(570, 594), c.dice.uniform(14, 30), look)
    c.fill(ellipse(440, 604, 240, 9), "#f2fbf8", opacity=0.6)
    _bow(c, width, height)


def _bow(c: Canvas, width: int, height: int) -> None:
    hull = smooth(
        [
            (width / 2 - 12, 742),
            (150, 860),
            (60, 1010),
            (660, 1010),
            (570, 860),
            (width / 2 + 12, 742),
        ]
    )
    c.fill(hull, ("#b5603a", "#7c3a2a"))
    inside = smooth([(width / 2, 782), (200, 890), (130, 1010), (590, 1010), (520, 890)])
    c.fill(inside, ("#d99c62", "#a96a3f"))
    c.shade(inside, "#4d2b22", "right", 0.6)
    for y in (850, 905):
        c.stroke(
            [(width / 2 - (y - 760) * 1.5, y), (width / 2 + (y - 760) * 1.5, y)], 3, "#7c3a2a", 0.7
        )
    c.stroke([(600, 905), (720, 850)], 11, "#e6c08c")
    c.stroke([(120, 905), (0, 850)], 11, "#e6c08c")


def _plan(c: Canvas) -> None:
    """The building alone, with measures, as on a builder's plan."""
    tower(c, 300, 800, 1.9, "#fff")
    c.fill(rect(90, 800, 420, 34), "#fff")
    ink = Blueprint.INK
    for a, b in (((560, 800), (560, 325)), ((195, 880), (405, 880))):
        c.stroke([a, b], 1.6, ink)
        for x, y in (a, b):
            c.stroke([(x - 8, y + 8), (x + 8, y - 8)], 1.6, ink)
    for r in (60, 34, 12):
        c.stroke(ellipse(610, 130, r, r), 1.6, ink)
    c.fill(line((610, 50), (610, 210), 1), ink, opacity=0.4)


SUNNY = Coast()
NIGHT = Coast(
    sky=("#0f1b3d", "#23356b", "#4d5f94"),
    sea=("#2a4272", "#16264d", "#0b1530"),
    glint="#90a7d6",
    weather="night",
    lit=True,
)
STORM = Coast(
    sky=("#2f3643", "#57606f", "#8d9494"),
    sea=("#5b7078", "#364a57", "#1e2d39"),
    glint="#cfdcdc",
    weather="storm",
    lit=True,
    waves=7,
)
CLOUDY = Coast(
    sky=("#aab5be", "#c6ccd0", "#dfded6"),
    sea=("#8ba3aa", "#65828c", "#466470"),
    glint="#dfe9e8",
    weather="cloudy",
)
DUSK = Coast(
    sky=("#40437e", "#a35a8c", "#f08a6b", "#ffd08c"),
    sea=("#d9806f", "#8a5a86", "#363a6e"),
    glint="#ffcf9c",
    weather="dusk",
    lit=True,
)
SNOW = Coast(
    sky=("#c4d0dd", "#dfe5ea", "#f1efea"),
    sea=("#9db4c2", "#7594a8", "#54748c"),
    glint="#edf3f6",
    weather="snow",
    snow=True,
)
FOG = Coast(
    sky=("#d6d5d0", "#ebe6da"),
    sea=("#c6cbc8", "#9fadaf"),
    glint="#eef0ec",
    weather="fog",
    band="#4f6f8f",
)

PLATES = {
    "lighthouse-sunny": Plate(partial(_coast, SUNNY)),
    "lighthouse-cloudy": Plate(partial(_coast, CLOUDY)),
    "lighthouse-storm": Plate(partial(_coast, STORM)),
    "lighthouse-night": Plate(partial(_coast, NIGHT), finish=poster),
    "lighthouse-dusk": Plate(partial(_coast, DUSK), finish=poster),
    "lighthouse-snow": Plate(partial(_coast, SNOW)),
    "lighthouse-walkers": Plate(partial(_coast, replace(SUNNY, people=True))),
    "lighthouse-fog": Plate(partial(_coast, FOG), finish=watercolour),
    "lighthouse-from-boat": Plate(partial(_from_the_water, SUNNY), size=PORTRAIT),
    "lighthouse-blueprint": Plate(_plan, size=PORTRAIT, finish=clean, canvas=Blueprint),
}
