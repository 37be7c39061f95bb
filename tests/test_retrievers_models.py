"""Retrievers by models of this machine: settings in words, and a hash of all that changes ranks."""

from typing import Any

import pytest

from generation import retrievers
from generation.encoders.clip import PAIRS
from generation.models import ConfiguredRetriever
from generation.retrievers import KINDS
from generation.retrievers.vectors import VectorRetriever
from review.errors import Invalid
from tests.plugins.tiny_models import TinyModels

SOME_MODEL = {"model": "BAAI/bge-small-en-v1.5"}
SOME_FOLDERS = {"text_path": "/models/text", "vision_path": "/models/vision"}


def made(kind: str, settings: dict[str, Any], fingerprint: str = "f") -> VectorRetriever:
    kept = KINDS[kind].settings(settings)
    row = ConfiguredRetriever(name=kind, kind=kind, settings=kept, fingerprint=fingerprint)
    retriever = retrievers.made(row)
    assert isinstance(retriever, VectorRetriever)
    return retriever


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("dense", {}, "Name a “model” of the hub"),
        ("dense", {"model": "bge-small"}, "OWNER/NAME"),
        ("dense", {"model": 7}, "“model” is text"),
        ("dense", {"path": "models/mine"}, "whole path"),
        ("dense", {**SOME_MODEL, "pooling": "max"}, "one of mean, cls, last, none"),
        ("dense", {**SOME_MODEL, "device": "tpu"}, "one of cpu, cuda"),
        ("dense", {**SOME_MODEL, "file": "model.onnx"}, "goes with “pooling”"),
        ("dense", {"path": "/m", "file": "../model.onnx"}, "within the model's folder"),
        (
            "dense",
            {**SOME_MODEL, "colour": "red"},
            "There is no setting “colour”. There are:",
        ),
        ("clip", {}, "Name a “model” (clip-vit-b-32"),
        ("clip", {"model": "clip-vit-z"}, "one of clip-vit-b-32"),
        ("clip", {"text_path": "/models/text"}, "together"),
        ("clip", {**SOME_FOLDERS, "pooling": "mean"}, "There is no setting “pooling”"),
    ],
)
def test_settings_that_do_not_do_are_refused(kind: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        KINDS[kind].settings(given)
    assert words in str(refused.value)
    assert refused.value.field == "settings"


def test_settings_are_kept_where_they_differ_from_the_defaults() -> None:
    given = {**SOME_MODEL, "path": "", "device": "cpu", "query_prefix": "query: "}
    assert KINDS["dense"].settings(given) == {**SOME_MODEL, "query_prefix": "query: "}
    assert KINDS["clip"].settings(SOME_FOLDERS) == SOME_FOLDERS


def test_the_hash_changes_with_what_changes_vectors_and_not_with_the_place() -> None:
    path = {"path": "/models/a"}
    hashes = [
        made("dense", path).hash,
        made("dense", path, fingerprint="g").hash,
        made("dense", {**path, "pooling": "cls"}).hash,
        made("dense", {**path, "query_prefix": "query: "}).hash,
        made("dense", {**path, "passage_prefix": "query: "}).hash,
        made("dense", {**path, "device": "cuda"}).hash,
        made("clip", SOME_FOLDERS).hash,
        made("clip", {**SOME_FOLDERS, "model": "siglip2-base"}).hash,
    ]
    assert len(set(hashes)) == len(hashes)
    assert made("dense", {"path": "/models/b"}).hash == hashes[0]


def test_each_kind_gives_its_encoder(tiny_models: TinyModels) -> None:
    dense = made("dense", {**tiny_models.dense_settings, "query_prefix": "red "})
    clip = made("clip", tiny_models.clip_settings)
    assert dense.encoder().texts(["boat"]).vectors.shape == (1, dense.encoder().dimensions())
    assert clip.encoder().texts(["boat"]).vectors.shape == (1, clip.encoder().dimensions())
    assert dense.version == "text"
    assert clip.version == "clip-vision"
    assert not dense.is_light


def test_every_pair_is_known_to_the_library(tiny_models: TinyModels) -> None:
    import fastembed  # noqa: PLC0415 - with the models alone

    texts = {one["model"] for one in fastembed.TextEmbedding.list_supported_models()}
    images = {one["model"] for one in fastembed.ImageEmbedding.list_supported_models()}
    assert {text for text, _ in PAIRS.values()} <= texts
    assert {image for _, image in PAIRS.values()} <= images
