"""Files made to do harm: each is refused with a reason or shown, soon and without anything else."""

import io
import struct
import time
import zlib
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from PIL import Image as Pillow

from review import pictures
from review.pictures import PictureRefused


def encoded(picture: Pillow.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def sound() -> dict[str, bytes]:
    """A small picture with metadata in every format that is taken."""
    picture = Pillow.effect_noise((48, 32), 80).convert("RGB")
    exif = Pillow.Exif()
    exif[0x0112] = 6
    with_exif: dict[str, Any] = {"exif": exif.tobytes()}
    options = dict.fromkeys(("JPEG", "PNG", "WEBP", "AVIF", "TIFF"), with_exif)
    return {name: encoded(picture, name, **options.get(name, {})) for name in pictures.FORMATS}


SOUND = sound()


def shown_or_refused(content: bytes) -> None:
    with suppress(PictureRefused):
        _, picture = pictures._opened(content, "")
        pictures._rendered(picture, "thumb")


@pytest.mark.parametrize("name", SOUND)
@given(seed=some.integers(0, 2**32), changes=some.integers(1, 12), cut=some.floats(0, 1))
@example(seed=0, changes=0, cut=0.5)
def test_a_spoilt_file_is_shown_or_refused(name: str, seed: int, changes: int, cut: float) -> None:
    chance, content = Random(seed), bytearray(SOUND[name])  # noqa: S311
    for _ in range(changes):
        content[chance.randrange(len(content))] = chance.randrange(256)
    shown_or_refused(bytes(content))
    shown_or_refused(bytes(content[: int(len(content) * cut)]))


@given(some.binary(max_size=200))
def test_bytes_of_no_sense_are_refused(content: bytes) -> None:
    with pytest.raises(PictureRefused):
        pictures.examine(content)


@given(some.binary(max_size=80))
def test_metadata_of_no_sense_leaves_the_picture_as_it_is(exif: bytes) -> None:
    content = encoded(Pillow.new("RGB", (20, 10)), "JPEG", exif=b"Exif\0\0" + exif)
    kept = pictures.examine(content)
    assert {kept.width, kept.height} == {20, 10}


@pytest.mark.parametrize("value", [0, 9, 60_000])
def test_an_orientation_that_there_is_not_turns_nothing(value: Any) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = value
    kept = pictures.examine(encoded(Pillow.new("RGB", (20, 10)), "PNG", exif=exif.tobytes()))
    assert (kept.width, kept.height) == (20, 10)


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png_with(*chunks: bytes) -> bytes:
    """The sound PNG with chunks of our own before its pixels."""
    head, tail = SOUND["PNG"][:33], SOUND["PNG"][33:]
    return head + b"".join(chunks) + tail


def test_a_picture_that_says_it_is_huge_is_refused_before_a_pixel_is_read() -> None:
    size = struct.pack(">II", 60_000, 60_000)
    header = chunk(b"IHDR", size + b"\x08\x06\0\0\0")
    began = time.monotonic()
    with pytest.raises(PictureRefused, match="pixels"):
        pictures.examine(SOUND["PNG"][:8] + header + SOUND["PNG"][33:])
    assert time.monotonic() - began < 1


def test_text_that_unpacks_to_far_more_is_not_unpacked() -> None:
    bomb = zlib.compress(b"x" * 300_000_000)
    began = time.monotonic()
    shown_or_refused(png_with(chunk(b"zTXt", b"Comment\0\0" + bomb)))
    shown_or_refused(png_with(chunk(b"iCCP", b"icc\0\0" + bomb)))
    assert time.monotonic() - began < 3


def many_frames(count: int) -> bytes:
    content = encoded(Pillow.new("P", (1, 1)), "GIF")
    start = content.index(b",")
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return content[:start] + frame * count + b";"


def test_a_gif_of_very_many_frames_is_refused_soon() -> None:
    began = time.monotonic()
    with pytest.raises(PictureRefused, match="more than 1,000 frames"):
        pictures.examine(many_frames(300_000))
    assert time.monotonic() - began < 10


def tiff(following: bytes) -> bytes:
    """A TIFF of one pixel whose directory is followed by the one at `following`."""
    entries = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (278, 1), (279, 1)]
    packed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    directory = struct.pack("<H", len(entries)) + packed
    return b"II*\0" + struct.pack("<I", 12) + b"\x80\0\0\0" + directory + following


def test_a_tiff_whose_pages_follow_each_other_in_a_circle_ends() -> None:
    began = time.monotonic()
    shown_or_refused(tiff(struct.pack("<I", 12)))
    assert time.monotonic() - began < 1


def test_a_tiff_of_very_many_pages_is_refused_soon() -> None:
    count = 200_000
    first = len(tiff(b"")) + 4
    chain = b"".join(
        struct.pack("<HHHIII", 1, 256, 4, 1, 1, first + 18 * (place + 1)) for place in range(count)
    )
    began = time.monotonic()
    with pytest.raises(PictureRefused, match=r"frames|broken"):
        pictures.examine(tiff(struct.pack("<I", first)) + chain)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "an SVG"),
        (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", "XML"),
        (b"\n <!DOCTYPE html><script>alert(1)</script>", "HTML"),
        (b"\xef\xbb\xbf<html><body onload=alert(1)>", "HTML"),
        (b"%PDF-1.7", "not JPEG"),
        (b"GIF89a<script>alert(1)</script>", "broken|not JPEG"),
        (b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", "broken|not JPEG"),
    ],
)
def test_what_a_browser_would_run_is_refused(content: bytes, kind: str) -> None:
    with pytest.raises(PictureRefused, match=kind):
        pictures.keep(content)


def test_a_picture_that_is_a_page_as_well_is_served_as_nothing_but_a_picture() -> None:
    script = b"<script>alert(1)</script>"
    content = encoded(Pillow.new("RGB", (40, 30)), "JPEG", comment=script)
    _, picture = pictures._opened(content + script, "")
    assert script not in pictures._rendered(picture, "full")
