"""Embedding models of a few kilobytes with random weights, written to disk as the real ones are.

They run through the same library, files and runtime. A text is about the mean of its words, and a
picture about its mean colour, where the words of colours lie too: so what shares words is alike,
and “red” finds what is red.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DIMENSIONS = 24
# Tokens, two of which frame the text.
TEXT_LIMIT = 48
CLIP_LIMIT = 16
SIDE = 32
COLOURS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "yellow": (1, 1, 0),
    "black": (0, 0, 0),
    "white": (1, 1, 1),
}
# Bear next to nothing.
FRAME = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
SMALL_WORDS = [
    *["a", "an", "the", "of", "at", "on", "in", "and", "with", "to", "me", "that", "it", "is"],
    *["under", ".", ",", "?"],
]
WORDS = [
    *["people", "wooden", "pier", "sun", "old", "lighthouse", "breakwater", "cloudy", "sky"],
    *["bright", "cabin", "mountain", "lake", "scene", "day", "summer", "walked", "last", "end"],
    *["send", "dog", "cat", "boat", "beach", "snow", "tree", "house", "night"],
]
LETTERS = list("abcdefghijklmnopqrstuvwxyz0123456789")
PIECES = [f"##{letter}" for letter in LETTERS]
VOCABULARY = list(dict.fromkeys([*FRAME, *SMALL_WORDS, *COLOURS, *WORDS, *LETTERS, *PIECES]))


@dataclass(frozen=True)
class TinyModels:
    """Folders as `dense` and `clip` take them, and the settings that name them."""

    root: Path

    @cached_property
    def text(self) -> Path:
        """Gives a vector per token, as most text models do: `pooling` says what to make of it."""
        folder = self.root / "text"
        _write_tokenizer(folder, TEXT_LIMIT)
        _write_text_model(folder, pooled=False)
        return folder

    @cached_property
    def clip_text(self) -> Path:
        folder = self.root / "clip-text"
        _write_tokenizer(folder, CLIP_LIMIT)
        _write_text_model(folder, pooled=True)
        return folder

    @cached_property
    def clip_vision(self) -> Path:
        folder = self.root / "clip-vision"
        folder.mkdir()
        _write_vision_model(folder)
        return folder

    @cached_property
    def narrow_text(self) -> Path:
        """Of half as many dimensions: no image model here goes with it."""
        folder = self.root / "narrow-text"
        _write_tokenizer(folder, CLIP_LIMIT)
        _write_text_model(folder, pooled=True, dimensions=DIMENSIONS // 2)
        return folder

    @property
    def dense_settings(self) -> dict[str, Any]:
        return {"path": str(self.text)}

    @property
    def clip_settings(self) -> dict[str, Any]:
        return {"text_path": str(self.clip_text), "vision_path": str(self.clip_vision)}


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    pytest.importorskip("fastembed")
    return TinyModels(tmp_path_factory.mktemp("models"))


def _write_tokenizer(folder: Path, limit: int) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415

    numbers = {token: number for number, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    framing = [(token, numbers[token]) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=framing
    )
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"model_max_length": limit, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))


def _word_vectors() -> Any:
    """[words, dimensions]: those of colours where pictures of the colour lie."""
    draw = np.random.default_rng(7)
    vectors = draw.normal(size=(len(VOCABULARY), DIMENSIONS))
    vectors[: len(FRAME) + len(SMALL_WORDS)] *= 0.05
    for word, colour in COLOURS.items():
        vectors[VOCABULARY.index(word)] = (np.array(colour) - 0.5) @ _of_colours() * 4
    return vectors.astype(np.float32)


def _of_colours() -> Any:
    """[3, dimensions]"""
    return np.random.default_rng(11).normal(size=(3, DIMENSIONS)).astype(np.float32)


def _write_text_model(folder: Path, *, pooled: bool, dimensions: int = DIMENSIONS) -> None:
    """One layer of attention over word vectors; padding is masked as the real ones mask it."""
    from onnx import TensorProto as Types  # noqa: PLC0415
    from onnx import helper, numpy_helper  # noqa: PLC0415

    draw = np.random.default_rng(13)
    mixing = (draw.normal(size=(dimensions, dimensions)) / 5).astype(np.float32)
    constants = {
        "words": _word_vectors()[:, :dimensions],
        "mixing": mixing,
        "scale": np.float32(dimensions**-0.5),
        "one": np.float32(1),
        "far": np.float32(-1e4),
        "axis": np.array([1], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["words", "input_ids"], ["embedded"]),
        node("Transpose", ["embedded"], ["turned"], perm=[0, 2, 1]),
        node("MatMul", ["embedded", "turned"], ["products"]),
        node("Mul", ["products", "scale"], ["scaled"]),
        node("Cast", ["attention_mask"], ["mask"], to=Types.FLOAT),
        node("Sub", ["one", "mask"], ["padding"]),
        node("Mul", ["padding", "far"], ["away"]),
        node("Unsqueeze", ["away", "axis"], ["away_from"]),
        node("Add", ["scaled", "away_from"], ["masked"]),
        node("Softmax", ["masked"], ["attention"], axis=-1),
        node("MatMul", ["attention", "embedded"], ["context"]),
        node("MatMul", ["context", "mixing"], ["mixed"]),
        node("Tanh", ["mixed"], ["bent"]),
        node("Mul", ["bent", "scale"], ["small"]),
        node("Add", ["embedded", "small"], ["last_hidden_state"]),
    ]
    outputs = [("last_hidden_state", ["batch", "tokens", dimensions])]
    if pooled:
        constants["last"] = np.array([-1], dtype=np.int64)
        nodes += [
            node("Unsqueeze", ["mask", "last"], ["weights"]),
            node("Mul", ["last_hidden_state", "weights"], ["weighted"]),
            node("ReduceSum", ["weighted", "axis"], ["text_embeds"], keepdims=0),
        ]
        outputs = [("text_embeds", ["batch", dimensions])]
    graph = helper.make_graph(
        nodes,
        "text",
        [
            helper.make_tensor_value_info(name, Types.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info(name, Types.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    _save(graph, folder / "model.onnx")


def _write_vision_model(folder: Path) -> None:
    """The mean colour, and a little of what is where."""
    from onnx import TensorProto as Types  # noqa: PLC0415
    from onnx import helper, numpy_helper  # noqa: PLC0415

    draw = np.random.default_rng(17)
    kernels = draw.normal(size=(DIMENSIONS, 3, 8, 8)) / 100
    constants = {
        "kernels": kernels.astype(np.float32),
        "of_colours": _of_colours(),
        "places": np.array([2, 3], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["pixel_values", "places"], ["colour"], keepdims=0),
        node("MatMul", ["colour", "of_colours"], ["by_colour"]),
        node("Conv", ["pixel_values", "kernels"], ["patches"], strides=[8, 8]),
        node("Tanh", ["patches"], ["bent"]),
        node("ReduceMean", ["bent", "places"], ["by_place"], keepdims=0),
        node("Add", ["by_colour", "by_place"], ["image_embeds"]),
    ]
    graph = helper.make_graph(
        nodes,
        "vision",
        [helper.make_tensor_value_info("pixel_values", Types.FLOAT, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("image_embeds", Types.FLOAT, ["batch", DIMENSIONS])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    _save(graph, folder / "model.onnx")
    config = {
        "do_resize": True,
        "size": {"shortest_edge": SIDE},
        "do_center_crop": True,
        "crop_size": SIDE,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [1, 1, 1],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(config))


def _save(graph: Any, path: Path) -> None:
    import onnx  # noqa: PLC0415
    from onnx import helper  # noqa: PLC0415

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)
