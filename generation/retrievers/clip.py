"""Cross-modal retrieval: a pair of models run on this machine, over the pixels of images."""

from collections.abc import Mapping
from typing import Any

from generation.encoders.clip import PAIRS, ClipModel
from generation.encoders.engines import Source
from generation.models import ConfiguredRetriever
from generation.retrievers.dense import DEVICES
from generation.retrievers.settings import choice, folder, refuse_unknown, text
from generation.retrievers.vectors import VectorRetriever
from review.errors import Invalid

CHANGING = ("model", "query_prefix", "device")
SETTINGS = ("text_path", "vision_path", *CHANGING)


class Clip:
    """Texts and pictures in one space.

    Settings: `model`, one of the pairs that the library knows, or `text_path` and `vision_path`,
    folders of two models of one space (each with model.onnx), or all three; `query_prefix`;
    `device`.
    """

    @classmethod
    def of(cls, configured: ConfiguredRetriever) -> VectorRetriever:
        kept = configured.settings
        model = _model(kept)
        return VectorRetriever(
            configured,
            kind="clip",
            version=kept.get("model") or str(model.vision),
            changing={name: kept[name] for name in CHANGING if name in kept},
            encoder=lambda: model,
        )

    @staticmethod
    def settings(given: Mapping[str, Any]) -> dict[str, Any]:
        """What differs from the defaults. Raises `Invalid`."""
        refuse_unknown(given, known=SETTINGS)
        kept = {
            "model": choice(given, "model", tuple(PAIRS), default=""),
            "text_path": folder(given, "text_path"),
            "vision_path": folder(given, "vision_path"),
            "query_prefix": text(given, "query_prefix"),
            "device": choice(given, "device", DEVICES, default="cpu"),
        }
        if bool(kept["text_path"]) != bool(kept["vision_path"]):
            raise Invalid("Give “text_path” and “vision_path” together.", field="settings")
        if not kept["model"] and not kept["text_path"]:
            raise Invalid(
                f"Name a “model” ({', '.join(PAIRS)}), or give “text_path” and “vision_path”.",
                field="settings",
            )
        return {name: value for name, value in kept.items() if value not in {"", "cpu"}}


def _model(kept: Mapping[str, str]) -> ClipModel:
    text_model, vision_model = PAIRS.get(kept.get("model", ""), ("", ""))
    device = kept.get("device", "cpu")
    return ClipModel(
        # Text models of CLIP give one vector per text.
        Source(text_model, kept.get("text_path", ""), "" if text_model else "none", device=device),
        Source(vision_model, kept.get("vision_path", ""), device=device),
        kept.get("query_prefix", ""),
    )
