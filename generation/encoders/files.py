"""The files of a model: in a local folder, or fetched once from the hub into the record."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from generation.errors import NotReady

# What turns text and pixels into what the model takes, as far as a model has it.
PREPARATION = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "preprocessor_config.json",
)
# Where models that are exported to ONNX have it, in the order in which it is looked for.
USUAL = ("model.onnx", "onnx/model.onnx", "model_optimized.onnx")
LIBRARIES = ("fastembed", "onnxruntime", "tokenizers", "pillow")


def local(path: str) -> Path:
    """A folder of this machine. Raises `NotReady` where there is none."""
    folder = Path(path)
    if not folder.is_dir():
        raise NotReady(
            f"There is no folder {path} on the machine where models run: put the model's files "
            "there (its .onnx file, tokenizer.json, tokenizer_config.json), or name another."
        )
    return folder


def model_file(folder: Path, wanted: str = "") -> str:
    """The ONNX file within a folder: the one that is wanted, the usual one, or the only one."""
    for name in (wanted,) if wanted else USUAL:
        if (folder / name).is_file():
            return name
    found = sorted(_models_in(folder))
    if len(found) == 1 and not wanted:
        return found[0]
    if not found:
        raise NotReady(f"The folder {folder} has no ONNX file: export the model to ONNX first.")
    what = f"no file {wanted}" if wanted else "several ONNX files: name one by the setting “file”"
    raise NotReady(f"The folder {folder} has {what}. There are: {', '.join(found)}.")


def _models_in(folder: Path) -> Iterator[str]:
    """No deeper than exporters put them: whoever sets up a retriever may name any folder, and is
    not to search the machine by it."""
    for pattern in ("*.onnx", "*/*.onnx"):
        for path in folder.glob(pattern):
            yield str(path.relative_to(folder))


def from_hub(repository: str, names: Sequence[str]) -> Path:
    """The folder of a model of the hub with files of these names, fetched where they are not here.

    The revision that was fetched first stays: a model does not change under its vectors.
    Raises `NotReady`.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - with the models alone
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    fetch = partial(
        snapshot_download,
        repository,
        cache_dir=str(settings.RECORD_DIR / "models"),
        # What is too large for one ONNX file lies beside it: model.onnx_data.
        allow_patterns=[*PREPARATION, *(f"{name}*" for name in names)],
    )
    try:
        with suppress(LocalEntryNotFoundError):
            folder = Path(fetch(local_files_only=True))
            if not _lacking(folder, names):
                return folder
        folder = Path(fetch())
    # No network, no such repository, no room: it is told in the library's words.
    except Exception as error:
        raise NotReady(_unfetched(repository, _short(error))) from error
    if lacking := _lacking(folder, names):
        # Without a network it gives what it has.
        raise NotReady(_unfetched(repository, f"{lacking[0]} is missing."))
    return folder


def _lacking(folder: Path, names: Sequence[str]) -> list[str]:
    return [name for name in names if not (folder / name).is_file()]


def _unfetched(repository: str, why: str) -> str:
    return (
        f"The model {repository} could not be fetched from the hub: {why} Check the network of "
        "the machine where models run, name a mirror by HF_ENDPOINT, or put the files there "
        "yourself and name their folder by the setting “path”."
    )


def _short(error: Exception) -> str:
    line = str(error).strip().partition("\n")[0][:200].rstrip(".")
    return f"{line or type(error).__name__}."


def weights_beside(folder: Path, file: str) -> list[str]:
    """Files that an ONNX file is continued in, named after it."""
    model = folder / file
    return sorted(str(path.relative_to(folder)) for path in model.parent.glob(f"{model.name}?*"))


def fingerprint(folder: Path, file: str) -> str:
    """SHA-256 of what a model in a folder consists of, and of the libraries that run it."""
    parts = {str(path.relative_to(folder)): _digest_of(path) for path in _parts(folder, file)}
    versions = {name: version(name) for name in LIBRARIES}
    recipe = {"files": parts, "libraries": versions}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _parts(folder: Path, file: str) -> Iterator[Path]:
    """The ONNX file, weights kept beside it, and what prepares its input."""
    model = folder / file
    yield model
    others = {".onnx", ".json", ".md", ".txt"}
    yield from sorted(
        path
        for path in model.parent.iterdir()
        if path.suffix not in others and not path.name.startswith(".") and path.is_file()
    )
    yield from (folder / name for name in PREPARATION if (folder / name).is_file())


def _digest_of(path: Path) -> str:
    facts = path.stat()
    return _digest(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed: int) -> str:
    """SHA-256 of a file's content, read again only when its size or time of change differs."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
