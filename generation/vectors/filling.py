"""Vectors of all images of a corpus, made in the background, a batch at a time.

What is missing is a question to the record, so that any worker may die at any moment and the next
one goes on: it loses the batch in hand, and computes the same vectors again.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

import numpy as np
from django.db import Error, IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from generation.encoders.protocol import Encoded, Encoder, Picture
from generation.errors import NotReady
from generation.models import ImageVector, Run, VectorSpace
from generation.vectors import rows
from generation.vectors.units import UNUSABLE, unit
from review.models import Dataset, Image

logger = logging.getLogger(__name__)

# Renewed while a batch is under way; another worker takes over after it at the latest.
LEASE = timedelta(seconds=120)
# From one turn of a worker to the next, which may wait behind checks.
HANDED_ON = timedelta(seconds=30)
# After a problem. The sweep comes every few seconds, and a model at an endpoint may be paid for.
REST = timedelta(seconds=60)
# What a quick model made is written together, what a slow one made at once.
WRITTEN_TOGETHER = 2000
WRITE_AFTER_SECONDS = 1.0
# Each look compares the corpus with the space: a slow model needs few images in its turn, a quick
# one is not to wait for many looks.
LOOKED_UP_FIRST, LOOKED_UP_AT_MOST, GROWING = 5000, 40_000, 4
FACTS = ("pk", "external_id", "caption", "file")


@dataclass(frozen=True)
class Wanted:
    """An image by its key in the record, without a vector yet."""

    key: int
    picture: Picture


@dataclass
class Made:
    """Vectors that are not in the record yet."""

    images: list[int]
    vectors: list[NDArray[np.float16]]
    reasons: dict[int, str]
    since: float

    @classmethod
    def nothing(cls) -> "Made":
        return cls([], [], {}, time.monotonic())

    def is_enough(self) -> bool:
        count = len(self.images) + len(self.reasons)
        return count >= WRITTEN_TOGETHER or time.monotonic() > self.since + WRITE_AFTER_SECONDS


def fill(
    space: VectorSpace,
    encoder: Encoder,
    *,
    enough: Event | None = None,
    held: datetime | None = None,
) -> bool:
    """Makes what is missing until nothing is, or it was `enough`; True where nothing is missing.

    Does nothing while another worker is at it, or the space rests from a problem. Where it was
    enough the space stays taken for a moment, for the task that goes on: `held` is until when.
    """
    until = _taken(space, held)
    if until is None:
        return False
    filler = Filler(space, encoder, until)
    try:
        is_whole = filler.run(enough or Event())
    except NotReady as reason:
        _rest(space, str(reason))
        return False
    except Error:
        raise  # The database has gone: the lease runs out by itself.
    except Exception as error:
        logger.exception("The vectors of %s could not be made", space)
        _rest(space, f"The model failed: {error}")
        return False
    filler.let_go(until=None if is_whole else timezone.now() + HANDED_ON)
    return is_whole


class Filler:
    """One worker at one space, which is its own until `until`."""

    def __init__(self, space: VectorSpace, encoder: Encoder, until: datetime) -> None:
        self.space = space
        self.encoder = encoder
        self.until = until
        self.made = Made.nothing()

    def run(self, enough: Event) -> bool:
        """Passes over what is missing until a pass finds nothing; False where it ended before."""
        version = _version(self.space)
        found = True
        while found:
            found = False
            for batch in self._batches():
                if enough.is_set() or not self._renewed():
                    self._write()
                    return False
                found = True
                self._add(batch)
                if self.made.is_enough():
                    self._write()
            self._write()
        return _completed(self.space, version)

    def _batches(self) -> Iterator[list[Wanted]]:
        """One pass, in the order of keys."""
        after: int | None = 0
        looked_up = LOOKED_UP_FIRST
        while after is not None:
            rows = missing(self.space).filter(pk__gt=after)[:looked_up]
            page = [Wanted(key, Picture(*facts)) for key, *facts in rows.values_list(*FACTS)]
            size = max(1, self.encoder.batch)
            for begin in range(0, len(page), size):
                yield page[begin : begin + size]
            after = page[-1].key if page else None
            looked_up = min(looked_up * GROWING, LOOKED_UP_AT_MOST)

    def let_go(self, *, until: datetime | None) -> None:
        if _mine(self.space, self.until).update(leased_until=until):
            self.space.leased_until = until

    def _renewed(self) -> bool:
        """Shows life; False where another has taken the space meanwhile."""
        until = timezone.now() + LEASE
        if until - self.until < LEASE / 4:
            return True
        is_mine = bool(_mine(self.space, self.until).update(leased_until=until))
        self.until = until if is_mine else self.until
        return is_mine

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """Keeps the space taken meanwhile, however long a slow server takes for a batch."""
        over = Event()
        thread = Thread(target=self._renew_until, args=[over], daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _renew_until(self, over: Event) -> None:
        while not over.wait(LEASE.total_seconds() / 4):
            try:
                self._renewed()
            except Error:
                logger.warning("The lease of %s was not renewed", self.space, exc_info=True)
            finally:
                connection.close()  # This thread's own.

    def _add(self, batch: Sequence[Wanted]) -> None:
        with self._alive():
            encoded = encode(self.encoder, [image.picture for image in batch])
        vectors, usable = unit(encoded.vectors)
        for place, image in enumerate(batch):
            if place in encoded.reasons or not usable[place]:
                self.made.reasons[image.key] = encoded.reasons.get(place, UNUSABLE)
            else:
                self.made.images.append(image.key)
                self.made.vectors.append(vectors[place])

    def _write(self) -> None:
        made, self.made = self.made, Made.nothing()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # What a power cut takes is made again.
                cursor.execute("SET LOCAL synchronous_commit = off")
                if made.images:
                    rows.insert(self.space, made.images, np.array(made.vectors))
                _write_reasons(self.space, made.reasons)
        except IntegrityError:
            # An image has gone, or another worker was here: what is missing still is seen anew.
            logger.info("Some vectors of %s were not needed any more", self.space)


def encode(encoder: Encoder, pictures: Sequence[Picture]) -> Encoded:
    """Vectors of images; where a batch fails, of each by itself. Raises `NotReady` and, where none
    succeeds, what the model raised."""
    try:
        return encoder.pictures(pictures)
    except NotReady:
        raise
    except Exception as error:
        if len(pictures) < 2:
            raise
        return _one_by_one(encoder, pictures, error)


def _one_by_one(encoder: Encoder, pictures: Sequence[Picture], failure: Exception) -> Encoded:
    vectors = np.zeros((len(pictures), encoder.dimensions()), np.float32)
    reasons: dict[int, str] = {}
    for place, picture in enumerate(pictures):
        try:
            alone = encoder.pictures([picture])
        except NotReady:
            raise
        except Exception as error:
            logger.warning("The model failed on image %s", picture.image_id, exc_info=True)
            reasons[place] = f"The model failed on it: {error}"
        else:
            vectors[place] = alone.vectors[0]
            reasons |= {place: alone.reasons[0]} if 0 in alone.reasons else {}
    if len(reasons) == len(pictures):
        raise failure
    return Encoded(vectors, reasons=reasons)


def missing(space: VectorSpace) -> QuerySet[Image]:
    """The images that have neither a vector in a space nor a reason for none: of the present
    corpus, and of those that benchmarks froze which are not over."""
    dataset_id = space.retriever.dataset_id
    wanted = Q(removed_version=None)
    for version in Run.objects.frozen_corpora(dataset_id):
        wanted |= Q(added_version__lte=version, removed_version__gt=version)
    known = ImageVector.objects.filter(space=space, image=OuterRef("pk"))
    images = Image.objects.filter(wanted, ~Exists(known), dataset=dataset_id)
    return images.order_by("pk")


def _write_reasons(space: VectorSpace, reasons: dict[int, str]) -> None:
    without = [
        ImageVector(space=space, image_id=key, reason=reason) for key, reason in reasons.items()
    ]
    ImageVector.objects.bulk_create(without)


def _taken(space: VectorSpace, held: datetime | None) -> datetime | None:
    """Makes a space the worker's own; None where it is another's, or rests."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now) | Q(leased_until=held)
    until = now + LEASE
    is_ours = VectorSpace.objects.filter(free, pk=space.pk).update(leased_until=until)
    return until if is_ours else None


def _mine(space: VectorSpace, until: datetime) -> QuerySet[VectorSpace]:
    return VectorSpace.objects.filter(pk=space.pk, leased_until=until)


def _rest(space: VectorSpace, problem: str) -> None:
    """Says what is wrong, and lets nobody try again for a while."""
    rests = timezone.now() + REST
    VectorSpace.objects.filter(pk=space.pk).update(problem=problem, leased_until=rests)


def _version(space: VectorSpace) -> int:
    versions = Dataset.objects.filter(pk=space.retriever.dataset_id)
    return versions.values_list("corpus_version", flat=True).get()


def _completed(space: VectorSpace, version: int) -> bool:
    """Nothing is missing of the corpus as it was when this worker began to look."""
    VectorSpace.objects.filter(pk=space.pk).update(complete_version=version, problem="")
    return True
