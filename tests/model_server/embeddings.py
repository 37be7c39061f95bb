"""Vectors of texts and images, in the forms that servers take them.

A text's vector is made of its words and a picture's of the name of its colour, so that “red” finds
what is red. What else it holds makes each content different, and the same one always alike.
"""

import base64
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image

from tests.model_server.faults import Fault
from tests.model_server.replies import MODEL, data, refused
from tests.model_server.transport import Reply

WORD = re.compile(r"\w+")
COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 215, 0),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}
# How much of a vector is the content's own, beside its words.
OWN_SHARE = 0.2
TOKENS_PER_PICTURE = 50
Vector = NDArray[np.float32]


class Unreadable(Exception):
    """A request in no form that a server takes; `str(error)` is what it answers."""


@dataclass(frozen=True)
class Content:
    """A text, or the bytes of a picture."""

    text: str = ""
    picture: bytes = b""

    @property
    def tokens(self) -> int:
        return len(WORD.findall(self.text)) + bool(self.picture) * TOKENS_PER_PICTURE


def contents(request: dict[str, Any]) -> list[Content]:
    """What a request asks vectors for, in each form.

    `messages` as vLLM has it: one input to a request, all its texts and its picture.
    `modality` as Infinity has it: all of `input` are URLs of pictures.
    Objects with `image` or `text` in `input` as Jina has them.
    """
    if "messages" in request:
        return [_of_messages(request["messages"])]
    asked = request.get("input")
    asked = [asked] if isinstance(asked, str) else asked
    if not isinstance(asked, list) or not asked:
        raise Unreadable("input must be a text or a list that is not empty")
    if request.get("modality") == "image":
        return [Content(picture=_bytes(url)) for url in asked]
    return [_of_input(one) for one in asked]


def _of_messages(messages: list[dict[str, Any]]) -> Content:
    parts = [part for message in messages for part in _parts(message["content"])]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return Content(" ".join(texts), _bytes(urls[0]) if urls else b"")


def _parts(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _of_input(one: Any) -> Content:
    if isinstance(one, str):
        return Content(text=one)
    if isinstance(one, dict) and isinstance(one.get("text"), str):
        return Content(text=one["text"])
    if isinstance(one, dict) and isinstance(one.get("image"), str):
        return Content(picture=_bytes(one["image"]))
    raise Unreadable("an input is a text, or an object with text or image")


def _bytes(url: Any) -> bytes:
    """A picture from its data URL, or from bare base64; no address is fetched."""
    if not isinstance(url, str) or url.startswith("http"):
        raise Unreadable("this server fetches no pictures: send a data URL")
    try:
        return base64.b64decode(url.partition("base64,")[2] or url, validate=True)
    except ValueError:
        raise Unreadable("this is no base64") from None


def vector_of(content: Content, dimensions: int) -> Vector:
    """A unit vector; cut to fewer dimensions it stays alike, as those of Matryoshka models do."""
    words = [word.lower() for word in WORD.findall(content.text)]
    if content.picture:
        words.append(_colour(content.picture))
    own = _drawn(hashlib.sha256(content.text.encode() + content.picture).hexdigest(), dimensions)
    mixed = sum((_drawn(word, dimensions) for word in words), OWN_SHARE * own)
    return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)


@lru_cache(maxsize=10_000)
def _drawn(seed: str, dimensions: int) -> NDArray[np.float64]:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    return np.random.default_rng(number).standard_normal(dimensions)


def _colour(picture: bytes) -> str:
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            mean = np.asarray(opened.convert("RGB"), dtype=np.float64).mean(axis=(0, 1))
    except OSError:
        raise Unreadable("the picture cannot be read") from None
    return min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))


@dataclass
class Embedding:
    """The half of a model server that makes vectors.

    `refuses` gives the status and words that a content is refused with, for the whole request.
    """

    dimensions: int = 16
    most_inputs: int = 2048
    refuses: Callable[[Content], tuple[int, str] | None] | None = None
    embedded: int = 0

    def embedding_reply(self, request: dict[str, Any], fault: Fault | None) -> Reply:
        try:
            asked = contents(request)
            found = self._vectors(request, asked)
        except Unreadable as error:
            return refused(400, str(error), "invalid_request")
        if refusal := self._refusal(asked):
            return refused(*refusal, "invalid_request")
        self.embedded += len(asked)
        spoilt = _spoilt(found, fault.kind if fault else "")
        return data(_listed(request, spoilt, sum(content.tokens for content in asked)))

    def _vectors(self, request: dict[str, Any], asked: list[Content]) -> list[Vector]:
        if len(asked) > self.most_inputs:
            raise Unreadable(f"at most {self.most_inputs} inputs in a request")
        wanted = request.get("dimensions") or self.dimensions
        if not 0 < wanted <= self.dimensions:
            raise Unreadable(f"dimensions: at most {self.dimensions}")
        whole = [vector_of(content, self.dimensions)[:wanted] for content in asked]
        return [vector / np.linalg.norm(vector) for vector in whole]

    def _refusal(self, asked: list[Content]) -> tuple[int, str] | None:
        if self.refuses is None:
            return None
        return next((refusal for one in asked if (refusal := self.refuses(one))), None)


def _spoilt(vectors: list[Vector], kind: str) -> list[Vector]:
    """The vectors, spoilt in the way that a fault of this kind spoils them."""
    first, *others = vectors
    match kind:
        case "wrong-count":
            return others
        case "wrong-dimensions":
            return [first[:-1], *others]
        case "not-a-number":
            return [np.full_like(first, np.nan), *others]
        case "zero":
            return [np.zeros_like(first), *others]
    return vectors


def _listed(request: dict[str, Any], vectors: list[Vector], tokens: int) -> dict[str, Any]:
    in_base64 = "base64" in (request.get("encoding_format"), request.get("embedding_type"))
    return {
        "object": "list",
        "data": list(_rows(vectors, in_base64=in_base64)),
        "model": request.get("model", MODEL),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _rows(vectors: list[Vector], *, in_base64: bool) -> Iterator[dict[str, Any]]:
    """The last first: who asks must look at `index`."""
    for index, vector in reversed(list(enumerate(vectors))):
        written = np.asarray(vector, dtype="<f4")
        # JSON knows no NaN, and neither does orjson.
        plain: Any = orjson.Fragment(str(written.tolist()).replace("nan", "NaN"))
        shown = base64.b64encode(written.tobytes()).decode() if in_base64 else plain
        yield {"object": "embedding", "index": index, "embedding": shown}
