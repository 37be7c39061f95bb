"""A model that cannot be had says what is wrong and how to mend it."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generation.encoders.clip import ClipModel
from generation.encoders.engines import Source
from generation.encoders.text import TextModel
from generation.errors import NotReady
from tests.plugins.records import PROJECT
from tests.plugins.tiny_models import TinyModels

HEAVY = ("fastembed", "onnxruntime", "tokenizers", "huggingface_hub", "imagehash", "scipy.stats")


def refusal(source: Source) -> str:
    with pytest.raises(NotReady) as refused:
        TextModel(source).texts(["a boat"])
    return str(refused.value)


def copied(tiny_models: TinyModels, folder: Path) -> Path:
    return Path(shutil.copytree(tiny_models.text, folder / "model"))


def test_without_the_library_it_says_how_to_install_it(
    tiny_models: TinyModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastembed", None)
    assert "make models" in refusal(Source(path=str(tiny_models.text)))


def test_a_folder_that_is_not_there_or_holds_no_model_is_named(
    tiny_models: TinyModels, tmp_path: Path
) -> None:
    assert "There is no folder /nowhere/model" in refusal(Source(path="/nowhere/model"))
    assert "has no ONNX file" in refusal(Source(path=str(tmp_path)))
    folder = copied(tiny_models, tmp_path)
    assert "There are: model.onnx." in refusal(Source(path=str(folder), file="other.onnx"))
    (folder / "model.onnx").rename(folder / "a.onnx")
    assert TextModel(Source(path=str(folder))).texts(["a boat"]).vectors.any()
    shutil.copy(folder / "a.onnx", folder / "b.onnx")
    assert "There are: a.onnx, b.onnx." in refusal(Source(path=str(folder)))


def test_files_that_do_not_fit_say_so_in_the_words_of_the_library(
    tiny_models: TinyModels, tmp_path: Path
) -> None:
    folder = copied(tiny_models, tmp_path)
    (folder / "tokenizer.json").unlink()
    assert "Could not find tokenizer.json" in refusal(Source(path=str(folder)))
    (folder / "model.onnx").write_bytes(b"no model")
    assert "could not be loaded" in refusal(Source(path=str(folder)))


def test_pooling_that_does_not_fit_is_refused(tiny_models: TinyModels) -> None:
    per_token, per_text = str(tiny_models.text), str(tiny_models.clip_text)
    for path, pooling in [(per_token, "none"), (per_text, "mean"), (per_text, "cls")]:
        assert "another “pooling” may be right" in refusal(Source(path=path, pooling=pooling))


def test_a_model_that_nobody_knows_is_refused_with_those_there_are(tiny_models: TinyModels) -> None:
    words = refusal(Source("nobody/knows"))
    assert "There is no model “nobody/knows”" in words
    assert "BAAI/bge-small-en-v1.5" in words
    assert "pooling" in words


@pytest.mark.parametrize(
    "source", [Source("BAAI/bge-small-en-v1.5"), Source("some/model", pooling="mean")]
)
def test_without_a_network_it_names_the_ways_around(
    source: Source, tmp_path: Path, settings: Any, tiny_models: TinyModels
) -> None:
    settings.RECORD_DIR = tmp_path
    words = refusal(source)
    assert "could not be fetched from the hub" in words
    assert "HF_ENDPOINT" in words
    assert "“path”" in words


def test_a_model_that_was_fetched_once_needs_no_network(
    tiny_models: TinyModels, tmp_path: Path, settings: Any
) -> None:
    settings.RECORD_DIR = tmp_path
    kept = tmp_path / "models" / "models--Qdrant--clip-ViT-B-32-text"
    shutil.copytree(tiny_models.clip_text, kept / "snapshots" / "abc")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    model = TextModel(Source("Qdrant/clip-ViT-B-32-text"))
    assert model.texts(["a boat"]).vectors.any()
    (kept / "snapshots" / "abc" / "tokenizer.json").unlink()
    assert "could not be fetched" in refusal(model.source)


@pytest.mark.parametrize("half", ["text", "vision"])
def test_cuda_where_there_is_none_is_refused(tiny_models: TinyModels, half: str) -> None:
    devices = {"text": "cpu", "vision": "cpu", half: "cuda"}
    text, vision = (str(path) for path in (tiny_models.clip_text, tiny_models.clip_vision))
    model = ClipModel(
        Source(path=text, pooling="none", device=devices["text"]),
        Source(path=vision, device=devices["vision"]),
    )
    with pytest.raises(NotReady, match="has no CUDA"):
        model.dimensions()


def test_the_fingerprint_is_of_the_content_and_not_of_the_place(
    tiny_models: TinyModels, tmp_path: Path
) -> None:
    folder = copied(tiny_models, tmp_path)
    here = TextModel(Source(path=str(folder)))
    original = TextModel(Source(path=str(tiny_models.text))).fingerprint()
    before = here.texts(["a boat"]).vectors
    (folder / "README.md").write_text("About the model.")
    assert here.fingerprint() == original
    content = bytearray((folder / "model.onnx").read_bytes())
    place = content.rindex(b"words") + 200
    content[place : place + 400] = bytes(400)
    (folder / "model.onnx").write_bytes(content)
    assert here.fingerprint() != original
    assert (here.texts(["a boat"]).vectors != before).any()


def test_a_model_with_its_weights_in_another_file_runs(
    tiny_models: TinyModels, tmp_path: Path
) -> None:
    import onnx  # noqa: PLC0415 - for tests alone

    folder = copied(tiny_models, tmp_path)
    model = onnx.load(folder / "model.onnx")
    onnx.save_model(
        model,
        folder / "model.onnx",
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=64,
    )
    assert (folder / "model.onnx_data").exists()
    apart, whole = (TextModel(Source(path=str(path))) for path in (folder, tiny_models.text))
    assert (apart.texts(["a boat"]).vectors == whole.texts(["a boat"]).vectors).all()


def test_weights_beside_the_model_are_part_of_it(tiny_models: TinyModels, tmp_path: Path) -> None:
    folder = copied(tiny_models, tmp_path)
    model = TextModel(Source(path=str(folder)))
    prints = {model.fingerprint()}
    for name in ("model.onnx_data", "layer.0.weight", "tokenizer_config.json"):
        with (folder / name).open("a") as file:
            file.write(" ")
        prints.add(model.fingerprint())
    assert len(prints) == 4


def test_no_web_process_loads_anything_for_models() -> None:
    program = (
        "import sys, django; django.setup(); import recqr_site.urls, recqr_site.celery; "
        f"print(sorted(set({HEAVY}) & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
