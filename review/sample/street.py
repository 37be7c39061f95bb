"""A tram in a town street: by day and night, in rain and snow, in several colours."""

from dataclasses import dataclass, replace
from functools import partial

from review.sample.canvas import Canvas
from review.sample.nature import cloud, moon, overcast, person, rainfall, snowfall
from review.sample.plates import Plate
from review.sample.shapes import ellipse, place, rect, ribbon, smooth
from review.sample.styles import poster

KERB = 560


@dataclass(frozen=True)
class Town:
    """Weather, hour and traffic of one picture."""

    sky: tuple[str, ...] = ("#79bfdd", "#c9e4e4", "#f8ecd0")
    tram: str = "#e8b23c"
    weather: str = "sunny"
    night: bool = False
    bicycles: int = 0
    people: int = 0


FRONTS = ("#e9c79a", "#d98a6a", "#f0e0c4", "#9ab8b0", "#e3a98c", "#c8b48a", "#b9746a")


def _town(look: Town, c: Canvas) -> None:
    c.sky(look.sky, 0, KERB)
    if look.weather == "sunny" and not look.night:
        cloud(c, 250, 140, 230, "#fffdf5", "#dbe9ea")
        cloud(c, 760, 100, 180, "#fffdf5", "#dbe9ea")
    elif look.weather != "sunny":
        overcast(c, 0, 240, ["#c0c8ce", "#a8b2ba", "#d4d8d8"], 0.7)
    lit = _houses(c, look)
    _ground(c, look)
    if look.tram:
        tram(c, 250, 596, look.tram)
    _passers_by(c, look)
    _atmosphere(c, look, lit)


def _houses(c: Canvas, look: Town) -> list[tuple[float, float]]:
    """A row of fronts; the middles of the windows where somebody is at home come back."""
    lit: list[tuple[float, float]] = []
    x, dice = -30.0, c.dice
    for i in range(7):
        w, h = dice.uniform(134, 168), dice.uniform(300, 410)
        front = rect(x, KERB - 20 - h, w, h)
        c.fill(front, FRONTS[i])
        c.shade(front, "#5a4a62", "right", 0.4)
        _roof(c, x, KERB - 20 - h, w, i, look)
        lit += _windows(c, x, KERB - 20 - h, w, h, look)
        _shop(c, x, w, i, look)
        x += w
    return lit


def _roof(c: Canvas, x: float, y: float, w: float, i: int, look: Town) -> None:
    colour = "#f2f5f7" if look.weather == "snow" else ("#9a4f40", "#5b5f70", "#b5634a")[i % 3]
    if i % 3 == 1:
        steps = [(0, 0), (0, -22), (0.18, -22), (0.18, -48), (0.36, -48), (0.36, -72)]
        outline = [*steps, *[(1 - px, py) for px, py in reversed(steps)]]
        c.fill([(x + px * w, y + py) for px, py in outline], FRONTS[i])
        c.stroke([(x + px * w, y + py) for px, py in outline], 4, colour)
    else:
        c.fill([(x - 5, y), (x + w * 0.18, y - 66), (x + w * 0.82, y - 66), (x + w + 5, y)], colour)
        c.fill(rect(x + w * 0.62, y - 92, 20, 46), "#7a5248")
        c.fill(rect(x + w * 0.36, y - 48, 34, 36, 4), FRONTS[i])
        c.fill(rect(x + w * 0.36 + 8, y - 40, 18, 24), "#4a5a6c")


def _windows(
    c: Canvas, x: float, y: float, w: float, h: float, look: Town
) -> list[tuple[float, float]]:
    lit = []
    for row in range(int((h - 110) // 78)):
        for k in range(3):
            left, top = x + w * (0.12 + 0.29 * k), y + 24 + 78 * row
            c.fill(rect(left - 3, top - 3, 36, 56, 3), "#f6efe0")
            glass = rect(left, top, 30, 50)
            home = look.night and c.dice.random() < 0.55
            c.fill(glass, ("#ffe3a0", "#f5b45c") if home else ("#8fb0bc", "#5a7886"))
            c.stroke([(left + 15, top), (left + 15, top + 50)], 2, "#f6efe0")
            c.stroke([(left, top + 18), (left + 30, top + 18)], 2, "#f6efe0")
            c.fill(rect(left - 5, top + 52, 40, 4), "#c9b9a0")
            behind_tram = look.tram and 235 < left < 690 and top > 360
            if home and not behind_tram:
                lit.append((left + 15, top + 25))
    return lit


def _shop(c: Canvas, x: float, w: float, i: int, look: Town) -> None:
    y = KERB - 20
    c.fill(
        rect(x + w * 0.1, y - 76, w * 0.5, 60), ("#ffdf9c", "#eeb56a") if look.night else "#7f9aa5"
    )
    c.fill(rect(x + w * 0.68, y - 84, w * 0.22, 84), ("#3f5a52", "#6a3f3a", "#34506a")[i % 3])
    awning = [
        (x + w * 0.06, y - 76),
        (x + w * 0.12, y - 104),
        (x + w * 0.58, y - 104),
        (x + w * 0.64, y - 76),
    ]
    c.fill(awning, ("#c8493a", "#3f8070", "#e0a53c", "#4a6a9a")[i % 4])
    for k in range(4):
        left = x + w * (0.09 + 0.14 * k)
        c.fill(
            [(left, y - 76), (left + 8, y - 104), (left + 17, y - 104), (left + 12, y - 76)],
            "#f6efe0",
        )


def _ground(c: Canvas, look: Town) -> None:
    snow = look.weather == "snow"
    c.fill(rect(0, KERB - 20, 960, 30), "#eef2f5" if snow else "#c9bba6")
    road = ("#e3e9ee", "#cbd6df") if snow else ("#8c8790", "#5f5d6c")
    c.fill(rect(0, KERB + 8, 960, 160), road)
    if look.weather == "rain":
        c.mirror(KERB + 8, 150, 0.5, blur=3)
    for y in (KERB + 44, KERB + 62):
        c.fill(rect(0, y, 960, 4), "#4a4852")
        c.fill(rect(0, y, 960, 1.4), "#d6d2cc")
    c.fill(rect(0, KERB + 130, 960, 40), "#f4f6f8" if snow else ("#b9ab98", "#998b80"))
    c.stroke([(0, KERB + 130), (960, KERB + 130)], 3, "#eee6d8")


def tram(c: Canvas, x: float, y: float, colour: str) -> None:
    """A two-axle tram seen from its side; lower left corner of its body at (x, y)."""
    w, h = 440, 190
    c.stroke([(x + 60, y - h - 86), (x + w - 40, y - h - 86)], 1.6, "#3a3a46")
    for dx in (190, 250):
        c.stroke([(x + 220, y - h - 18), (x + dx, y - h - 52), (x + 220, y - h - 86)], 3, "#3a3a46")
    c.fill(rect(x + 90, y - h - 22, w - 180, 22, 8), "#6d6f7c")
    body = rect(x, y - h, w, h, 26)
    c.fill(body, "#f6eedb")
    c.fill(rect(x - 4, y - 92, w + 8, 92), colour, within=body)
    c.fill(rect(x - 4, y - h - 4, w + 8, 26), colour, within=body)
    c.shade(body, "#4a2f4a", "bottom", 0.5)
    for i in range(6):
        pane = rect(x + 26 + i * 66, y - h + 38, 56, 58, 6)
        c.fill(pane, ("#cfe4e8", "#86a8b4"))
        c.fill(
            place([(8, 0), (26, 0), (6, 58), (-12, 58)], x + 44 + i * 66, y - h + 38),
            "#ffffff",
            opacity=0.3,
            within=pane,
        )
    for dx in (56, 320):
        door = rect(x + dx, y - h + 36, 58, h - 50, 5)
        c.fill(door, ("#b9d3d8", "#7a98a4"))
        c.stroke([(x + dx + 29, y - h + 36), (x + dx + 29, y - 16)], 2.5, "#f6eedb")
    c.fill(rect(x - 6, y - 16, w + 12, 16, 6), "#3a3a46")
    for dx in (90, 150, 290, 350):
        c.dot(x + dx, y + 2, 19, "#2e2e38")
        c.dot(x + dx, y + 2, 8, "#8c8c96")
    c.dot(x + w - 16, y - 58, 9, "#fff6d0")
    c.fill(rect(x + 176, y - h + 4, 92, 18, 4), "#2e2e38")
    c.fill(rect(x + 186, y - h + 10, 72, 5), "#ffd36a")


def bicycle(c: Canvas, x: float, y: float, frame: str, coat: str) -> None:
    """A bicycle with its rider, wheels on the ground at y."""
    for dx in (-44, 44):
        c.stroke(ellipse(x + dx, y - 30, 30, 30), 4, "#2e2e38")
        for turn in (0, 60, 120):
            c.stroke(place([(-29, 0), (29, 0)], x + dx, y - 30, turn=turn), 0.8, "#6a6a76")
    for a, b in (
        ((-44, -30), (-14, -74)),
        ((-14, -74), (30, -72)),
        ((30, -72), (44, -30)),
        ((-44, -30), (0, -30)),
        ((0, -30), (30, -72)),
        ((0, -30), (-18, -82)),
    ):
        c.stroke([(x + a[0], y + a[1]), (x + b[0], y + b[1])], 4.4, frame)
    c.stroke([(x + 30, y - 72), (x + 26, y - 92), (x + 40, y - 96)], 4, "#2e2e38")
    c.stroke([(x - 16, y - 88), (x + 14, y - 64), (x + 2, y - 24)], 13, "#33405a")
    back = smooth([(-26, -84), (-24, -122), (-4, -142), (8, -134), (6, -108), (0, -84)])
    c.fill(place(back, x, y), coat)
    c.stroke([(x, y - 128), (x + 18, y - 106), (x + 36, y - 98)], 9, coat)
    c.dot(x + 8, y - 156, 14, "#e0a988")
    c.fill(ellipse(x + 6, y - 161, 15, 11), "#3f2a22")


def _passers_by(c: Canvas, look: Town) -> None:
    coats = (("#2f6f8a", "#c8402f"), ("#c8402f", "#e0a23a"), ("#e8e2d0", "#4a7a5a"))
    for i in range(look.bicycles):
        x = 200 + 250 * i if look.bicycles > 1 else 780
        c.fill(ellipse(x, 700, 84, 6), "#2a2838", opacity=0.4, soft=3)
        bicycle(c, x, 698, *coats[i])
    for i in range(look.people):
        x = (120, 820, 880)[i]
        person(c, x, 712, 176, ("#b5403a", "#3f7f6a", "#d9a441")[i])
        if look.weather == "rain":
            _brolly(c, x, 712 - 184, ("#e0b23c", "#c8402f", "#3f6a9a")[i])


def _brolly(c: Canvas, x: float, y: float, colour: str) -> None:
    c.stroke([(x + 16, y - 36), (x + 16, y + 76)], 3, "#2e2e38")
    dome = [*ellipse(x + 16, y, 76, 50, 180, 360), (x + 40, y - 8), (x + 16, y), (x - 10, y - 8)]
    c.fill(dome, colour)
    c.shade(dome, "#2a1f3a", "right", 0.5)


def _atmosphere(c: Canvas, look: Town, lit: list[tuple[float, float]]) -> None:
    if look.night:
        c.tint("#5a64a4", 0.82)
        if look.weather == "sunny":
            c.stars(60, 130)
            moon(c, 820, 80, 26)
        _lights(c, look, lit)
    if look.weather == "rain":
        if not look.night:
            c.tint("#b4c0ca", 0.7)
        rainfall(c, 230)
    if look.weather == "snow":
        snowfall(c, 260)


def _lights(c: Canvas, look: Town, lit: list[tuple[float, float]]) -> None:
    for x, y in lit:
        c.beam(rect(x - 15, y - 25, 30, 50), "#f0a850", 0.85, soft=1)
        c.glow(x, y, 54, "#ffb85c", 0.45)
    for i in range(6 if look.tram else 0):
        c.beam(rect(276 + i * 66, 444, 56, 58, 6), "#ffd98a", 0.9, soft=1)
    if look.tram:
        c.glow(674, 538, 120, "#fff0b8", 0.9)
        c.glow(460, 480, 330, "#ffc46a", 0.35)
    for x in (90, 820):
        c.stroke([(x, KERB), (x, 300)], 6, "#23243a")
        c.fill(rect(x - 12, 280, 24, 30, 6), "#fff0bc")
        c.glow(x, 295, 150, "#ffcf80", 0.9)
        c.beam(ribbon([(x, KERB + 10), (x, KERB + 130)], [30, 8]), "#ffc46a", 0.4, soft=6)


DAY = Town()
NIGHT_SKY = ("#2c3668", "#5a659c", "#9a94b8")

PLATES = {
    "tram-yellow": Plate(partial(_town, DAY)),
    "tram-red-rain": Plate(partial(_town, replace(DAY, tram="#c8402f", weather="rain", people=3))),
    "tram-red-night": Plate(
        partial(_town, Town(NIGHT_SKY, "#c8402f", "rain", night=True, people=1)), finish=poster
    ),
    "tram-yellow-night": Plate(partial(_town, Town(NIGHT_SKY, night=True)), finish=poster),
    "tram-green-snow": Plate(partial(_town, replace(DAY, tram="#3f8a68", weather="snow"))),
    "street-bicycles": Plate(partial(_town, replace(DAY, tram="", bicycles=3))),
}
