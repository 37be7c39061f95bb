"""A plate: what one picture of the sample is made from."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from review.sample.canvas import LANDSCAPE, Canvas
from review.sample.styles import gouache


@dataclass(frozen=True)
class Plate:
    """How to draw one picture, on what, and in which style to finish it."""

    draw: Callable[[Canvas], None]
    size: tuple[int, int] = LANDSCAPE
    finish: Callable[[Image.Image], Image.Image] = gouache
    canvas: Callable[[str, tuple[int, int]], Canvas] = Canvas

    def picture(self, name: str) -> Image.Image:
        """The finished picture; the same name gives the same pixels."""
        canvas = self.canvas(name, self.size)
        self.draw(canvas)
        return self.finish(canvas.image)
