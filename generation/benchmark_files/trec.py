"""Judgements and rankings in the form that `trec_eval` and `ir_measures` read.

Whatever would break a line's columns in an id is written as in an address (%20 for a space).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from generation.benchmark.ranking import Bench, Cell
from generation.models import BenchmarkDialogue
from generation.retrievers.ranking import TOLERANCE
from generation.searching import Found

TARGET, OTHER, NEITHER = 2, 1, 0
DEPTH = 1000
# Rankings in memory at once.
AT_ONCE = 64
_BREAKING = re.compile(r"[\s%]")


def qrels(subjects: Iterable[BenchmarkDialogue]) -> Iterator[str]:
    """Lines of judgements: targets 2, other images that fit 1, those looked at that do not 0.

    A target that its dialogue shows is kept out, as from all figures.
    """
    for subject in subjects:
        name = _plain(subject.dialogue.external_id)
        grades = dict.fromkeys(subject.targets, TARGET)
        grades |= {image: OTHER if fits else NEITHER for image, fits in subject.others.items()}
        for image, grade in grades.items():
            if image not in subject.shown:
                yield f"{name} 0 {_plain(image)} {grade}\n"


def rankings(bench: Bench, cells: Sequence[Cell]) -> Iterator[list[str]]:
    """The lines of each cell's ranking, best first: 1,000 images, or down to the end of the group
    that the target is tied in; none where no target has a rank. All cells have as many texts."""
    for begin in range(0, len(cells), AT_ONCE):
        some = cells[begin : begin + AT_ONCE]
        for cell, found in zip(some, bench.by_texts(some, DEPTH), strict=True):
            if found.rank is None or found.tied is None:
                yield []
                continue
            deepest = found.rank + found.tied - 1
            whole = found if deepest <= DEPTH else bench.by_texts([cell], deepest)[0]
            yield list(_lines(bench, cell, whole))


def _lines(bench: Bench, cell: Cell, found: Found) -> Iterator[str]:
    name = _plain(cell.subject.dialogue.external_id)
    tag = f"{bench.name}.{cell.form.name}"
    images = [image for image, _ in found.top]
    scores = _levelled([score for _, score in found.top], found.score)
    for place, (image, score) in enumerate(zip(images, scores, strict=True), start=1):
        yield f"{name} Q0 {_plain(image)} {place} {score!r} {tag}\n"


def _levelled(scores: Sequence[float], target: float | None) -> Iterator[float]:
    """Scores that are equal within the tolerance as one number: those around the target's as its
    own, others as the first of their group."""
    level = float("inf")
    for score in scores:
        if target is not None and abs(score - target) <= TOLERANCE:
            level = target
        elif level - score > TOLERANCE:
            level = score
        yield level


def _plain(text: str) -> str:
    return _BREAKING.sub(lambda found: quote(found.group()), text)
