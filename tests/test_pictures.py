"""Pictures: what is taken, what is refused, and what people get to see."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow
from PIL import ImageCms

from review import pictures
from review.errors import Missing
from review.models import Dataset, Image


def encoded(picture: Pillow.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture
def shown(dataset: Dataset) -> Any:
    """Keeps a picture and gives it back as people see it."""

    def show(content: bytes, size: pictures.Size = "review") -> Pillow.Image:
        kept = pictures.keep(content)
        image = Image(
            dataset=dataset, external_id="i", file=kept.name, sha256=kept.sha256, added_version=1
        )
        with pictures.open_rendition(image, size) as file:
            picture = Pillow.open(io.BytesIO(file.read()))
            picture.load()
        return picture

    return show


def test_sizes_are_webp_and_never_enlarged(shown: Any) -> None:
    large = encoded(Pillow.new("RGB", (3000, 1500), "teal"), "JPEG")
    sizes = {size: shown(large, size).size for size in ("thumb", "review", "full")}
    assert sizes == {"thumb": (320, 160), "review": (1024, 512), "full": (3000, 1500)}
    assert shown(encoded(Pillow.new("RGB", (50, 20)))).size == (50, 20)
    assert shown(large).format == "WEBP"


def test_a_turned_photo_is_shown_upright_without_its_metadata(shown: Any) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    content = encoded(Pillow.new("RGB", (40, 20), "red"), "JPEG", exif=exif)
    picture = shown(content, "full")
    assert picture.size == (20, 40)
    assert not picture.getexif()
    assert "exif" not in picture.info
    kept = pictures.keep(content)
    assert (kept.width, kept.height) == (20, 40)


@pytest.mark.parametrize(
    ("mode", "colour", "format"),
    [
        ("CMYK", (0, 255, 255, 0), "JPEG"),
        ("L", 200, "PNG"),
        ("1", 1, "PNG"),
        ("P", 3, "PNG"),
        ("LA", (90, 128), "PNG"),
        ("RGBA", (255, 0, 0, 128), "PNG"),
        ("I;16", 40_000, "PNG"),
        ("F", 0.5, "TIFF"),
        ("I", 100_000, "TIFF"),
        ("LAB", (120, 10, 10), "TIFF"),
    ],
)
def test_every_mode_becomes_a_picture_for_browsers(
    shown: Any, mode: str, colour: Any, format: str
) -> None:
    picture = shown(encoded(Pillow.new(mode, (30, 30), colour), format))
    assert picture.mode in {"RGB", "RGBA"}
    assert picture.size == (30, 30)


def test_transparency_is_kept(shown: Any) -> None:
    picture = shown(encoded(Pillow.new("RGBA", (400, 300), (255, 0, 0, 0))), "thumb")
    assert picture.convert("RGBA").getpixel((5, 5))[3] == 0


def test_sixteen_bits_keep_their_brightness(shown: Any) -> None:
    picture = shown(encoded(Pillow.new("I;16", (30, 30), 32_768)))
    assert abs(picture.convert("L").getpixel((5, 5)) - 128) < 4


def test_a_cmyk_red_is_red(shown: Any) -> None:
    red, green, _ = shown(encoded(Pillow.new("CMYK", (30, 30), (0, 255, 255, 0)), "JPEG")).getpixel(
        (5, 5)
    )
    assert red > 150 > green


def test_a_picture_keeps_its_colours_but_not_its_profile(shown: Any) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(Pillow.new("RGB", (30, 30), (200, 40, 40)), icc_profile=profile)
    picture = shown(content)
    assert "icc_profile" not in picture.info
    assert abs(picture.getpixel((5, 5))[0] - 200) < 6


def test_of_an_animation_the_first_frame_is_shown(shown: Any) -> None:
    frames = [Pillow.new("RGB", (30, 30), colour) for colour in ("red", "blue", "green")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert shown(content).convert("RGB").getpixel((5, 5))[0] > 200


def bomb() -> bytes:
    return encoded(Pillow.new("1", (20_000, 20_000)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bomb, "far too many pixels"),
        (lambda: encoded(Pillow.new("1", (9_000, 9_000))), "9,000 x 9,000 pixels"),
        (lambda: encoded(Pillow.effect_noise((80, 80), 50))[:900], "broken or cut off"),
        (lambda: b"%!PS-Adobe-3.0 EPSF-3.0", "the file is not JPEG"),
        (lambda: b"<?xml version='1.0'?><svg/>", "the file is XML"),
    ],
)
def test_what_is_no_sound_picture_is_refused(content: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(pictures.PictureRefused, match=reason):
        pictures.keep(content())


def test_a_large_photo_is_kept_at_its_own_size_and_turned(shown: Any) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 8
    content = encoded(Pillow.new("RGB", (4000, 3000), "teal"), "JPEG", exif=exif)
    kept = pictures.keep(content)
    assert (kept.width, kept.height) == (3000, 4000)
    assert shown(content, "thumb").size == (240, 320)
    assert shown(content, "full").size == (3000, 4000)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_shown_upright(shown: Any, orientation: int) -> None:
    """The upper left corner of the scene is white, wherever the camera wrote it."""
    scene = Pillow.new("L", (60, 40), 0)
    scene.paste(255, (0, 0, 20, 20))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    turned = scene.transpose(back[orientation]) if orientation > 1 else scene
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    picture = shown(encoded(turned, "PNG", exif=exif), "full").convert("L")
    assert picture.size == (60, 40)
    assert picture.getpixel((5, 5)) > 200
    assert all(picture.getpixel(place) < 50 for place in [(55, 5), (5, 35), (55, 35)])


def test_nothing_that_a_camera_wrote_is_served(shown: Any) -> None:
    exif = Pillow.Exif()
    exif[0x010F] = "MARKER-MAKER"
    exif.get_ifd(0x8825)[29] = "MARKER-GPS"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>MARKER-XMP</x:xmpmeta>"
    picture = Pillow.new("RGB", (40, 20), "red")
    for content in (
        encoded(picture, "JPEG", exif=exif, xmp=xmp, comment=b"MARKER-COMMENT"),
        encoded(picture, "WEBP", exif=exif.tobytes(), xmp=xmp),
    ):
        kept = pictures.keep(content)
        image = Image(external_id="i", file=kept.name, sha256=kept.sha256, added_version=1)
        assert b"MARKER" in content
        for size in ("thumb", "review", "full"):
            with pictures.open_rendition(image, size) as file:
                assert b"MARKER" not in file.read()


def test_a_phones_photo_with_a_second_picture_behind_it_is_a_jpeg(shown: Any) -> None:
    first, second = (Pillow.new("RGB", (40, 20), colour) for colour in ("red", "blue"))
    content = encoded(first, "MPO", save_all=True, append_images=[second])
    assert pictures.examine(content).media_type == "image/jpeg"
    assert shown(content).getpixel((5, 5))[0] > 200


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_too_many_frames_are_refused(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    monkeypatch.setattr(pictures, "MOST_FRAMES", 3)
    frames = [Pillow.new("RGB", (20, 20), (40 * place, 0, 0)) for place in range(5)]
    few = encoded(frames[0], format, save_all=True, append_images=frames[1:3])
    many = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert pictures.examine(few).width == 20
    with pytest.raises(pictures.PictureRefused, match="more than 3 frames"):
        pictures.examine(many)


def test_a_file_that_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 10)
    with pytest.raises(pictures.PictureRefused, match="the most is 10"):
        pictures.keep(bomb())


def test_the_type_is_what_the_bytes_say() -> None:
    assert pictures.examine(encoded(Pillow.new("RGB", (5, 5)), "GIF")).media_type == "image/gif"


def test_the_same_picture_is_stored_once(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    content = encoded(Pillow.new("RGB", (5, 5)))
    assert pictures.keep(content) == pictures.keep(content)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_the_same_picture_from_many_threads_at_once_is_stored_once(
    settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    content = encoded(Pillow.effect_noise((300, 300), 50))
    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(pictures.keep, [content] * 16))
    assert len(kept) == 1
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2
    assert (tmp_path / kept.pop().name).read_bytes() == content


def test_a_file_that_a_power_cut_emptied_is_stored_again(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    content = encoded(Pillow.new("RGB", (5, 5)))
    path = tmp_path / pictures.keep(content).name
    path.write_bytes(b"")
    pictures.keep(content)
    assert path.read_bytes() == content


def test_a_file_is_never_there_in_part(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path

    class Broken(ContentFile):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half of it"
            assert not default_storage.exists("whole")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        default_storage.save("whole", Broken(b""))
    assert not default_storage.exists("whole")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_picture_whose_file_is_gone_says_how_to_mend_it(
    settings: Any, tmp_path: Path, dataset: Dataset
) -> None:
    settings.MEDIA_ROOT = tmp_path
    image = Image(dataset=dataset, external_id="i", file="gone", sha256="0" * 64, added_version=1)
    with pytest.raises(Missing, match="import it again"):
        pictures.rendition(image, "review")


def test_an_image_without_a_file_says_so(dataset: Dataset) -> None:
    with pytest.raises(Missing, match="known by its caption alone"):
        pictures.rendition(Image(dataset=dataset, external_id="i", added_version=1), "thumb")
