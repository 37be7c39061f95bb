"""Review sizes made ahead, so that nobody waits for them: quietly, behind what people do.

What remains is derived from the rows, so that a worker may die at any moment. A size that nobody
made ahead is made when somebody asks for it.
"""

import logging
import time
from collections.abc import Sequence

from review import pictures
from review.errors import ReviewError
from review.locking import held
from review.models import Image

logger = logging.getLogger(__name__)

BATCH = 20
# Any fixed number: with a dataset's key it names the lock under which its sizes are made.
_LOCK = 0x512E


def datasets_awaiting() -> list[int]:
    """Keys of the datasets in which some image has no review size yet."""
    rows = Image.objects.unprepared().order_by("dataset_id")
    return list(rows.values_list("dataset_id", flat=True).distinct())


def prepare_images(dataset_id: int, *, seconds: float) -> bool:
    """Makes missing review sizes for about so long; False where some remain to be made.

    Does nothing while another worker is at it.
    """
    until = time.monotonic() + seconds
    with held(_LOCK, dataset_id) as is_ours:
        while is_ours and (batch := _next(dataset_id)):
            for image in batch:
                _prepare(image)
            _mark(batch)
            if time.monotonic() >= until:
                return not _next(dataset_id)
    return True


def _next(dataset_id: int) -> list[Image]:
    return list(Image.objects.unprepared().filter(dataset=dataset_id).order_by("pk")[:BATCH])


def _prepare(image: Image) -> None:
    try:
        pictures.rendition(image, "review")
    except (ReviewError, OSError) as error:
        # Who opens the picture is told; trying it again and again helps nobody.
        logger.warning("No review size of image %s: %s", image, error)


def _mark(images: Sequence[Image]) -> None:
    Image.objects.filter(pk__in=[image.pk for image in images]).update(prepared=True)
