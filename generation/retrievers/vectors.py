"""What is common to retrievers that rank by vectors: by the cosine of a text and an image.

The vectors of images are computed ahead, in the background, and those of texts when they are first
asked for. All of them are kept in PostgreSQL, so that a text has the same vector in every process
and is paid for once; a model is loaded only for what is not there.
"""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generation.encoders.protocol import Encoder
from generation.errors import NotReady
from generation.models import ConfiguredRetriever, VectorSpace
from generation.retrievers.protocol import Corpus, Queries
from generation.retrievers.vector_index import VectorIndex
from generation.vectors import rows
from generation.vectors.units import UNUSABLE, unit
from review.models.candidates import text_key

# Of how vectors are rounded and compared. Another number: all are computed anew.
RECIPE = 1
CHANGED = "The model has changed since: its vectors are being prepared anew."
PREPARING = "Its vectors are being prepared: the model has not been loaded yet."


class VectorRetriever:
    """One configured retriever that a model's vectors serve.

    `changing` are the settings that change vectors, `version` names the model in words. `encoder`
    gives the model, loaded at most once by a process; it is called only when a vector is missing.
    """

    is_light = False

    def __init__(
        self,
        configured: ConfiguredRetriever,
        *,
        kind: str,
        version: str,
        changing: Mapping[str, Any],
        encoder: Callable[[], Encoder],
    ) -> None:
        self.configured = configured
        self.name = configured.name
        self.kind = kind
        self.version = version
        self.encoder = encoder
        self._changing = dict(changing)

    @property
    def hash(self) -> str:
        """Raises `NotReady` until a worker has loaded the model and knows what it is."""
        if not self.configured.fingerprint:
            raise NotReady(self.configured.problem or PREPARING)
        parts = {
            "kind": self.kind,
            "settings": self._changing,
            "fingerprint": self.configured.fingerprint,
            "recipe": RECIPE,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def space(self) -> VectorSpace:
        """Where the vectors of this version are. Raises `NotReady` where none were begun."""
        space = VectorSpace.objects.filter(retriever=self.configured.pk, hash=self.hash).first()
        if space is None:
            raise NotReady(self.configured.problem or PREPARING)
        return space

    def loaded(self) -> Encoder:
        """The model, where it is still the one whose vectors these are. Raises `NotReady`."""
        encoder = self.encoder()
        known = self.configured.fingerprint
        if encoder.fingerprint() != known:
            # The sweep sees it, and begins the space of the new version.
            rows = ConfiguredRetriever.objects.filter(pk=self.configured.pk, fingerprint=known)
            rows.update(problem=CHANGED)
            raise NotReady(CHANGED)
        return encoder

    def queries(self, texts: Sequence[str]) -> Queries:
        """Known texts by their vectors in the record, others by the model, kept at once."""
        space = self.space()
        by_key = {text_key(text): _as_encoded(text) for text in texts}
        known = rows.texts(space, list(by_key))
        refused: dict[str, str] = {}
        if missing := [key for key in by_key if key not in known]:
            refused = self._add(space, missing, [by_key[key] for key in missing])
            # What another process was quicker to add is what all use.
            known = {**known, **rows.texts(space, missing)}
        vectors = np.zeros((len(texts), space.dimensions), np.float16)
        cut = [False] * len(texts)
        reasons = {}
        for place, key in enumerate(map(text_key, texts)):
            if key in known:
                vectors[place], cut[place] = known[key]
            else:
                reasons[place] = refused[key]
        return Queries(tuple(texts), tuple(cut), vectors, reasons=reasons)

    def _add(self, space: VectorSpace, keys: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
        """Keeps the vectors of texts, and says by key why some have none.

        A text without words has no direction: it is equally far from every image.
        """
        vectors = np.zeros((len(texts), space.dimensions), np.float16)
        cut = [False] * len(texts)
        failures: dict[int, str] = {}
        spoken = [place for place, text in enumerate(texts) if text]
        if spoken:
            encoded = self.loaded().texts([texts[place] for place in spoken])
            vectors[spoken], usable = unit(encoded.vectors)
            for at, place in enumerate(spoken):
                cut[place] = bool(encoded.cut and encoded.cut[at])
                if not usable[at]:
                    failures[place] = encoded.reasons.get(at, UNUSABLE)
        good = [place for place in range(len(texts)) if place not in failures]
        # Before anything else: they may have been paid for.
        rows.insert_texts(
            space, [keys[place] for place in good], vectors[good], [cut[place] for place in good]
        )
        return {
            keys[place]: f"“{texts[place][:80]}” cannot be searched with. {reason}"
            for place, reason in failures.items()
        }

    def longest_fitting(self, texts: Sequence[str]) -> int:
        return self.loaded().longest_fitting([_as_encoded(text) for text in texts])

    def index(self, corpus: Corpus) -> VectorIndex:
        return VectorIndex.of(corpus, self.space())

    def load(self, folder: Path) -> VectorIndex:
        return VectorIndex.load(folder)


def _as_encoded(text: str) -> str:
    """What `text_key` takes for the same text is the same to the model."""
    return unicodedata.normalize("NFC", text).strip()
