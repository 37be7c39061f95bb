"""Images as models are sent them: in a set size, encoded once, as data URLs."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self, get_args

from django.core.files.storage import default_storage

from review.errors import Invalid
from review.models import Image
from review.pictures import Format, scaled

LONGEST_SIDES = range(256, 2048 + 1)
COUNTS = range(1, 32 + 1)
# Of Pillow's 1 to 95; finer differences are lost on models, and every byte is sent.
QUALITY = 85
# Nearly all data URLs are under 100 KB; at 2,048 pixels of pure noise one has 4 MB, so that the
# cache never holds more than about 130 MB. It serves the endpoints and retries of a dialogue,
# which ask within moments of each other.
MOST_CACHED = 32
DATA_URL = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[^;,\s]*)*(?P<base64>;base64)?,"
)


@dataclass(frozen=True)
class ImageSettings:
    """How images are sent: `longest_side` in pixels, at most `most` images in a request.

    JPEG by default: llama.cpp reads no WebP. Raises `Invalid` for what is out of bounds.
    """

    longest_side: int = 512
    format: Format = "jpeg"
    most: int = 8

    def __post_init__(self) -> None:
        _check_number("longest_side", self.longest_side, LONGEST_SIDES, "pixels")
        _check_number("most", self.most, COUNTS, "images")
        if self.format not in get_args(Format):
            raise Invalid("Images are sent as “webp” or “jpeg”: choose one.", field="format")

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """The settings of a JSON object; what it leaves out is as by default."""
        unknown = sorted(set(given) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise Invalid(
                f"Images have no setting “{unknown[0]}”. There are: {known}.", field=unknown[0]
            )
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _check_number(field: str, value: Any, allowed: range, unit: str) -> None:
    # True is a number to Python, and to nobody else.
    if type(value) is not int or value not in allowed:
        words = field.replace("_", " ")
        raise Invalid(
            f"“{words}” is a whole number from {allowed[0]:,} to {allowed[-1]:,} {unit}.",
            field=field,
        )


def encoded(image: Image, settings: ImageSettings) -> bytes:
    """`image` as it is sent; kept in the storage, so that each content is encoded once.

    Raises `Missing` where the image has no file, `Invalid` where it cannot be shown.
    """
    name = scaled(
        image, longest_side=settings.longest_side, format=settings.format, quality=QUALITY
    )
    with default_storage.open(name, "rb") as file:
        return file.read()


def data_url(image: Image, settings: ImageSettings) -> str:
    """The same as a `data:` URL, from memory where it was just asked for."""
    # Rows are no keys: two rows of one content would be two, and an unsaved one is none.
    return _data_url(image.sha256, image.file.name or "", image.external_id, settings)


@lru_cache(maxsize=MOST_CACHED)
def _data_url(sha256: str, file: str, external_id: str, settings: ImageSettings) -> str:
    image = Image(sha256=sha256, file=file, external_id=external_id)
    content = base64.b64encode(encoded(image, settings)).decode()
    return f"data:image/{settings.format};base64,{content}"


def image_part(image: Image, settings: ImageSettings) -> dict[str, Any]:
    """`image` as a part of a message to the chat completions API.

    Without `detail`: the size is set here, and "auto" is what a server takes it for.
    """
    return {"type": "image_url", "image_url": {"url": data_url(image, settings)}}


def redacted(request: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of a chat request with the digest of every image in place of its data URL.

    It is small enough to keep, and its hash still tells one picture from another. Text stays as
    it is sent, even where it looks like such a URL.
    """
    return _without_data(request)


def _without_data(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _without_data(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_data(inner) for inner in value]
    if key in {"url", "image_url"} and isinstance(value, str) and value.startswith("data:"):
        return _digest(value)
    return value


def _digest(url: str) -> str:
    found = DATA_URL.match(url)
    content = _content(url, found)
    media_type = found["type"] if found else "unknown type"
    return f"sha256:{hashlib.sha256(content).hexdigest()}; {media_type}; {len(content)} bytes"


def _content(url: str, found: re.Match[str] | None) -> bytes:
    """The bytes that a data URL holds; those of the URL where they cannot be read."""
    if found and found["base64"]:
        try:
            return base64.b64decode(url[found.end() :], validate=True)
        except (binascii.Error, ValueError):
            pass
    return url.encode("utf-8", "surrogatepass")
