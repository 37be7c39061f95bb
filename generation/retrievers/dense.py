"""Dense retrieval: a text model run on this machine, over captions."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from generation.encoders.engines import Source
from generation.encoders.text import TextModel
from generation.models import ConfiguredRetriever
from generation.retrievers.settings import choice, folder, refuse_unknown, text
from generation.retrievers.vectors import VectorRetriever
from review.errors import Invalid

POOLINGS = ("mean", "cls", "last", "none")
DEVICES = ("cpu", "cuda")
# Where a model is does not change its vectors; what it is, its fingerprint says.
CHANGING = ("query_prefix", "passage_prefix", "pooling", "device")
SETTINGS = ("model", "path", "file", *CHANGING)
OF_SOURCE = ("model", "path", "file", "pooling", "device")


class Dense:
    """Texts and captions by what they mean.

    Settings: `model`, a name on the hub (`BAAI/bge-small-en-v1.5`), or `path`, a folder, or both;
    `query_prefix` and `passage_prefix`, where the model's card asks for them; for models that the
    library does not know `pooling` (`none` where the model does it) and `file`, the ONNX file;
    `device`.
    """

    @classmethod
    def of(cls, configured: ConfiguredRetriever) -> VectorRetriever:
        kept = configured.settings
        model = TextModel(
            Source(**{name: kept[name] for name in OF_SOURCE if name in kept}),
            query_prefix=kept.get("query_prefix", ""),
            passage_prefix=kept.get("passage_prefix", ""),
        )
        return VectorRetriever(
            configured,
            kind="dense",
            version=str(model.source),
            changing={name: kept[name] for name in CHANGING if name in kept},
            encoder=lambda: model,
        )

    @staticmethod
    def settings(given: Mapping[str, Any]) -> dict[str, Any]:
        """What differs from the defaults. Raises `Invalid`."""
        refuse_unknown(given, known=SETTINGS)
        kept = {
            "model": text(given, "model").strip(),
            "path": folder(given, "path"),
            "file": text(given, "file").strip(),
            "pooling": choice(given, "pooling", POOLINGS, default=""),
            "query_prefix": text(given, "query_prefix"),
            "passage_prefix": text(given, "passage_prefix"),
            "device": choice(given, "device", DEVICES, default="cpu"),
        }
        _check_named(kept)
        return {name: value for name, value in kept.items() if value not in {"", "cpu"}}


def _check_named(kept: Mapping[str, str]) -> None:
    if not kept["model"] and not kept["path"]:
        raise Invalid(
            "Name a “model” of the hub, such as BAAI/bge-small-en-v1.5, or the “path” of a folder.",
            field="settings",
        )
    if not kept["path"] and kept["model"].count("/") != 1:
        raise Invalid("A “model” is named as OWNER/NAME, as on the hub.", field="settings")
    if kept["file"] and kept["model"] and not kept["pooling"]:
        raise Invalid("“file” goes with “pooling”, or with a “path” alone.", field="settings")
    if PurePath(kept["file"]).is_absolute() or ".." in PurePath(kept["file"]).parts:
        raise Invalid("“file” is within the model's folder: onnx/model.onnx.", field="settings")
