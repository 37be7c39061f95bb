"""Models behind an embeddings server: vLLM, Infinity, Jina, OpenAI, Ollama and their like.

Its calls are rows of the ledger and keep to the endpoint's limits, as those of language models. A
server's numbers differ from call to call in their last bits: what it said of an item first is kept
(`TextVector`, `ImageVector`), and asked for no second time.

Servers differ in what they do with a text that is longer than the model takes. Those that refuse it
are asked again with less of it. Those that cut it in silence cannot be known: where the settings
say how long a text may be, it is cut here, and known to be.
"""

import asyncio
import base64
import hashlib
import io
import json
import time
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from pathlib import PurePosixPath

import numpy as np
from asgiref.sync import async_to_sync
from PIL import Image as Pillow

from generation.calls import ledger
from generation.calls.accounts import account_for
from generation.calls.asking import Askers, asking
from generation.calls.embedding import VectorsWanted
from generation.calls.flow import TurnedAway
from generation.encoders.answering import Answering, Item, Unaskable, Way
from generation.encoders.embedding_forms import CAPTIONS, EmbeddingSettings, Forms
from generation.encoders.protocol import Encoded, Picture
from generation.errors import NotReady
from generation.models import Endpoint
from generation.seeing import ImageSettings, data_url
from review.errors import ReviewError
from review.models import Dataset, Image

# So many requests of one call are on their way at once, and so many items are lost with a worker.
MOST_REQUESTS, MOST_ITEMS = 64, 512
# What one item takes, in tokens, where the endpoint allows so many per minute.
LIKELY_TOKENS = 100
PATIENCE_SECONDS = 600.0
SHUT_OUT = (
    "No call could leave within 10 minutes: others use up what the endpoint allows in flight or "
    "per minute, or Redis does not answer."
)
HARMLESS_TEXT = "a photo"
# By fingerprint, as servers told this process.
_told_dimensions: dict[str, int] = {}


class EndpointEncoder:
    """An `Encoder` that asks a server, on the account of a dataset or of the run that wants it."""

    def __init__(self, dataset: Dataset, endpoint: Endpoint, settings: EmbeddingSettings) -> None:
        self._dataset = dataset
        self._endpoint = endpoint
        self._settings = settings
        self._forms = Forms(settings, endpoint.extra_parameters)

    @property
    def batch(self) -> int:
        """As many as may be asked about side by side, within a minute's limits."""
        each = self._settings.images_at_once
        requests = min(self._endpoint.most_in_flight, MOST_REQUESTS)
        if self._endpoint.requests_per_minute:
            requests = min(requests, self._endpoint.requests_per_minute)
        items = min(each * requests, MOST_ITEMS)
        if self._endpoint.tokens_per_minute:
            items = min(items, self._endpoint.tokens_per_minute // LIKELY_TOKENS)
        return max(1, items)

    def fingerprint(self) -> str:
        """Of where it is, what it is, and how it is asked: a server does not say what it loaded.

        Not of what it lists under /v1/models, which changes by itself.
        """
        parts = {
            "address": self._endpoint.base_url.rstrip("/"),
            "model": self._endpoint.model,
            "parameters": self._endpoint.extra_parameters,
            "settings": self._settings.changing(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def dimensions(self) -> int:
        """As the settings say, else as the server shows. Raises `NotReady`."""
        known = self._settings.dimensions or _told_dimensions.get(self.fingerprint())
        if known is None:
            answering = self._answered([Item(0, HARMLESS_TEXT)], self._of_queries(None))
            if 0 in answering.reasons:
                raise NotReady(answering.reasons[0])
            known = _told_dimensions[self.fingerprint()] = len(answering.vectors[0])
        return known

    def texts(self, texts: Sequence[str]) -> Encoded:
        """Vectors of queries. Raises `NotReady`, and `BudgetSpent` in a run."""
        items = [
            Item(place, self._settings.query(text), is_cut=self._is_cut(text))
            for place, text in enumerate(texts)
        ]
        return self._encoded(items, self._of_queries(self.dimensions()), len(texts))

    def pictures(self, pictures: Sequence[Picture]) -> Encoded:
        """Vectors of images, by their pixels or captions. Raises `NotReady`."""
        dimensions = self.dimensions()
        if self._settings.images != CAPTIONS:
            items = [Item(place) for place in range(len(pictures))]
            return self._encoded(items, self._of_pixels(pictures, dimensions), len(pictures))
        captions = [picture.caption.strip() for picture in pictures]
        items = [
            Item(place, self._settings.document(caption))
            for place, caption in enumerate(captions)
            if caption
        ]
        found = self._encoded(items, self._of_captions(dimensions), len(pictures))
        uncaptioned = {
            place: f"Image “{pictures[place].image_id}” has no caption, and this model reads "
            "captions."
            for place, caption in enumerate(captions)
            if not caption
        }
        return Encoded(found.vectors, reasons={**found.reasons, **uncaptioned})

    def longest_fitting(self, texts: Sequence[str]) -> int:
        """By the limits that the settings say; without any, every text fits."""
        return max(0, bisect_left(texts, True, key=self._is_cut) - 1)

    def _is_cut(self, text: str) -> bool:
        return len(self._settings.query(text)) < len(self._settings.query_prefix + text)

    def _encoded(self, items: Sequence[Item], way: Way, count: int) -> Encoded:
        answering = self._answered(items, way)
        vectors = np.zeros((count, self.dimensions()), np.float32)
        for place, vector in answering.vectors.items():
            vectors[place] = vector
        cut = tuple(place in answering.cut for place in range(count))
        return Encoded(vectors, cut, answering.reasons)

    def _answered(self, items: Sequence[Item], way: Way) -> Answering:
        """What the server says of items, many requests side by side, in an event loop of its own:
        retrievers are asked by threads."""
        _note_lost(self._endpoint)
        answering = Answering(way)
        enough = time.monotonic() + PATIENCE_SECONDS
        askers = Askers(
            account_for(self._dataset),
            lambda: answering.goes_on() and time.monotonic() < enough,
        )

        async def ask() -> None:
            async with asking(askers, self._endpoint) as asker:
                await answering.ask(asker, items)

        if items:
            try:
                async_to_sync(ask)()
            except TurnedAway:
                raise NotReady(SHUT_OUT) from None
        return answering

    def _of_queries(self, dimensions: int | None) -> Way:
        harmless = [self._settings.query(HARMLESS_TEXT)]

        async def form(items: Sequence[Item]) -> VectorsWanted:
            return self._forms.queries([item.text for item in items], dimensions)

        harmlessly = self._forms.queries(harmless, dimensions)
        return Way(form, self._settings.texts_at_once, harmlessly)

    def _of_captions(self, dimensions: int) -> Way:
        harmless = [self._settings.document(HARMLESS_TEXT)]

        async def form(items: Sequence[Item]) -> VectorsWanted:
            return self._forms.captions([item.text for item in items], dimensions)

        harmlessly = self._forms.captions(harmless, dimensions)
        return Way(form, self._settings.images_at_once, harmlessly)

    def _of_pixels(self, pictures: Sequence[Picture], dimensions: int) -> Way:
        sent = ImageSettings(longest_side=self._settings.longest_side)

        async def form(items: Sequence[Item]) -> VectorsWanted:
            # In threads: pictures are drawn and encoded while others are on their way.
            urls = [
                await asyncio.to_thread(_url_of, item, pictures[item.place], sent) for item in items
            ]
            return self._forms.pictures(urls, dimensions)

        harmlessly = self._forms.pictures([_harmless_picture()], dimensions)
        return Way(form, self._settings.images_at_once, harmlessly)


def _url_of(item: Item, picture: Picture, sent: ImageSettings) -> str:
    # A row as the storage needs to know it: files are named by their checksum.
    checksum = PurePosixPath(picture.file).name
    image = Image(external_id=picture.image_id, file=picture.file, sha256=checksum)
    try:
        return data_url(image, sent)
    except ReviewError as error:
        raise Unaskable(item, str(error)) from error
    except OSError as error:
        raise NotReady(f"The storage of images does not answer: {error}") from error


@cache
def _harmless_picture() -> str:
    file = io.BytesIO()
    Pillow.new("RGB", (224, 224), "gold").save(file, "JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


_looked_after: set[int] = set()


def _note_lost(endpoint: Endpoint) -> None:
    """Once in a process: calls whose workers died before their replies."""
    if endpoint.pk not in _looked_after:
        _looked_after.add(endpoint.pk)
        ledger.count_old_as_lost(endpoint)
