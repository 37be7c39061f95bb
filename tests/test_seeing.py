"""Models are sent images in a set size, encoded once, and the ledger keeps their digests."""

import base64
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from generation import seeing
from generation.seeing import ImageSettings, data_url, encoded, image_part, redacted
from review import pictures
from review.errors import Invalid, Missing
from review.models import Dataset, Image
from review.storage import WholeFileStorage

Keeper = Callable[..., Image]
DEFAULT = ImageSettings()


def drawn(picture: Pillow.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    seeing._data_url.cache_clear()


@pytest.fixture
def keep(dataset: Dataset) -> Keeper:
    """Keeps a picture and gives its row back."""

    def keep(content: bytes, external_id: str = "i") -> Image:
        kept = pictures.keep(content)
        return Image.objects.create(
            dataset=dataset,
            external_id=external_id,
            file=kept.name,
            sha256=kept.sha256,
            added_version=1,
        )

    return keep


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that the storage is given to write, in order."""
    names: list[str] = []
    save = WholeFileStorage.save

    def counted(storage: WholeFileStorage, name: str, content: Any) -> str:
        names.append(name)
        return save(storage, name, content)

    monkeypatch.setattr(WholeFileStorage, "save", counted)
    return names


def seen(image: Image, settings: ImageSettings = DEFAULT) -> Pillow.Image:
    picture = Pillow.open(io.BytesIO(encoded(image, settings)))
    picture.load()
    return picture


def test_an_image_is_sent_in_the_size_and_format_that_is_set(keep: Keeper) -> None:
    image = keep(drawn(Pillow.new("RGB", (1600, 800), "teal")))
    assert (seen(image).size, seen(image).format) == ((512, 256), "JPEG")
    other = seen(image, ImageSettings(longest_side=1024, format="webp"))
    assert (other.size, other.format) == ((1024, 512), "WEBP")


def test_a_small_image_is_not_enlarged(keep: Keeper) -> None:
    assert seen(keep(drawn(Pillow.new("RGB", (50, 20))))).size == (50, 20)


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_a_turned_photo_is_sent_upright_and_bare(keep: Keeper, format: Any) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "MARKER-MAKER"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>MARKER-XMP</x:xmpmeta>"
    scene = Pillow.new("RGB", (40, 20), "red")
    content = drawn(scene, "JPEG", exif=exif, xmp=xmp, comment=b"MARKER-COMMENT")
    image, settings = keep(content), ImageSettings(format=format)
    assert b"MARKER" not in encoded(image, settings)
    picture = seen(image, settings)
    assert picture.size == (20, 40)
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(picture.info)


@pytest.mark.parametrize(
    ("mode", "colour"),
    [("RGBA", (255, 0, 0, 0)), ("LA", (0, 0)), ("CMYK", (0, 0, 0, 0)), ("L", 255)],
)
def test_a_jpeg_is_white_where_nothing_is(keep: Keeper, mode: str, colour: Any) -> None:
    format = "TIFF" if mode == "CMYK" else "PNG"
    picture = seen(keep(drawn(Pillow.new(mode, (30, 30), colour), format)))
    assert picture.mode == "RGB"
    assert min(picture.getpixel((5, 5))) > 245


def test_webp_keeps_transparency(keep: Keeper) -> None:
    image = keep(drawn(Pillow.new("RGBA", (30, 30), (255, 0, 0, 0))))
    assert seen(image, ImageSettings(format="webp")).getpixel((5, 5))[3] == 0


def test_of_an_animation_the_first_frame_is_sent(keep: Keeper) -> None:
    frames = [Pillow.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    image = keep(drawn(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    red, _, blue = seen(image).getpixel((5, 5))
    assert red > 200 > blue


def test_a_content_is_encoded_once_a_setting(keep: Keeper, stored: list[str]) -> None:
    content = drawn(Pillow.new("RGB", (600, 600), "teal"))
    one, twin = keep(content), keep(content, "twin")
    stored.clear()
    assert encoded(one, DEFAULT) == encoded(twin, DEFAULT) == encoded(one, ImageSettings(most=3))
    assert len(stored) == 1
    encoded(one, ImageSettings(longest_side=300))
    encoded(one, ImageSettings(format="webp"))
    assert len(set(stored)) == len(stored) == 3


def test_a_data_url_holds_the_same_bytes(keep: Keeper) -> None:
    image = keep(drawn(Pillow.new("RGB", (60, 60), "teal")))
    for settings in (DEFAULT, ImageSettings(format="webp")):
        start, content = data_url(image, settings).split(",")
        assert start == f"data:image/{settings.format};base64"
        assert base64.b64decode(content) == encoded(image, settings)


def test_a_data_url_just_asked_for_is_not_read_again(
    keep: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = keep(drawn(Pillow.new("RGB", (60, 60), "teal")))
    before = data_url(image, DEFAULT)
    monkeypatch.setattr(seeing, "encoded", None)
    assert data_url(image, DEFAULT) is before


def test_an_image_without_a_file_says_so(dataset: Dataset) -> None:
    image = Image(dataset=dataset, external_id="pier", added_version=1)
    for see in (encoded, data_url, image_part):
        with pytest.raises(Missing, match="Image pier has no file"):
            see(image, DEFAULT)


def test_an_image_whose_file_is_gone_says_how_to_mend_it(keep: Keeper) -> None:
    image = keep(drawn(Pillow.new("RGB", (5, 5))))
    default_storage.delete(image.file.name)
    with pytest.raises(Missing, match="import it again"):
        data_url(image, DEFAULT)


def test_settings_survive_json() -> None:
    settings = ImageSettings(longest_side=2048, format="webp", most=32)
    assert ImageSettings.from_json(settings.to_json()) == settings
    assert ImageSettings.from_json({}) == DEFAULT == ImageSettings(512, "jpeg", 8)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"longest_side": 255}, "longest_side", "from 256 to 2,048 pixels"),
        ({"longest_side": 2049}, "longest_side", "“longest side” is a whole number"),
        ({"longest_side": 512.0}, "longest_side", "whole number"),
        ({"longest_side": "512"}, "longest_side", "whole number"),
        ({"most": 0}, "most", "from 1 to 32 images"),
        ({"most": 33}, "most", "from 1 to 32 images"),
        ({"most": True}, "most", "whole number"),
        ({"format": "png"}, "format", "“webp” or “jpeg”"),
        ({"format": ["webp"]}, "format", "“webp” or “jpeg”"),
        ({"size": 512}, "size", "no setting “size”. There are: longest_side, format, most"),
    ],
)
def test_settings_out_of_bounds_are_refused(given: Any, field: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        ImageSettings.from_json(given)
    assert refused.value.field == field


def request_with(*parts: Any) -> dict[str, Any]:
    said = [{"type": "text", "text": "see:"}, *parts]
    return {"model": "m", "messages": [{"role": "user", "content": said}], "seed": 1}


def test_the_ledger_keeps_a_digest_in_place_of_an_image(keep: Keeper) -> None:
    image = keep(drawn(Pillow.new("RGB", (60, 60), "teal")))
    request = request_with(image_part(image, DEFAULT))
    content = encoded(image, DEFAULT)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}; image/jpeg; {len(content)} bytes"
    assert redacted(request) == request_with({"type": "image_url", "image_url": {"url": digest}})
    assert request["messages"][0]["content"][1]["image_url"]["url"] == data_url(image, DEFAULT)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("data:image/png;base64,AAAA", "; image/png; 3 bytes"),
        ("data:image/png;name=a;base64,AAAA", "; image/png; 3 bytes"),
        ("data:image/png;base64,A", "; image/png; 23 bytes"),
        ("data:image/png;base64,\ud800", "; image/png; 25 bytes"),
        ("data:image/svg+xml,<svg/>", "; image/svg+xml; 25 bytes"),
        ("data:nonsense", "; unknown type; 13 bytes"),
    ],
)
def test_every_data_url_is_replaced(url: str, kept: str) -> None:
    for part in ({"image_url": {"url": url}}, {"image_url": url}):
        sent = redacted(request_with(part))["messages"][0]["content"][1]["image_url"]
        digest = sent if isinstance(sent, str) else sent["url"]
        assert digest.startswith("sha256:")
        assert digest.endswith(kept)


def test_different_images_have_different_digests() -> None:
    one, other = (
        redacted(request_with({"image_url": {"url": f"data:image/png;base64,{content}"}}))
        for content in ("AAAA", "AAAB")
    )
    assert one != other


def test_all_else_is_copied_as_it_is() -> None:
    text = {"type": "text", "text": "data:image/png;base64,AAAA"}
    address = {"type": "image_url", "image_url": {"url": "https://images.test/1.png"}}
    request = request_with(text, address)
    copy = redacted(request)
    assert copy == request
    copy["messages"][0]["content"].clear()
    assert len(request["messages"][0]["content"]) == 3
