"""Pairs of a text and an image model with one space: images by their pixels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from generation.encoders import engines, lengths
from generation.encoders.engines import Picturing, Reading, Source, Vector
from generation.encoders.protocol import Encoded, Picture
from generation.errors import NotReady
from review.errors import Missing
from review.models import Image
from review.pictures import PictureRefused, pixels

# Pairs that the library knows, text and image model, by the names that people call them.
PAIRS = {
    "clip-vit-b-32": ("Qdrant/clip-ViT-B-32-text", "Qdrant/clip-ViT-B-32-vision"),
    "siglip2-base": ("google/siglip2-base-patch16-224", "google/siglip2-base-patch16-224"),
    "jina-clip-v1": ("jinaai/jina-clip-v1", "jinaai/jina-clip-v1"),
}
# Models see 224 to 512 pixels a side.
LONGEST_SIDE = 2048
# Longer ones lose their ends: a line of one pixel would become gigabytes of model input.
MOST_ELONGATED = 16


@dataclass(frozen=True)
class ClipModel:
    """An `Encoder` of texts and pixels."""

    text: Source
    vision: Source
    query_prefix: str = ""

    batch = 64

    def fingerprint(self) -> str:
        places = (engines.place_of_text(self.text), engines.place_of_vision(self.vision))
        parts = [place.fingerprint() for place in places]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def dimensions(self) -> int:
        """Raises `NotReady` where the two models have no common space."""
        reading, picturing = self._reading(), self._picturing()
        if reading.dimensions != picturing.dimensions:
            raise NotReady(
                f"{self.text} and {self.vision} are no pair: texts have {reading.dimensions} "
                f"dimensions and images {picturing.dimensions}."
            )
        return reading.dimensions

    def texts(self, texts: Sequence[str]) -> Encoded:
        model = self._reading()
        begun = [self.query_prefix + text for text in texts]
        return Encoded(model.queries(begun), lengths.cut(model.tokenizer, begun))

    def pictures(self, pictures: Sequence[Picture]) -> Encoded:
        model = self._picturing()
        found = engines.side_by_side(lambda picture: _seen(picture, model), pictures)
        vectors = np.zeros((len(pictures), model.dimensions), np.float32)
        reasons = {}
        for place, seen in enumerate(found):
            if isinstance(seen, str):
                reasons[place] = seen
            else:
                vectors[place] = seen
        return Encoded(vectors, reasons=reasons)

    def longest_fitting(self, texts: Sequence[str]) -> int:
        begun = [self.query_prefix + text for text in texts]
        return lengths.longest_fitting(self._reading().tokenizer, begun)

    def _reading(self) -> Reading:
        return engines.text_model(engines.place_of_text(self.text))

    def _picturing(self) -> Picturing:
        return engines.vision_model(engines.place_of_vision(self.vision))


def _seen(picture: Picture, model: Picturing) -> Vector | str:
    """The vector of a picture, or why it has none."""
    image = Image(external_id=picture.image_id, file=picture.file)
    try:
        shown = pixels(image, longest_side=LONGEST_SIDE)
    except Missing as error:
        return str(error)
    except PictureRefused as error:
        return f"The file of image {picture.image_id} cannot be read: {error}."
    return model.item(_without_far_ends(shown))


def _without_far_ends(shown: Pillow.Image) -> Pillow.Image:
    """The middle of a picture that is many times as long as it is wide."""
    most = MOST_ELONGATED * min(shown.size)
    width, height = min(shown.width, most), min(shown.height, most)
    left, top = (shown.width - width) // 2, (shown.height - height) // 2
    return shown.crop((left, top, left + width, top + height))
