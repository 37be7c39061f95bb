"""Exact ranks by cosine: float32 does the work, and float64 decides what it leaves in doubt.

The vectors are unit vectors of float16 numbers. A product of two such numbers has at most 22 bits:
float32 holds it exactly. It is a multiple of 2^-48, and so is every sum of them; a sum is below 2,
so that it has at most 49 bits: float64, which holds 53, adds them exactly in any order. Such a
score is the same whatever is computed beside it.

In float32 only the additions round. However n products are grouped, the error of their sum is at
most g / (1 - g) times the sum of their sizes, g = n 2^-24 (Higham 2002, "Accuracy and Stability of
Numerical Algorithms", 4.2), and by Cauchy and Schwarz that sum is at most the product of the
vectors' lengths. Two passes over a block of float32 scores therefore suffice: what lies above the
target by more than the tolerance and this error is above it, what lies below by more is below it,
and only the few between them are scored again in float64.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.retrievers.processors import one_thread_each, processors
from generation.retrievers.protocol import Sought
from generation.retrievers.ranking import TOLERANCE, Rank

# Scores of a block stay in the processor's cache. A row has 255 words of 8 bytes, so that each
# byte of their sum can count one more (see `_counted`).
ROWS = 1024
WIDTH = 255 * 8
# Rounding to float16 may lengthen a unit vector by this much at most, and thresholds are rounded to
# float32 once more.
LONGEST = 1.001
THRESHOLD_ERROR = 2.0**-22
# Pairs scored at a time: few megabytes.
PAIRS = 1024

Floats = NDArray[np.float32]
Exact = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Texts and images to be compared, by their places, in the order of the texts."""

    texts: Numbers
    images: Numbers

    @classmethod
    def of(cls, images: Sequence[Sequence[int]]) -> "Pairs":
        """The images of each text."""
        counts = np.fromiter(map(len, images), np.int64, len(images))
        flat = [image for some in images for image in some]
        return cls(np.repeat(np.arange(len(images)), counts), np.array(flat, np.int64))


def error(dimensions: int) -> float:
    """How far at most a float32 score is from the exact one."""
    grouped = dimensions * 2.0**-24
    return LONGEST**2 * grouped / (1 - grouped) + THRESHOLD_ERROR


def scored(texts: Floats, images: Floats, pairs: Pairs) -> Exact:
    """The exact score of each pair."""
    scores = np.empty(len(pairs.texts))
    for begin in range(0, len(scores), PAIRS):
        some = slice(begin, begin + PAIRS)
        rows = texts[pairs.texts[some]], images[pairs.images[some]]
        scores[some] = np.einsum("ij,ij->i", *rows, dtype=np.float64)
    return scores


def every(texts: Floats, images: Floats) -> Exact:
    """The exact score of every image for each text: [texts, images].

    All of them in float64, a block of images at a time on each processor: as a whole the images
    would take twice their memory once more.
    """
    wide = texts.astype(np.float64)
    scores = np.empty((len(texts), len(images)))

    def score(begin: int) -> None:
        part = images[begin : begin + WIDTH].astype(np.float64)
        scores[:, begin : begin + WIDTH] = wide @ part.T

    with one_thread_each, ThreadPoolExecutor(processors()) as pool:
        list(pool.map(score, range(0, len(images), WIDTH)))
    return scores


def ranks(texts: Floats, images: Floats, sought: Sequence[Sought]) -> list[list[Rank]]:
    """The rank of each target of each text among all images but those left out."""
    targets = Pairs.of([one.targets for one in sought])
    scores = scored(texts, images, targets)
    above, tied = _counts(texts, images, targets, scores)
    hidden = _hidden(texts, images, sought, targets, scores)
    found = zip(above - hidden[0] + 1, tied - hidden[1], scores, strict=True)
    each = iter([Rank(int(rank), int(equal), float(score)) for rank, equal, score in found])
    return [[next(each) for _ in one.targets] for one in sought]


def _counts(
    texts: Floats, images: Floats, targets: Pairs, scores: Exact
) -> tuple[Numbers, Numbers]:
    """How many images are above each target, and how many equal it.

    Each processor takes a share of the images: so all have work, however few the texts. A text with
    several targets is compared once for each.
    """
    shares = np.array_split(images, processors())
    blocks = [slice(at, at + ROWS) for at in range(0, len(scores), ROWS)]

    def count(share: Floats) -> tuple[Numbers, Numbers]:
        above, tied = np.zeros((2, len(scores)), np.int64)
        for some in blocks:
            above[some], tied[some] = _counts_of(texts[targets.texts[some]], share, scores[some])
        return above, tied

    with one_thread_each, ThreadPoolExecutor(len(shares)) as pool:
        counts = list(pool.map(count, shares))
    above, tied = np.sum(counts, axis=0)
    return above, tied


def _counts_of(rows: Floats, images: Floats, scores: Exact) -> tuple[Numbers, Numbers]:
    """The same for one target of each row."""
    margin = TOLERANCE + error(rows.shape[1])
    over = (scores + margin).astype(np.float32)[:, None]
    under = (scores - margin).astype(np.float32)[:, None]
    above, tied = np.zeros((2, len(rows)), np.int64)
    block, higher, doubtful = _room(len(rows), WIDTH)
    for begin in range(0, len(images), WIDTH):
        part = images[begin : begin + WIDTH]
        if len(part) < WIDTH:
            block, higher, doubtful = _room(len(rows), len(part))
        np.matmul(rows, part.T, out=block)
        np.greater(block, over, out=higher[:, : len(part)])
        np.greater_equal(block, under, out=doubtful[:, : len(part)])
        doubtful ^= higher
        above += _counted(higher)
        texts, places = np.divmod(_true(doubtful), doubtful.shape[1])
        differences = scored(rows, part, Pairs(texts, places)) - scores[texts]
        above += np.bincount(texts[differences > TOLERANCE], minlength=len(rows))
        tied += np.bincount(texts[np.abs(differences) <= TOLERANCE], minlength=len(rows))
    return above, tied


def _room(rows: int, width: int) -> tuple[Floats, Flags, Flags]:
    """Room for a block of scores and two flags of each; flags have whole words, the rest 0."""
    higher, doubtful = np.zeros((2, rows, -(-width // 8) * 8), np.bool_)
    return np.empty((rows, width), np.float32), higher, doubtful


def _true(flags: Flags) -> Numbers:
    """The places of what is true, of flags in one row: few are, so eight are looked at together."""
    words = np.flatnonzero(flags.view(np.uint64))
    some, byte = np.nonzero(flags.view(np.uint8).reshape(-1, 8)[words])
    return words[some] * 8 + byte


def _counted(flags: Flags) -> Numbers:
    """How many of each row are true: eight at a time, as the bytes of one number."""
    words = np.add.reduce(flags.view(np.uint64), axis=1)
    return words.view(np.uint8).reshape(len(flags), 8).sum(axis=1, dtype=np.int64)


def _hidden(
    texts: Floats, images: Floats, sought: Sequence[Sought], targets: Pairs, scores: Exact
) -> tuple[Numbers, Numbers]:
    """How many of what each target's text leaves out are above it, and equal it."""
    left_out = [sought[text].left_out for text in targets.texts]
    pairs = Pairs.of(left_out)
    by_text = Pairs(targets.texts[pairs.texts], pairs.images)
    differences = scored(texts, images, by_text) - scores[pairs.texts]
    above = np.bincount(pairs.texts[differences > TOLERANCE], minlength=len(scores))
    tied = np.bincount(pairs.texts[np.abs(differences) <= TOLERANCE], minlength=len(scores))
    return above, tied


def best(
    texts: Floats, images: Floats, sought: Sequence[Sought], count: int
) -> list[list[tuple[int, float]]]:
    """The `count` best images of each text but those left out, as place and exact score; among
    equals the earlier place first."""
    found: list[list[tuple[int, float]]] = []
    at_once = max(1, ROWS * WIDTH // max(1, len(images)))
    for begin in range(0, len(texts), at_once):
        rows = texts[begin : begin + at_once]
        scores = rows @ images.T
        for number, row in enumerate(scores):
            left_out = list(set(sought[begin + number].left_out))
            row[left_out] = -np.inf
            found.append(_best_of(rows[number], images, row, min(count, len(row) - len(left_out))))
    return found


def _best_of(text: Floats, images: Floats, row: Floats, count: int) -> list[tuple[int, float]]:
    if count < 1:
        return []
    least = np.partition(row, len(row) - count)[len(row) - count]
    strong = np.flatnonzero(row >= least - 2 * error(len(text)))
    scores = scored(text[None], images, Pairs(np.zeros_like(strong), strong))
    order = np.argsort(-scores, kind="stable")[:count]
    return [(int(strong[at]), float(scores[at])) for at in order]
