"""Finishes that turn a drawn picture into a gouache, a watercolour, a print or a plan."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter, ImageOps

from review.sample.canvas import Canvas, Paint
from review.sample.shapes import Point

Floats = NDArray[np.float32]


def clean(image: Image.Image) -> Image.Image:
    """Flat vector art: as drawn."""
    return image


def gouache(image: Image.Image) -> Image.Image:
    """Edges that a brush made, and the grain of the paper."""
    return _grained(_wobbled(image, 1.3, 16), 5.5)


def poster(image: Image.Image) -> Image.Image:
    """Clean edges with a fine grain, like an offset print."""
    return _grained(image, 6.5)


def watercolour(image: Image.Image) -> Image.Image:
    """Pale washes that pool at their edges, on rough paper with a ragged white margin."""
    soft = _wobbled(image, 5, 22).filter(ImageFilter.MedianFilter(3))
    pools = ImageChops.subtract(soft.filter(ImageFilter.GaussianBlur(5)), soft, 0.8, 0)
    washed = ImageChops.subtract(soft, pools)
    paper = Image.new("RGB", image.size, "#fbf7ee")
    thin = Image.blend(washed, ImageChops.screen(washed, washed), 0.28)
    blotched = Image.composite(paper, thin, _blotches(image.size))
    return _grained(Image.composite(blotched, paper, _margin(image.size)), 5, rough=1.1)


def linocut(image: Image.Image, ink: str = "#1d2a44", paper: str = "#f3ead8") -> Image.Image:
    """Two tones, edges in ink; light is cut away in strokes that widen with it, as by a gouge."""
    tone = _levels(_wobbled(image, 2.2, 12))
    height, width = tone.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sway = _noise_field((width, height), 60, 3) * 11
    strokes = 0.5 + 0.5 * np.sin((y + sway + x * 0.12) * (2 * np.pi / 9))
    chatter = _noise_field((width, height), 3, 4) * 0.13
    slope = np.hypot(*np.gradient(tone))
    tone = tone - np.clip(slope * 4 - 0.15, 0, 0.5)
    inked = (tone + (strokes - 0.5) * 0.62 + chatter) < 0.5
    mask = Image.fromarray((inked * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    return Image.composite(
        Image.new("RGB", image.size, ink), Image.new("RGB", image.size, paper), mask
    )


def riso(image: Image.Image, dark: str, bright: str, paper: str = "#f6f0e2") -> Image.Image:
    """Two inks in dots, slightly off register.

    The warm ink takes away blue light and the dark one red light, so each is printed where the
    picture lacks that channel.
    """
    red, _green, blue = image.split()
    out = Image.new("RGB", image.size, paper)
    for ink, channel, angle, shift in ((bright, blue, 0.3, (3, 2)), (dark, red, 0.9, (0, 0))):
        plate = ImageOps.invert(ImageOps.autocontrast(channel, cutoff=1))
        dots = ImageChops.offset(_halftone(plate, angle), *shift)
        inked = Image.composite(
            Image.new("RGB", image.size, ink), Image.new("RGB", image.size, "white"), dots
        )
        out = ImageChops.multiply(out, inked)
    return out


class Blueprint(Canvas):
    """A canvas that only outlines every shape, in white on blue, as an architect does."""

    PAPER, INK = "#1f4e8c", "#e8f1fb"

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        super().__init__(name, size)
        super().fill([(0, 0), (size[0], 0), size, (0, size[1])], self.PAPER)
        for step, opacity in ((24, 0.07), (120, 0.12)):
            for x in range(0, max(size), step):
                super().stroke([(x, 0), (x, size[1])], 1, self.INK, opacity)
                super().stroke([(0, x), (size[0], x)], 1, self.INK, opacity)

    def fill(
        self,
        outline: Sequence[Point],
        paint: Paint,
        *,
        opacity: float = 1,
        soft: float = 0,
        within: Sequence[Point] | None = None,
    ) -> None:
        """Hide what lies behind, then draw the edge; what is faint or soft is left out."""
        if soft or opacity < 0.5:
            return
        if within:
            super().fill(outline, "#3a6fb3", within=within)
        else:
            super().fill(outline, self.PAPER)
            super().stroke([*outline, outline[0]], 1.6, self.INK)

    def stroke(
        self, points: Sequence[Point], width: float, colour: str, opacity: float = 1
    ) -> None:
        """Any line is drawn in the one ink."""
        super().stroke(points, min(width, 1.6), self.INK, opacity)

    def shade(
        self, outline: Sequence[Point], colour: str, side: str = "right", strength: float = 0.5
    ) -> None:
        """A plan has no shadows."""


def _levels(image: Image.Image) -> Floats:
    grey = ImageOps.autocontrast(image.convert("L").filter(ImageFilter.GaussianBlur(0.8)), cutoff=2)
    return np.asarray(grey, dtype=np.float32) / np.float32(255)


def _halftone(plate: Image.Image, angle: float) -> Image.Image:
    """Dots every 7 pixels on a turned grid, as large as the plate is dark."""
    tone = np.asarray(plate, dtype=np.float32) / 255
    y, x = np.mgrid[0 : tone.shape[0], 0 : tone.shape[1]].astype(np.float32)
    u, v = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    screen = 0.5 + 0.25 * (np.cos(u * 2 * np.pi / 7) + np.cos(v * 2 * np.pi / 7))
    cover = np.clip((tone - 1 + screen) * 4 + 0.5, 0, 1)
    return Image.fromarray((cover * 255).astype(np.uint8))


def _grained(image: Image.Image, amount: float, rough: float = 0.5) -> Image.Image:
    grain = _grain(amount, rough).crop((0, 0, *image.size))
    return ImageChops.add(image, Image.merge("RGB", (grain, grain, grain)), 1, -128)


def _wobbled(image: Image.Image, reach: float, grain: int) -> Image.Image:
    """Every pixel taken from up to `reach` pixels away, neighbours together."""
    rows, columns = _wobble(image.size, reach, grain)
    return Image.fromarray(np.asarray(image)[rows, columns])


@lru_cache(maxsize=16)
def _wobble(
    size: tuple[int, int], reach: float, grain: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    rows = np.clip(np.rint(y + reach * _noise_field(size, grain, 1)), 0, height - 1)
    columns = np.clip(np.rint(x + reach * _noise_field(size, grain, 2)), 0, width - 1)
    return rows.astype(np.int32), columns.astype(np.int32)


@lru_cache(maxsize=4)
def _grain(amount: float, rough: float) -> Image.Image:
    noise = np.random.default_rng(7).normal(0, 1, (960, 960)).astype(np.float32)
    blurred = Image.fromarray(noise * 40 + 128).convert("L").filter(ImageFilter.GaussianBlur(rough))
    values = np.asarray(blurred, dtype=np.float32)
    scaled = (values - values.mean()) / values.std() * amount + 128
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))


@lru_cache(maxsize=24)
def _noise_field(size: tuple[int, int], grain: int, seed: int) -> Floats:
    """Smooth noise from about -1 to 1 with lumps of `grain` pixels; height x width."""
    small = (size[0] // grain + 2, size[1] // grain + 2)
    noise = np.random.default_rng(seed).uniform(-1, 1, small[::-1]).astype(np.float32)
    lumps = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(lumps, dtype=np.float32)


@lru_cache(maxsize=4)
def _blotches(size: tuple[int, int]) -> Image.Image:
    """Where the wash lets the paper through: little, in clouds."""
    field = 0.6 * _noise_field(size, 90, 8) + 0.3 * _noise_field(size, 30, 9)
    return Image.fromarray((np.clip(0.14 + 0.28 * field, 0, 1) * 255).astype(np.uint8))


@lru_cache(maxsize=4)
def _margin(size: tuple[int, int]) -> Image.Image:
    """255 within a ragged frame, 0 on the bare paper around it."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inset = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    edge = 34 + 16 * _noise_field(size, 46, 10) + 6 * _noise_field(size, 9, 11)
    return Image.fromarray((np.clip((inset - edge) / 2.5 + 0.5, 0, 1) * 255).astype(np.uint8))
