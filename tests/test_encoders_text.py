"""A text model run on this machine: every text by itself, its limit told."""

import random
from typing import Any

import numpy as np
import pytest

from generation.encoders import engines
from generation.encoders.engines import Source
from generation.encoders.protocol import Picture
from generation.encoders.text import TextModel
from generation.vectors.units import unit
from tests.plugins.tiny_models import DIMENSIONS, TEXT_LIMIT, WORDS, TinyModels


@pytest.fixture
def model(tiny_models: TinyModels) -> TextModel:
    return TextModel(Source(path=str(tiny_models.text)))


def sentences(count: int) -> list[str]:
    """Of 1 to 60 words, so that some are cut."""
    chance = random.Random(3)  # noqa: S311
    return [" ".join(chance.choices(WORDS, k=chance.randint(1, 60))) for _ in range(count)]


def vectors(model: TextModel, texts: list[str]) -> Any:
    return unit(model.texts(texts).vectors)[0]


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_vector_depends_on_no_other_text_order_or_core(
    model: TextModel, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = sentences(80)
    alone = np.concatenate([vectors(model, [text]) for text in texts])
    monkeypatch.setattr(engines.os, "cpu_count", lambda: threads)
    assert np.array_equal(vectors(model, texts), alone)
    order = random.Random(5).sample(range(80), 80)  # noqa: S311
    assert np.array_equal(vectors(model, [texts[n] for n in order]), alone[order])
    assert np.array_equal(np.concatenate([vectors(model, texts[:7]), alone[7:]]), alone)


def test_what_shares_words_is_alike(model: TextModel) -> None:
    query, near, far = vectors(model, ["old lighthouse", "a lighthouse", "a cat in the house"])
    assert model.dimensions() == len(query) == DIMENSIONS
    assert query @ near > query @ far + 0.2


def test_a_text_beyond_the_limit_is_cut_and_says_so(model: TextModel) -> None:
    fits, over = " ".join(["sun"] * (TEXT_LIMIT - 2)), " ".join(["sun"] * (TEXT_LIMIT - 1))
    assert model.texts([fits, over, ""]).cut == (False, True, False)
    grown = [" ".join(["sun"] * count) for count in (5, 20, TEXT_LIMIT - 2, TEXT_LIMIT - 1, 90)]
    assert model.longest_fitting(grown) == 2
    assert model.longest_fitting(grown[:2]) == 1
    assert model.longest_fitting(grown[3:]) == 0


def test_prefixes_are_part_of_the_text_and_of_its_length(tiny_models: TinyModels) -> None:
    plain = TextModel(Source(path=str(tiny_models.text)))
    begun = TextModel(plain.source, query_prefix="red ", passage_prefix="blue ")
    assert np.array_equal(vectors(begun, ["boat"]), vectors(plain, ["red boat"]))
    caption = begun.pictures([Picture("1", " boat ", "")]).vectors
    assert np.array_equal(unit(caption)[0], vectors(plain, ["blue boat"]))
    fits = " ".join(["sun"] * (TEXT_LIMIT - 2))
    assert begun.texts([fits]).cut == (True,)
    assert begun.longest_fitting(["sun", fits]) == 0


def test_an_image_without_a_caption_says_so_and_no_other_suffers(model: TextModel) -> None:
    captions = ["a red boat", "  ", "a cat"]
    pictures = [Picture(str(place), text, "") for place, text in enumerate(captions)]
    encoded = model.pictures(pictures)
    assert encoded.reasons == {1: "Image “1” has no caption, and this model reads captions."}
    assert np.array_equal(unit(encoded.vectors)[0][[0, 2]], vectors(model, ["a red boat", "a cat"]))


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_pooling_is_as_it_was_set(tiny_models: TinyModels, pooling: str) -> None:
    pooled = TextModel(Source(path=str(tiny_models.text), pooling=pooling))
    mean = TextModel(Source(path=str(tiny_models.text)))
    same = np.array_equal(vectors(pooled, ["old pier"]), vectors(mean, ["old pier"]))
    assert same == (pooling == "mean")


def test_a_model_that_the_library_knows_is_read_as_it_knows_from_a_folder(
    tiny_models: TinyModels,
) -> None:
    known = TextModel(Source("Qdrant/clip-ViT-B-32-text", str(tiny_models.clip_text)))
    own = TextModel(Source(path=str(tiny_models.clip_text), pooling="none"))
    assert np.array_equal(vectors(known, ["a red boat"]), vectors(own, ["a red boat"]))
    assert known.fingerprint() == own.fingerprint()
