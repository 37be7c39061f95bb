"""Pictures: opened within limits, stored once by checksum, served in sizes without metadata.

What was imported is kept byte by byte under its SHA-256 and never served itself. People get a
*rendition*: turned upright, in sRGB, without metadata (no GPS), as WebP in one of three sizes.
"""

import hashlib
import io
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Literal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from review.errors import Invalid, Missing
from review.models import Image

Size = Literal["thumb", "review", "full"]

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 64_000_000
MOST_FRAMES = 1_000
# Longest side in pixels; WebP ends at 16,383.
LONGEST_SIDE: dict[str, int] = {"thumb": 320, "review": 1024, "full": 16_383}
QUALITY: dict[str, int] = {"thumb": 80, "review": 86, "full": 92}
RENDITION_TYPE = "image/webp"
# Decoders that are read in full by many: no PostScript, no fonts, no raw formats.
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"]


class PictureRefused(Invalid):
    """A file that is no picture we take; the sentence says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="file")


@dataclass(frozen=True)
class Kept:
    """A picture as stored: its name in the storage, and its size in pixels as people see it."""

    sha256: str
    name: str
    media_type: str
    width: int
    height: int


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def examine(content: bytes, *, sha256: str = "") -> Kept:
    """Opens and decodes a picture without storing it. Raises `PictureRefused`."""
    kept, _ = _opened(content, sha256 or checksum(content))
    return kept


def keep(content: bytes, *, sha256: str = "") -> Kept:
    """Checks and stores a picture with its thumbnail; the same bytes are stored once.

    Raises `PictureRefused`.
    """
    kept, picture = _opened(content, sha256 or checksum(content))
    _store_once(kept.name, lambda: content)
    _store_once(_rendition_name(kept.sha256, "thumb"), lambda: _rendered(picture, "thumb"))
    return kept


def rendition(image: Image, size: Size) -> str:
    """The name in the default storage of `image` in `size`, made now if nobody asked before.

    Raises `Missing` where the image has no file.
    """
    if not image.has_file():
        raise Missing(f"Image {image.external_id} has no file: it is known by its caption alone.")
    name = _rendition_name(image.sha256, size)
    _store_once(name, lambda: _rendered(_stored_picture(image), size))
    return name


def open_rendition(image: Image, size: Size) -> IO[bytes]:
    """`image` in `size`, as WebP, open for reading."""
    return default_storage.open(rendition(image, size), "rb")


def _opened(content: bytes, sha256: str) -> tuple[Kept, Pillow.Image]:
    picture = _decoded(content)
    media_type = Pillow.MIME[str(picture.format)]
    ImageOps.exif_transpose(picture, in_place=True)
    kept = Kept(sha256, _original_name(sha256), media_type, picture.width, picture.height)
    return kept, picture


def _decoded(content: bytes) -> Pillow.Image:
    """The first frame of a picture, all its pixels read."""
    if len(content) > MOST_BYTES:
        raise PictureRefused(
            f"the file has {len(content):,} bytes, the most is {MOST_BYTES:,}: make it smaller"
        )
    try:
        with warnings.catch_warnings():
            # Our own limit on pixels is lower than the one that Pillow warns about.
            warnings.simplefilter("ignore")
            picture = Pillow.open(io.BytesIO(content), formats=FORMATS)
            _check_extent(picture)
            picture.load()
    except PictureRefused:
        raise
    except Pillow.DecompressionBombError as error:
        raise PictureRefused(f"the picture has far too many pixels: {error}") from error
    except Pillow.UnidentifiedImageError:
        raise PictureRefused(_unknown_content(content)) from None
    # Broken files end in almost any error of a decoder; all of them mean the same to the reader.
    except Exception as error:
        raise PictureRefused(f"the picture is broken or cut off: {error}") from error
    return picture


def _check_extent(picture: Pillow.Image) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureRefused(
            f"the picture has {width:,} x {height:,} pixels, the most is {MOST_PIXELS:,} in all"
        )
    frames = getattr(picture, "n_frames", 1)
    if frames > MOST_FRAMES:
        raise PictureRefused(f"the picture has {frames:,} frames, the most is {MOST_FRAMES:,}")


def _unknown_content(content: bytes) -> str:
    if not content:
        return "the file is empty"
    start = content[:200].lstrip().lower()
    kinds = {b"<svg": "an SVG drawing", b"<?xml": "XML", b"<!doctype": "HTML", b"<html": "HTML"}
    found = next((kind for mark, kind in kinds.items() if start.startswith(mark)), "")
    taken = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
    return f"the file is {found}, not {taken}" if found else f"the file is not {taken}"


def _rendered(picture: Pillow.Image, size: Size) -> bytes:
    """`picture` as WebP, no side longer than `size` allows; smaller pictures are not enlarged."""
    if picture.mode not in {"RGB", "RGBA", "L"}:
        picture = _in_eight_bits(picture)
    small = _in_srgb(_within(picture, LONGEST_SIDE[size]))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY[size], method=3, exif=b"", xmp=b"", icc_profile=b"")
    return buffer.getvalue()


def _within(picture: Pillow.Image, longest: int) -> Pillow.Image:
    scale = longest / max(picture.size)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)


def _in_eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """Palettes, 16-bit greys and floats in modes that scale and convert well; CMYK as it is."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode == "F":
        low, high = (float(value) for value in picture.getextrema())  # type: ignore[arg-type]
        scale = 255 / ((high - low) or 1)
        return picture.point(lambda value: value * scale - low * scale).convert("L")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture.convert("L") if picture.mode in {"1", "L"} else _without_palette(picture)


def _without_palette(picture: Pillow.Image) -> Pillow.Image:
    return picture if picture.mode == "CMYK" else picture.convert("RGB")


def _in_srgb(picture: Pillow.Image) -> Pillow.Image:
    """Colours as meant: by the picture's own profile if it has a sound one."""
    profile = picture.info.get("icc_profile")
    wanted = "RGBA" if picture.has_transparency_data else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            done = ImageCms.profileToProfile(picture, source, _srgb(), outputMode=wanted)
            return done or picture
    return picture if picture.mode == wanted else picture.convert(wanted)


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _stored_picture(image: Image) -> Pillow.Image:
    with default_storage.open(image.file.name or "", "rb") as file:
        picture = _decoded(file.read())
    ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _original_name(sha256: str) -> str:
    return f"originals/{sha256[:2]}/{sha256}"


def _rendition_name(sha256: str, size: Size) -> str:
    return f"renditions/{size}/{sha256[:2]}/{sha256}.webp"


def _store_once(name: str, content: Callable[[], bytes]) -> None:
    """Stores `content()` as `name` unless it is there: a name stands for one content."""
    if default_storage.exists(name):
        return
    saved = default_storage.save(name, ContentFile(content()))
    if saved != name:
        # Somebody stored the same meanwhile, and the storage chose another name for ours.
        default_storage.delete(saved)
