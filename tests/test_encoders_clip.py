"""A pair of a text and an image model: pictures by their pixels, whatever their format."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from generation.encoders.clip import ClipModel
from generation.encoders.engines import Source
from generation.encoders.protocol import Picture
from generation.errors import NotReady
from generation.vectors.units import unit
from tests.plugins.tiny_models import CLIP_LIMIT, COLOURS, DIMENSIONS, TinyModels


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def model(tiny_models: TinyModels) -> ClipModel:
    return ClipModel(
        Source(path=str(tiny_models.clip_text), pooling="none"),
        Source(path=str(tiny_models.clip_vision)),
    )


def stored(picture: Pillow.Image, format: str = "PNG", **options: Any) -> Picture:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    name = default_storage.save("originals/x", ContentFile(buffer.getvalue()))
    return Picture(name, "", name)


def plain(colour: str, mode: str = "RGB") -> Pillow.Image:
    return Pillow.new("RGB", (60, 40), colour).convert(mode)


def vectors(model: ClipModel, pictures: list[Picture]) -> Any:
    encoded = model.pictures(pictures)
    assert not encoded.reasons
    return unit(encoded.vectors)[0]


def test_words_find_what_they_say(model: ClipModel) -> None:
    images = vectors(model, [stored(plain(name)) for name in COLOURS])
    texts = unit(model.texts([f"a {name} boat" for name in COLOURS]).vectors)[0]
    assert (texts.astype(float) @ images.T).argmax(axis=1).tolist() == list(range(len(COLOURS)))
    assert model.dimensions() == DIMENSIONS


def test_a_vector_depends_on_no_other_picture_and_no_order(model: ClipModel) -> None:
    chance = random.Random(7)  # noqa: S311
    sizes = [(chance.randint(8, 90), chance.randint(8, 90)) for _ in range(24)]
    pictures = [stored(Pillow.effect_noise(size, 90).convert("RGB")) for size in sizes]
    alone = np.concatenate([vectors(model, [picture]) for picture in pictures])
    assert np.array_equal(vectors(model, pictures), alone)
    assert np.array_equal(vectors(model, pictures[::-1]), alone[::-1])
    assert np.array_equal(vectors(model, pictures[:5]), alone[:5])


def _turned() -> Picture:
    """Red above blue, stored on its side with the note to turn it."""
    upright = Pillow.new("RGB", (40, 40), "red")
    upright.paste("blue", (0, 20, 40, 40))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    return stored(upright.rotate(90), exif=exif.tobytes())


def test_a_picture_is_read_as_people_see_it(model: ClipModel) -> None:
    upright = Pillow.new("RGB", (40, 40), "red")
    upright.paste("blue", (0, 20, 40, 40))
    clear = Pillow.new("RGBA", (60, 40), (255, 0, 0, 0))
    frames = [plain("red"), plain("green")]
    pairs = [
        (_turned(), stored(upright)),
        (stored(clear), stored(plain("white"))),
        (stored(plain("black", "I;16")), stored(plain("black"))),
        (stored(plain("red", "P")), stored(plain("red"))),
        (stored(plain("white", "1")), stored(plain("white"))),
        (stored(frames[0], "GIF", save_all=True, append_images=frames[1:]), stored(plain("red"))),
        (stored(plain("white", "CMYK"), "TIFF"), stored(plain("white"))),
    ]
    for odd, same in pairs:
        first, second = vectors(model, [odd, same]).astype(float)
        assert first @ second > 0.999


def test_a_picture_that_cannot_be_read_says_why_and_no_other_suffers(model: ClipModel) -> None:
    sound = stored(plain("red"))
    broken = default_storage.save("originals/b", ContentFile(b"GIF89a and no more"))
    pictures = [
        Picture("1", "a boat", ""),
        sound,
        Picture("3", "", "originals/gone"),
        Picture("4", "", broken),
    ]
    encoded = model.pictures(pictures)
    assert {place: text.partition(":")[0] for place, text in encoded.reasons.items()} == {
        0: "Image 1 has no file",
        2: "The file of image 3 is no longer in the storage",
        3: "The file of image 4 cannot be read",
    }
    assert np.array_equal(unit(encoded.vectors[1:2])[0], vectors(model, [sound]))


@pytest.mark.parametrize("size", [(4000, 1), (1, 4000), (1, 1)])
def test_a_picture_of_any_shape_has_a_vector(model: ClipModel, size: tuple[int, int]) -> None:
    line, red = vectors(model, [stored(Pillow.new("RGB", size, "red")), stored(plain("red"))])
    assert line.astype(float) @ red > 0.999


def test_a_text_beyond_the_limit_is_cut_and_says_so(model: ClipModel) -> None:
    fits, over = " ".join(["red"] * (CLIP_LIMIT - 2)), " ".join(["red"] * (CLIP_LIMIT - 1))
    assert model.texts([fits, over]).cut == (False, True)
    assert model.longest_fitting([fits, over]) == 0
    assert model.longest_fitting(["red", fits, over]) == 1


def test_two_models_of_different_spaces_are_no_pair(tiny_models: TinyModels) -> None:
    text = Source(path=str(tiny_models.narrow_text), pooling="none")
    model = ClipModel(text, Source(path=str(tiny_models.clip_vision)))
    with pytest.raises(NotReady, match="are no pair: texts have 12 dimensions and images 24"):
        model.dimensions()
