"""Pictures: opened within limits, stored once by checksum, served in sizes without metadata.

What was imported is kept byte by byte under its SHA-256 and never served itself. People get a
*rendition*: turned upright, in sRGB, without metadata (no GPS), as WebP in one of three sizes.
Models are sent the same, in a size and format that their users choose.
"""

import codecs
import hashlib
import io
import math
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Literal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import ExifTags, ImageCms
from PIL import Image as Pillow

from review.errors import Invalid, Missing
from review.models import Image

Size = Literal["thumb", "review", "full"]
Format = Literal["webp", "jpeg"]

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 64_000_000
MOST_FRAMES = 1_000
# Longest side in pixels; WebP ends at 16,383.
LONGEST_SIDE: dict[str, int] = {"thumb": 320, "review": 1024, "full": 16_383}
QUALITY: dict[str, int] = {"thumb": 80, "review": 86, "full": 92}
# Of WebP's 0 to 6. From 3 on it takes twice the time for a file that is 3 % smaller.
EFFORT = 2
RENDITION_TYPE = "image/webp"
# Decoders that are read in full by many: no PostScript, no fonts, no raw formats.
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"]
# What EXIF's orientation asks for, by its number; from 5 on the picture lies on its side.
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = {5, 6, 7, 8}
# Pillow's own limit on pixels is above ours, and what it finds odd in a file needs no reader.
# Once for the process: pictures are opened in threads, which share what is ignored.
warnings.filterwarnings("ignore", module=r"PIL\.")


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


@dataclass(frozen=True)
class _Look:
    """How a picture is given out; `longest_side` in pixels, `quality` as Pillow takes it."""

    longest_side: int
    format: Format
    quality: int


_LOOKS = {size: _Look(LONGEST_SIDE[size], "webp", QUALITY[size]) for size in LONGEST_SIDE}


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
    # The thumbnail first: what cannot be shown is refused before anything of it is kept.
    _store_once(_rendition_name(kept.sha256, "thumb"), lambda: _rendered(picture, "thumb"))
    if not _is_whole(kept.name, len(content)):
        _store(kept.name, content)
    return kept


def rendition(image: Image, size: Size) -> str:
    """The name in the default storage of `image` in `size`, made now if nobody asked before.

    Raises `Missing` where the image has no file.
    """
    return _made(image, _rendition_name(image.sha256, size), _LOOKS[size])


def scaled(image: Image, *, longest_side: int, format: Format, quality: int) -> str:
    """The name in the default storage of `image` with no side longer, made now if need be.

    JPEG has no transparency: what shows through is white. Raises `Missing` where the image has
    no file.
    """
    folder = f"renditions/{longest_side}-{format}-{quality}/{image.sha256[:2]}"
    name = f"{folder}/{image.sha256}.{format}"
    return _made(image, name, _Look(longest_side, format, quality))


def open_rendition(image: Image, size: Size) -> IO[bytes]:
    """`image` in `size`, as WebP, open for reading."""
    return default_storage.open(rendition(image, size), "rb")


def pixels(image: Image, *, longest_side: int) -> Pillow.Image:
    """`image` as people see it, in RGB, for models that run here; no side longer.

    Raises `Missing` where the image has no file, `PictureRefused` where it cannot be shown.
    """
    _check_file(image)
    return _on_white(_as_seen(_stored_picture(image, longest_side), longest_side))


def _made(image: Image, name: str, look: _Look) -> str:
    _check_file(image)
    _store_once(name, lambda: _drawn(_stored_picture(image, look.longest_side), look))
    return name


def _check_file(image: Image) -> None:
    if not image.has_file():
        raise Missing(f"Image {image.external_id} has no file: it is known by its caption alone.")


def _opened(content: bytes, sha256: str) -> tuple[Kept, Pillow.Image]:
    """What is to be known of a picture, and its pixels: enough of them for a thumbnail."""
    picture, (width, height) = _decoded(content, LONGEST_SIDE["thumb"])
    if _orientation(picture) in _ON_ITS_SIDE:
        width, height = height, width
    kept = Kept(sha256, _original_name(sha256), _media_type(picture), width, height)
    return kept, picture


def _media_type(picture: Pillow.Image) -> str:
    # Phones put a second picture behind the first: a JPEG to all who do not look for it.
    return Pillow.MIME["JPEG" if picture.format == "MPO" else str(picture.format)]


def _decoded(content: bytes, longest_side: int) -> tuple[Pillow.Image, tuple[int, int]]:
    """The first frame of a picture, all its bytes read, and its width and height.

    A JPEG that is much larger than wanted comes in fewer pixels, which is several times faster.
    """
    if len(content) > MOST_BYTES:
        raise PictureRefused(
            f"the file has {len(content):,} bytes, the most is {MOST_BYTES:,}: make it smaller"
        )
    try:
        picture = Pillow.open(io.BytesIO(content), formats=FORMATS)
        _check_extent(picture)
        extent = picture.size
        drafted = picture.draft(picture.mode, _enough(extent, longest_side))
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
    return picture, extent if drafted else picture.size


def _enough(extent: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """Twice the pixels that are wanted a side: fewer would show when they are scaled down."""
    scale = min(1.0, 2 * longest_side / max(extent))
    return math.ceil(extent[0] * scale), math.ceil(extent[1] * scale)


def _check_extent(picture: Pillow.Image) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureRefused(
            f"the picture has {width:,} x {height:,} pixels, the most is {MOST_PIXELS:,} in all"
        )
    if _has_too_many_frames(picture):
        raise PictureRefused(f"the picture has more than {MOST_FRAMES:,} frames: take one of them")


def _has_too_many_frames(picture: Pillow.Image) -> bool:
    if picture.format != "TIFF":
        return int(getattr(picture, "n_frames", 1)) > MOST_FRAMES
    # A TIFF has no count: a hostile one would be walked for minutes.
    try:
        picture.seek(MOST_FRAMES)
    except EOFError:
        return False
    finally:
        picture.seek(0)
    return True


def _unknown_content(content: bytes) -> str:
    if not content:
        return "the file is empty"
    start = content[:200].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    kinds = {b"<svg": "an SVG drawing", b"<?xml": "XML", b"<!doctype": "HTML", b"<html": "HTML"}
    found = next((kind for mark, kind in kinds.items() if start.startswith(mark)), "")
    taken = "JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
    return f"the file is {found}, not {taken}" if found else f"the file is not {taken}"


def _rendered(picture: Pillow.Image, size: Size) -> bytes:
    return _drawn(picture, _LOOKS[size])


def _drawn(picture: Pillow.Image, look: _Look) -> bytes:
    """`picture` encoded, no side longer than `look` allows. Raises `PictureRefused`."""
    small = _as_seen(picture, look.longest_side)
    try:
        return _encoded(small, look)
    except Exception as error:
        raise PictureRefused(f"the picture cannot be shown: {error}") from error


def _as_seen(picture: Pillow.Image, longest_side: int) -> Pillow.Image:
    """`picture` upright and in sRGB, no side longer; smaller pictures are not enlarged.

    Raises `PictureRefused` for colours that nothing here can turn into those of a screen.
    """
    try:
        small = _in_srgb(_within(_in_modes_that_scale(picture), longest_side))
        return _upright(small, picture)
    # As with broken files: any error, and one meaning.
    except Exception as error:
        raise PictureRefused(f"the picture cannot be shown: {error}") from error


def _encoded(small: Pillow.Image, look: _Look) -> bytes:
    buffer = io.BytesIO()
    # Pillow writes what it read of these unless it is told otherwise.
    bare = {"exif": b"", "xmp": b"", "icc_profile": b"", "comment": b""}
    if look.format == "jpeg":
        _on_white(small).save(buffer, "JPEG", quality=look.quality, **bare)
    else:
        small.save(buffer, "WEBP", quality=look.quality, method=EFFORT, **bare)
    return buffer.getvalue()


def _on_white(small: Pillow.Image) -> Pillow.Image:
    if small.mode == "RGB":
        return small
    white = Pillow.new("RGBA", small.size, "white")
    return Pillow.alpha_composite(white, small.convert("RGBA")).convert("RGB")


def _orientation(picture: Pillow.Image) -> int:
    """As the metadata says: 1, upright, where it says nothing, or nothing of sense."""
    try:
        found = picture.getexif().get(ExifTags.Base.Orientation)
    # Metadata that is broken ends in almost any error, and the picture is sound without it.
    except Exception:
        return 1
    return found if isinstance(found, int) else 1


def _upright(small: Pillow.Image, picture: Pillow.Image) -> Pillow.Image:
    """`small` turned as the metadata of `picture`, which it was made from, asks."""
    turn = _TURNS.get(_orientation(picture))
    return small if turn is None else small.transpose(turn)


def _within(picture: Pillow.Image, longest_side: int) -> Pillow.Image:
    scale = longest_side / max(picture.size)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)


def _in_modes_that_scale(picture: Pillow.Image) -> Pillow.Image:
    """Palettes, 16-bit greys and floats in eight bits a colour; CMYK as it is."""
    if picture.mode in {"RGB", "RGBA", "L"}:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return _in_eight_bits(picture)
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture.convert("L") if picture.mode in {"1", "L"} else _without_palette(picture)


def _in_eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """Greys of 16 bits by their value; those without a known range from their least to most."""
    wide = picture.convert("F")
    low, high = (float(value) for value in wide.getextrema())  # type: ignore[arg-type]
    if picture.mode.startswith("I") and low >= 0 and high < 2**16:
        low, high = 0.0, 2**16 - 1.0
    scale = 255 / ((high - low) or 1)
    return wide.point(lambda value: value * scale - low * scale).convert("L")


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


def _stored_picture(image: Image, longest_side: int) -> Pillow.Image:
    try:
        with default_storage.open(image.file.name or "", "rb") as file:
            return _decoded(file.read(), longest_side)[0]
    except FileNotFoundError:
        raise Missing(
            f"The file of image {image.external_id} is no longer in the storage: import it again."
        ) from None


def _original_name(sha256: str) -> str:
    return f"originals/{sha256[:2]}/{sha256}"


def _rendition_name(sha256: str, size: Size) -> str:
    return f"renditions/{size}/{sha256[:2]}/{sha256}.webp"


def _store_once(name: str, content: Callable[[], bytes]) -> None:
    """Stores `content()` as `name` unless it is there: a name stands for one content."""
    if not default_storage.exists(name):
        _store(name, content())


def _is_whole(name: str, size: int) -> bool:
    """Whether the file is there with all its bytes: a power cut may have taken some."""
    if not default_storage.exists(name):
        return False
    if default_storage.size(name) == size:
        return True
    default_storage.delete(name)
    return False


def _store(name: str, content: bytes) -> None:
    saved = default_storage.save(name, ContentFile(content))
    if saved != name:
        # Somebody stored the same meanwhile, and the storage chose another name for ours.
        default_storage.delete(saved)
