"""What ranking takes beside the library that it stands on; for the benchmark `ranking`.

Both sides take turns, a share of the texts at a time, so that whatever else the machine does falls
on both. Each share counts as its quicker one of two attempts.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import bm25s
import numpy as np
from numpy.typing import NDArray

from generation.retrievers.bm25 import Bm25Index, terms
from generation.retrievers.exact import Floats
from generation.retrievers.protocol import Corpus, Queries, Sought
from generation.retrievers.texts import SortedTexts
from generation.retrievers.vector_index import VectorIndex
from generation.vectors.units import unit

TEXTS = 7000
IMAGES = 100_000
DIMENSIONS = 512
SHARES = 7
WIDTH = 10_000
COMMON = ["a", "the", "of", "on", "in", "with", "and", "old", "man", "dog", "street", "red"]


def measure() -> dict[str, float]:
    """Seconds of each side."""
    chance = np.random.default_rng(7)
    images, texts = _unit(chance, IMAGES).astype(np.float32), _unit(chance, TEXTS)
    index = VectorIndex(_names(), images, SortedTexts.of([]))
    targets = [Sought([int(place)]) for place in chance.integers(0, IMAGES, TEXTS)]
    bare = ranks = 0.0
    for part in _shares():
        queries = Queries(("",) * (part.stop - part.start), (), texts[part])
        rows = texts[part].astype(np.float32)
        out = np.empty((len(rows), WIDTH), np.float32)
        sides = partial(_product, rows, images, out), partial(index.search, queries, targets[part])
        bare, ranks = np.add((bare, ranks), _turns(*sides))
    few = min(_seconds(partial(index.search, _five(texts), targets[:5])) for _ in range(10))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"bare": bare, "ranks": ranks, "few": few, "megabytes": megabytes}
    return {name: float(value) for name, value in found.items()} | _over_captions(chance, targets)


def _over_captions(chance: np.random.Generator, targets: Sequence[Sought]) -> dict[str, float]:
    words = [f"thing{n}" for n in range(20_000)]
    captions = [_caption(chance, words) for _ in range(IMAGES)]
    index = Bm25Index.of(Corpus(1, 1, tuple(_names()), tuple(captions)))
    asked = [_caption(chance, words) for _ in range(TEXTS)]
    engine = index._engine
    if engine is None:
        raise RuntimeError("no caption has a word")
    known = [[index._vocabulary.place(term) for term in terms(text)] for text in asked]
    numbers = [[one for one in some if one is not None] for some in known]
    library = ranks = 0.0
    for part in _shares():
        queries = Queries.plain(asked[part])
        sides = (
            partial(_scores, engine, numbers[part]),
            partial(index.search, queries, targets[part]),
        )
        library, ranks = np.add((library, ranks), _turns(*sides))
    return {"bm25s": float(library), "bm25": float(ranks)}


def _unit(chance: np.random.Generator, count: int) -> NDArray[np.float16]:
    parts = [
        unit(chance.standard_normal((len(some), DIMENSIONS), dtype=np.float32))[0]
        for some in np.array_split(np.arange(count), max(1, count // 5000))
    ]
    return np.concatenate(parts)


def _five(texts: NDArray[np.float16]) -> Queries:
    return Queries(("",) * 5, (), texts[:5])


def _names() -> SortedTexts:
    return SortedTexts.of(f"img-{n:06}" for n in range(IMAGES))


def _caption(chance: np.random.Generator, words: Sequence[str]) -> str:
    """As long as that of a photo: common words, and some that few others have."""
    rare = np.minimum(chance.pareto(0.7, 5) + 1, len(words) - 1).astype(int)
    return " ".join([*chance.choice(COMMON, 6), *(words[n] for n in rare)])


def _shares() -> Iterator[slice]:
    size = TEXTS // SHARES
    yield from (slice(begin, begin + size) for begin in range(0, TEXTS, size))


def _product(rows: Floats, images: Floats, out: Floats) -> None:
    """The product alone, in blocks as wide as numpy is quickest with: all scores take 2.8 GB."""
    for begin in range(0, len(images), WIDTH):
        part = images[begin : begin + WIDTH]
        np.matmul(rows, part.T, out=out[:, : len(part)])


def _scores(engine: bm25s.BM25, numbers: Sequence[list[int]]) -> None:
    for some in numbers:
        engine.get_scores_from_ids(some)


def _turns(*sides: Callable[[], object]) -> list[float]:
    """Seconds of each side: the quicker of two attempts, one after the other in turn."""
    attempts = [[_seconds(side) for side in sides] for _ in range(2)]
    return np.min(attempts, axis=0).tolist()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
