"""Models of `fastembed`, opened once by a process and kept."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from generation.encoders import files
from generation.errors import NotReady

if TYPE_CHECKING:
    from fastembed.common.model_description import DenseModelDescription
    from tokenizers import Tokenizer

# Beyond, decoding pictures and running the model wait for memory.
MOST_THREADS = 8
# An open model takes as much memory as its files.
MOST_OPEN = 6
MISSING = (
    "The library that runs models on this machine is not installed: run `make models` where the "
    "workers run (or pip install -r requirements-models.txt), then start the workers again."
)
NO_CUDA = (
    "The machine where models run has no CUDA for them: install onnxruntime-gpu in place of "
    "onnxruntime there, with the driver it asks for, or set “device” to “cpu”."
)

T = TypeVar("T")
Vector = NDArray[np.floating[Any]]
_opening = Lock()
# A worker that forks while a thread of it opens a model must not leave its child waiting for it.
os.register_at_fork(after_in_child=_opening._at_fork_reinit)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Source:
    """Which model: by its name on the hub, in a folder, or by its name in a folder.

    `pooling` says how vectors of tokens become one of the text, for models that the library does
    not know; `file` which ONNX file is meant.
    """

    model: str = ""
    path: str = ""
    pooling: str = ""
    file: str = ""
    device: str = "cpu"

    def __str__(self) -> str:
        """What people call it: reports that go elsewhere need not tell where folders are here."""
        return self.model or PurePath(self.path).name


@dataclass(frozen=True)
class Place:
    """Where a model's files are, and the name by which the library opens them."""

    name: str
    folder: Path
    file: str
    device: str

    def fingerprint(self) -> str:
        return files.fingerprint(self.folder, self.file)


@dataclass(frozen=True)
class Reading:
    """A text model that runs. `query` and `item` take one text, that is searched with or
    that is searched: to some models it makes a difference."""

    query: Callable[[str], Vector]
    item: Callable[[str], Vector]
    dimensions: int
    tokenizer: "Tokenizer"

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [texts, dimensions]."""
        return self._rows(side_by_side(self.query, texts))

    def items(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [texts, dimensions]."""
        return self._rows(side_by_side(self.item, texts))

    def _rows(self, vectors: Sequence[Vector]) -> NDArray[np.float32]:
        return np.array(vectors, np.float32).reshape(len(vectors), self.dimensions)


@dataclass(frozen=True)
class Picturing:
    """An image model that runs: `item` takes one picture of any size."""

    item: Callable[[Any], Vector]
    dimensions: int


def side_by_side(work: Callable[[Any], T], items: Sequence[Any]) -> list[T]:
    """The results in order, computed on as many threads as there are cores."""
    threads = min(os.cpu_count() or 1, MOST_THREADS, len(items))
    if threads < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def place_of_text(source: Source) -> Place:
    """Where the text model of a source is, fetched if need be. Raises `NotReady`."""
    known = _known(_library().TextEmbedding, source.model)
    if known is None or source.pooling:
        return _own_place(source)
    return _place(known, source, "tokenizer.json")


def place_of_vision(source: Source) -> Place:
    """The same of an image model. One that has no name is taken for a CLIP model's."""
    embedding = _library().ImageEmbedding
    known = _known(embedding, source.model or "Qdrant/clip-ViT-B-32-vision")
    if known is None:
        raise NotReady(_unknown(embedding, source.model))
    return _place(known, source, "preprocessor_config.json")


def text_model(place: Place) -> Reading:
    """Raises `NotReady`."""
    with _opening:
        return _text_model(place, place.fingerprint(), os.getpid())


def vision_model(place: Place) -> Picturing:
    """Raises `NotReady`."""
    with _opening:
        return _vision_model(place, place.fingerprint(), os.getpid())


@lru_cache(maxsize=MOST_OPEN)
def _text_model(place: Place, fingerprint: str, process: int) -> Reading:
    """Of each process its own: what runs on a GPU does not survive a fork."""
    model = _loaded(place, _library().TextEmbedding)
    query, item = _one_by_one(model.query_embed), _one_by_one(model.passage_embed)
    return Reading(query, item, _dimensions(place, item, "a picture"), model.model.tokenizer)


@lru_cache(maxsize=MOST_OPEN)
def _vision_model(place: Place, fingerprint: str, process: int) -> Picturing:
    item = _one_by_one(_loaded(place, _library().ImageEmbedding).embed)
    return Picturing(item, _dimensions(place, item, Pillow.new("RGB", (64, 48))))


def _loaded(place: Place, embedding: Any) -> Any:
    _check_device(place.device)
    cuda = place.device == "cuda"
    folder = str(place.folder)
    try:
        model = embedding(place.name, specific_model_path=folder, threads=1, cuda=cuda)
    # The library and the runtime have dozens of errors for files that do not fit.
    except Exception as error:
        raise NotReady(_unfit(place, error)) from error
    # The runtime goes on without CUDA where its driver is missing.
    session = getattr(model.model, "model", None)
    if cuda and session and "CUDAExecutionProvider" not in session.get_providers():
        raise NotReady(NO_CUDA)
    return model


def _one_by_one(embed: Callable[..., Iterable[Vector]]) -> Callable[[Any], Vector]:
    def embedded(item: Any) -> Vector:
        (vector,) = embed([item], batch_size=1)
        return vector

    return embedded


def _dimensions(place: Place, embed: Callable[[Any], Vector], sample: Any) -> int:
    """Found by trying: descriptions may be wrong, and files may not fit each other."""
    try:
        # A number alone, of a model that pools by itself and was pooled again, is none either.
        (length,) = embed(sample).shape
    except Exception as error:
        raise NotReady(
            f"{_unfit(place, error)} If this is about shapes, another “pooling” may be right."
        ) from error
    return int(length)


def _unfit(place: Place, error: Exception) -> str:
    return f"The model in {place.folder} could not be loaded: {str(error)[:400]}"


def _check_device(device: str) -> None:
    import onnxruntime  # noqa: PLC0415 - see `_library`

    if device == "cuda" and "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise NotReady(NO_CUDA)


def _library() -> Any:
    """`fastembed`, which takes a second and much memory: workers alone get here."""
    try:
        import fastembed  # noqa: PLC0415
    except ImportError as error:
        raise NotReady(MISSING) from error
    return fastembed


def _known(embedding: Any, name: str) -> "DenseModelDescription | None":
    described = embedding._list_supported_models()
    return next((one for one in described if one.model.lower() == name.lower()), None)


def _unknown(embedding: Any, name: str) -> str:
    names = sorted(one["model"] for one in embedding.list_supported_models())
    return f"There is no model “{name}”. There are: {', '.join(names)}."


def _place(known: "DenseModelDescription", source: Source, preparation: str) -> Place:
    """A model that the library knows, in a folder or from the hub."""
    names = [known.model_file, *known.additional_files, preparation]
    if source.path:
        folder = files.local(source.path)
        files.model_file(folder, known.model_file)
    else:
        folder = files.from_hub(str(known.sources.hf), names)
    return Place(known.model, folder, known.model_file, source.device)


def _own_place(source: Source) -> Place:
    """A text model that the library does not know: how it is to be read comes with its source."""
    if source.path:
        folder = files.local(source.path)
        file = files.model_file(folder, source.file)
    elif source.pooling:
        file = source.file or "onnx/model.onnx"
        folder = files.from_hub(source.model, [file, "tokenizer.json"])
    else:
        raise NotReady(
            f"{_unknown(_library().TextEmbedding, source.model)} For any other that has an ONNX "
            "file, say by “pooling” how its tokens become one vector (mean, cls, last or none)."
        )
    pooling = source.pooling or "mean"
    return Place(_registered(folder, file, pooling), folder, file, source.device)


def _registered(folder: Path, file: str, pooling: str) -> str:
    """The name of a folder's model with the library, which keeps its own for the process."""
    from fastembed.common.model_description import ModelSource, PoolingType  # noqa: PLC0415

    kinds = {
        "mean": PoolingType.MEAN,
        "cls": PoolingType.CLS,
        "last": PoolingType.LAST_TOKEN,
        "none": PoolingType.DISABLED,
    }
    name = f"own/{pooling}/{folder}/{file}"
    embedding = _library().TextEmbedding
    with _opening:
        if _known(embedding, name) is None:
            embedding.add_custom_model(
                model=name,
                pooling=kinds[pooling],
                normalization=False,
                # It asks for one, and never goes there: the folder is given.
                sources=ModelSource(url=str(folder)),
                # As described only: the true number is found when the model runs.
                dim=0,
                model_file=file,
                additional_files=files.weights_beside(folder, file),
            )
    return name
