"""An encoder that costs nothing: the sum of a fixed direction for each word."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.encoders.protocol import Encoded, Picture
from generation.models import ConfiguredRetriever
from generation.retrievers.vectors import VectorRetriever

LIMIT = 8


@dataclass
class CheapEncoder:
    """Takes captions; a text is cut after `LIMIT` words. `asked` is what it was asked for."""

    size: int = 16
    batch: int = 4
    model: str = "cheap"
    asked: list[str] = field(default_factory=list)

    def fingerprint(self) -> str:
        return hashlib.sha256(self.model.encode()).hexdigest()

    def dimensions(self) -> int:
        return self.size

    def texts(self, texts: Sequence[str]) -> Encoded:
        self.asked += texts
        return Encoded(self._rows(texts), tuple(len(text.split()) > LIMIT for text in texts))

    def pictures(self, pictures: Sequence[Picture]) -> Encoded:
        self.asked += [picture.image_id for picture in pictures]
        reasons = {
            place: "It has no caption."
            for place, picture in enumerate(pictures)
            if not picture.caption
        }
        return Encoded(self._rows([one.caption for one in pictures]), reasons=reasons)

    def longest_fitting(self, texts: Sequence[str]) -> int:
        fitting = [place for place, text in enumerate(texts) if len(text.split()) <= LIMIT]
        return max(fitting, default=0)

    def _rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self._sum(text) for text in texts], np.float32).reshape(-1, self.size)

    def _sum(self, text: str) -> NDArray[np.float64]:
        words = text.lower().split()[:LIMIT]
        directions = (_direction(self.model, word, self.size) for word in words)
        return np.sum([np.zeros(self.size), *directions], axis=0)


@lru_cache(maxsize=1000)
def _direction(model: str, word: str, size: int) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(f"{model} {word}".encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(size)


class CheapKind:
    """In place of `dense`: every retriever of a process has this encoder."""

    def __init__(self, encoder: CheapEncoder) -> None:
        self.encoder = encoder

    def of(self, configured: ConfiguredRetriever) -> VectorRetriever:
        return VectorRetriever(
            configured,
            kind="dense",
            version=self.encoder.model,
            changing=configured.settings,
            encoder=lambda: self.encoder,
        )

    def settings(self, given: dict[str, object]) -> dict[str, object]:
        return given
