"""Indexes on disk, one folder each: built once, then mapped by every process of this machine.

A folder appears under its name only when it is whole, and names the sizes and checksums of its
files. One that is broken all the same (a disk that was full, a power cut) counts as none, and the
next build replaces it. All of it may be deleted at any time.
"""

import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from generation.retrievers.protocol import Index, Retriever

logger = logging.getLogger(__name__)

CONTENTS = "contents.json"
# Of a folder that nobody finished. No build takes so long.
ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True)
class Edition:
    """A corpus at a version, with how many images it has.

    `stamp` differs where a record that was restored has gone another way since.
    """

    dataset_id: int
    version: int
    images: int
    stamp: str

    def folder(self, retriever: Retriever) -> Path:
        name = f"{retriever.hash[:16]}-{self.version}-{self.stamp}"
        return _home(self.dataset_id) / name


def load(edition: Edition, retriever: Retriever) -> Index | None:
    """The index of an edition as it lies on disk; None where it is not there, or broken."""
    folder = edition.folder(retriever)
    try:
        if _is_whole(folder):
            return retriever.load(folder)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError) as error:
        logger.warning("The index in %s cannot be read: %s", folder, error)
    return None


def save(index: Index, edition: Edition, retriever: Retriever) -> None:
    """Writes an index beside the others. Of two that write the same one, either wins."""
    home = _home(edition.dataset_id)
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f".{secrets.token_hex(8)}"
    draft.mkdir()
    try:
        index.save(draft)
        _seal(draft)
        _move(draft, edition, retriever)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def editions(dataset_id: int, retriever: Retriever) -> list[int]:
    """The versions of a corpus that have an index here, the newest first."""
    with suppress(FileNotFoundError):
        names = [path.name.split("-") for path in _home(dataset_id).iterdir()]
        found = {int(name[1]) for name in names if name[0] == retriever.hash[:16]}
        return sorted(found, reverse=True)
    return []


def tidy(edition: Edition, spared: Collection[int] = ()) -> None:
    """Removes indexes of earlier versions but those spared, and what was begun and never finished.

    Who has one of them open keeps it until they close it.
    """
    for path in _home(edition.dataset_id).iterdir():
        if _is_old(path, edition.version, spared):
            shutil.rmtree(path, ignore_errors=True)


def _home(dataset_id: int) -> Path:
    return Path(settings.RECORD_DIR) / "indexes" / str(dataset_id)


def _is_old(path: Path, version: int, spared: Collection[int]) -> bool:
    if path.name.startswith("."):
        with suppress(FileNotFoundError):
            return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
        return False
    of = int(path.name.split("-")[1])
    return of < version and of not in spared


def _seal(folder: Path) -> None:
    """Puts all files safely on disk, and writes down what there must be."""
    contents = dict(_described(folder))
    written = folder / CONTENTS
    written.write_text(json.dumps(contents))
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _move(draft: Path, edition: Edition, retriever: Retriever) -> None:
    folder = edition.folder(retriever)
    try:
        draft.rename(folder)
    except OSError:
        if load(edition, retriever) is not None:
            return  # Another was quicker.
        # Aside first: nobody may find half of it under this name.
        with suppress(FileNotFoundError):
            folder.rename(draft.with_name(f".{secrets.token_hex(8)}"))
        draft.rename(folder)


def _is_whole(folder: Path) -> bool:
    contents = json.loads((folder / CONTENTS).read_text())
    return bool(contents == dict(_described(folder)))


def _described(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.iterdir()):
        if path.name != CONTENTS:
            with path.open("rb") as file:
                yield path.name, hashlib.file_digest(file, "sha256").hexdigest()
