"""Vectors asked of a server: its reply to one request, checked before any of it is used."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from generation.calls.exchanges import EMBEDDINGS
from generation.calls.questions import Sealed
from generation.calls.readings import Reading, Usage
from generation.models import Endpoint

Vectors = NDArray[np.float32]

# Of a reply that cannot be used the ledger keeps so many characters: vectors fill megabytes.
KEPT_CHARACTERS = 2000
SEVERAL = (
    "The server gave several vectors for one input. This model compares texts and images in "
    "another way: choose one with a single vector for each."
)


@dataclass(frozen=True)
class VectorsWanted:
    """One request for the vectors of `count` inputs, of so many dimensions (None: not known yet).

    `body` is all of it but the model, `kept` the same with pictures by their checksum, `pictures`
    their number.
    """

    path = EMBEDDINGS
    prompt = None
    saw_target = False
    tokens_output = 0

    body: dict[str, Any]
    kept: dict[str, Any]
    count: int
    pictures: int = 0
    dimensions: int | None = None

    def request(self, endpoint: Endpoint, model: str) -> dict[str, Any]:
        return {"model": model, **self.body}

    def sealed(self, request: dict[str, Any]) -> Sealed:
        return Sealed.of({"model": request["model"], **self.kept}, self.pictures)

    def read(self, body: str) -> Reading[Vectors]:
        return read_vectors(body, self.count, self.dimensions)


class _Unusable(Exception):
    """Why a reply cannot be used, as a sentence."""


def read_vectors(body: str, count: int, dimensions: int | None = None) -> Reading[Vectors]:
    """The vectors in a reply, [count, dimensions], in the order of the inputs."""
    usage = Usage()
    try:
        reply = _loaded(body)
        usage = _usage(reply)
        vectors = _vectors(_rows(reply, count), dimensions)
    except _Unusable as error:
        return Reading(usage, unusable=str(error), kept=body[:KEPT_CHARACTERS])
    return Reading(usage, vectors, kept=_noted(vectors, reply))


def _loaded(body: str) -> dict[str, Any]:
    try:
        reply = _as_json(body)
    except (ValueError, RecursionError):
        raise _Unusable("The reply is no JSON.") from None
    if not isinstance(reply, dict) or not isinstance(reply.get("data"), list):
        raise _Unusable("The reply holds no embeddings.")
    return reply


def _as_json(body: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # It is strict: a reply with NaN in it would not be known for what it is.
        return json.loads(body)


def _usage(reply: dict[str, Any]) -> Usage:
    """What goes in is all that costs. Some servers say it with the total alone."""
    told = reply.get("usage")
    if isinstance(told, dict):
        told = {"prompt_tokens": told.get("total_tokens"), **told, "completion_tokens": 0}
    return Usage.of(told)


def _rows(reply: dict[str, Any], count: int) -> list[Any]:
    rows = reply["data"]
    if len(rows) != count:
        raise _Unusable(f"The reply holds {len(rows)} vectors for {count} inputs.")
    if not all(isinstance(row, dict) and "embedding" in row for row in rows):
        raise _Unusable("The reply holds no embeddings.")
    places = [row.get("index", at) for at, row in enumerate(rows)]
    if not all(type(place) is int for place in places) or sorted(places) != list(range(count)):
        raise _Unusable("The reply does not say which vector is of which input.")
    by_place = dict(zip(places, rows, strict=True))
    return [by_place[at]["embedding"] for at in range(count)]


def _vectors(rows: list[Any], dimensions: int | None) -> Vectors:
    found = [_vector(row) for row in rows]
    wanted = dimensions or len(found[0])
    for vector in found:
        if len(vector) != wanted:
            raise _Unusable(f"A vector has {len(vector):,} dimensions, not {wanted:,}.")
    vectors = np.stack(found)
    if not np.isfinite(vectors).all():
        raise _Unusable("A vector holds what is no number, or none that is finite.")
    if not vectors.any(axis=1).all():
        raise _Unusable("A vector is zero in all its dimensions, so it has no direction.")
    return vectors


def _vector(row: Any) -> Vectors:
    """From a list of numbers, or the base64 of float32 with their first byte last."""
    try:
        if isinstance(row, str):
            return np.frombuffer(base64.b64decode(row, validate=True), "<f4").astype(np.float32)
        with np.errstate(over="ignore"):
            vector = np.asarray(row, dtype=np.float32)
    except (ValueError, TypeError, binascii.Error):
        raise _Unusable("A vector is no list of numbers.") from None
    if vector.ndim == 2:
        raise _Unusable(SEVERAL)
    if vector.ndim != 1 or not len(vector):
        raise _Unusable("A vector is no list of numbers.")
    return vector


def _noted(vectors: Vectors, reply: dict[str, Any]) -> str:
    """What the ledger keeps of a good reply."""
    return json.dumps(
        {
            "vectors": len(vectors),
            "dimensions": vectors.shape[1],
            "sha256": hashlib.sha256(vectors.tobytes()).hexdigest(),
            "model": reply.get("model"),
            "usage": reply.get("usage"),
        }
    )
