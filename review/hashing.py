"""Perceptual hashes of pictures, in the background: pictures that look alike have like ones.

What remains is derived from the rows, so that a worker may die at any moment.
"""

import logging
import time
from collections.abc import Sequence

from PIL import Image as Pillow
from PIL import ImageStat

from review import pictures
from review.errors import ReviewError
from review.locking import held
from review.models import Image

logger = logging.getLogger(__name__)

# In place of the hash of a picture that has none: it is blank, or cannot be opened.
NONE = "-"
# Standard deviation of the greys (of 255) in a picture that is blank to the eye. Its hash would be
# that of its noise, or of all blank pictures at once. Of 1,000 photographs the flattest has 14.
BLANK = 4.0
BATCH = 50
# Any fixed number: with a dataset's key it names the lock under which its pictures are hashed.
_LOCK = 0x4A54


def datasets_awaiting() -> list[int]:
    """Keys of the datasets in which some picture has not been hashed yet."""
    rows = Image.objects.unhashed().order_by("dataset_id")
    return list(rows.values_list("dataset_id", flat=True).distinct())


def hash_images(dataset_id: int, *, seconds: float) -> bool:
    """Hashes pictures for about so long; False where some remain.

    Does nothing while another worker is at it.
    """
    until = time.monotonic() + seconds
    with held(_LOCK, dataset_id) as is_ours:
        while is_ours and (batch := _next(dataset_id)):
            _hash(batch)
            if time.monotonic() >= until:
                return not _next(dataset_id)
    return True


def perceptual_hash(picture: Pillow.Image) -> str:
    """64 bits in hexadecimal: of the lowest frequencies of its greys, which are above their median.

    Copies that were scaled, brightened, made grey or encoded again differ in a few bits; a mirrored
    one in half of them, as any other picture.
    """
    # It brings scipy, which takes longer to import than all the rest of a process.
    import imagehash  # noqa: PLC0415

    greys = picture.convert("L")
    if ImageStat.Stat(greys).stddev[0] < BLANK:
        return NONE
    return str(imagehash.phash(greys))


def _next(dataset_id: int) -> list[Image]:
    return list(Image.objects.unhashed().filter(dataset=dataset_id).order_by("pk")[:BATCH])


def _hash(images: Sequence[Image]) -> None:
    for image in images:
        image.perceptual_hash = _hash_of(image)
    Image.objects.bulk_update(images, ["perceptual_hash"])


def _hash_of(image: Image) -> str:
    """By its thumbnail: there from the import on, small, and upright."""
    try:
        with pictures.open_rendition(image, "thumb") as file, Pillow.open(file) as picture:
            return perceptual_hash(picture)
    except (ReviewError, OSError) as error:
        logger.warning("No perceptual hash of image %s: %s", image, error)
        return NONE
