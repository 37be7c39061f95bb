"""Retrieval by the model of an embeddings server, over captions or pixels."""

import json
from collections.abc import Mapping
from typing import Any

from generation.connections import check_parameters
from generation.encoders.embedding_forms import (
    CAPTIONS,
    IMAGES,
    INPUT,
    MESSAGES,
    TEXTS,
    EmbeddingSettings,
)
from generation.encoders.endpoint import EndpointEncoder
from generation.models import ConfiguredRetriever
from generation.retrievers.settings import choice, number, refuse_unknown, text
from generation.retrievers.vectors import VectorRetriever
from generation.seeing import LONGEST_SIDES
from review.errors import Invalid

# As many as `halfvec` holds in PostgreSQL.
DIMENSIONS = range(1, 16_000 + 1)
BATCHES = range(1, 2048 + 1)
TOKENS = range(8, 1_000_000 + 1)
CHARACTERS = range(32, 10_000_000 + 1)
LONGEST_PREFIX = 2000


class EmbeddingsServer:
    """Texts and images as the model at an endpoint sees them.

    Settings are those of `EmbeddingSettings`: what the endpoint's server takes is in its own
    documentation, and on the help page on models.
    """

    @classmethod
    def of(cls, configured: ConfiguredRetriever) -> VectorRetriever:
        endpoint = configured.endpoint
        if endpoint is None:
            raise TypeError(f"Retriever {configured} asks no endpoint.")
        settings = EmbeddingSettings(**configured.settings)
        return VectorRetriever(
            configured,
            kind="endpoint",
            version=endpoint.model,
            changing=settings.changing(),
            encoder=lambda: EndpointEncoder(configured.dataset, endpoint, settings),
        )

    @staticmethod
    def settings(given: Mapping[str, Any]) -> dict[str, Any]:
        """What differs from the defaults. Raises `Invalid`."""
        refuse_unknown(given, known=tuple(EmbeddingSettings.__dataclass_fields__))
        settings = EmbeddingSettings(
            images=choice(given, "images", IMAGES, default=CAPTIONS),
            texts=choice(given, "texts", TEXTS, default=INPUT),
            dimensions=number(given, "dimensions", DIMENSIONS),
            batch=number(given, "batch", BATCHES),
            longest_side=number(given, "longest_side", LONGEST_SIDES) or 512,
            query_prefix=_prefix(given, "query_prefix"),
            document_prefix=_prefix(given, "document_prefix"),
            instruction=_prefix(given, "instruction"),
            query_parameters=_parameters(given, "query_parameters"),
            document_parameters=_parameters(given, "document_parameters"),
            most_tokens=number(given, "most_tokens", TOKENS),
            most_characters=number(given, "most_characters", CHARACTERS),
        )
        _check_together(settings)
        return settings.as_kept()


def _check_together(settings: EmbeddingSettings) -> None:
    if settings.instruction and MESSAGES not in {settings.images, settings.texts}:
        raise Invalid(
            "An “instruction” is the system message of “messages”: set “texts” or “images” to "
            "that, or use “query_prefix”.",
            field="settings",
        )
    prefix = max(len(settings.query_prefix), len(settings.document_prefix))
    if settings.most_characters is not None and prefix >= settings.most_characters:
        raise Invalid("“most_characters” leaves no room behind the prefix.", field="settings")


def _prefix(given: Mapping[str, Any], name: str) -> str:
    found = text(given, name)
    if len(found) > LONGEST_PREFIX:
        raise Invalid(f"“{name}” has at most {LONGEST_PREFIX:,} characters.", field="settings")
    return found


def _parameters(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name) or {}
    try:
        check_parameters(value)
    except Invalid as error:
        raise Invalid(f"“{name}”: {error}", field="settings") from error
    return dict(json.loads(json.dumps(value)))
