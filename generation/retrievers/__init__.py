"""Retrievers by name, and the one whose ranks decide a check."""

from generation.retrievers.bm25 import Bm25
from generation.retrievers.protocol import Corpus, Index, Retriever, Scores

__all__ = ["Corpus", "Index", "Retriever", "Scores", "names", "primary", "retriever"]

_RETRIEVERS: dict[str, Retriever] = {entry.name: entry for entry in [Bm25()]}


def names() -> list[str]:
    return list(_RETRIEVERS)


def retriever(name: str) -> Retriever:
    """A retriever by name. Raises `LookupError` with the names there are."""
    if name not in _RETRIEVERS:
        raise LookupError(f"There is no retriever “{name}”. There are: {', '.join(names())}.")
    return _RETRIEVERS[name]


def primary() -> Retriever:
    """The retriever whose ranks decide the outcome of a check."""
    return _RETRIEVERS["bm25"]
