"""What a benchmark could show, before there is one: how small a difference dialogues tell."""

from dataclasses import dataclass

from generation.measures.statistics import smallest_difference

SIZES = (100, 300, 1000, 3000)
# Where dialogues share targets: half as much variance again, as clusters of a few bring it.
CLUSTERED = 1.5
MOST_DIALOGUES = 10_000_000


@dataclass(frozen=True)
class Foresight:
    """The smallest differences, as shares: of independent dialogues, and of clustered ones."""

    dialogues: int
    alone: float | None
    clustered: float | None
    asked: bool


def foresight(dialogues: int | None) -> list[Foresight]:
    """Of the usual sizes, and of the one asked for."""
    sizes = sorted({*SIZES, *([dialogues] if dialogues else [])})
    return [
        Foresight(
            size,
            smallest_difference(size),
            smallest_difference(size, design_effect=CLUSTERED),
            size == dialogues,
        )
        for size in sizes
    ]
