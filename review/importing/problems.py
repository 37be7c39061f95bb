"""What did not go in, one line each: kept in parts as batches end, in one file at the end.

Memory holds no more than the first few and those of the present batch, however many there are. A
part has the name of its batch: an import that goes on after it was killed writes the same again.
"""

import tempfile
from collections.abc import Iterator
from typing import IO, Any, Protocol

import orjson
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from review.importing.records import Kind, Problem

# How many a report names itself; the file has them all.
SHOWN = 1000


class Problems(Protocol):
    """Where the problems of an import are kept."""

    def add(self, kind: Kind, problem: Problem) -> None: ...

    def keep(self, batch: int) -> None:
        """Keeps what was added since the last batch."""

    def lines(self) -> Iterator[bytes]:
        """All that were kept, each as `Problem.as_line`."""

    def finish(self) -> str:
        """The name in the storage under which all of them lie; "" where there are none."""


class ProblemsInFile:
    """Problems of an import that nobody goes on with, such as a dry run: a temporary file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as this)

    def add(self, kind: Kind, problem: Problem) -> None:
        self._file.write(problem.as_line(kind))

    def keep(self, batch: int) -> None:
        return

    def lines(self) -> Iterator[bytes]:
        self._file.seek(0)
        yield from self._file

    def finish(self) -> str:
        return ""


class ProblemsInStorage:
    """Problems of an import that has a record; `parts` names the batches that had any."""

    def __init__(self, folder: str, parts: list[int]) -> None:
        self.folder = folder
        self.parts = parts
        self._new: list[bytes] = []
        self.name = ""

    def add(self, kind: Kind, problem: Problem) -> None:
        self._new.append(problem.as_line(kind))

    def keep(self, batch: int) -> None:
        if self._new:
            _replace(self._part(batch), ContentFile(b"".join(self._new)))
            self.parts = [*self.parts, batch]
            self._new = []

    def lines(self) -> Iterator[bytes]:
        names = [self.name] if self.name else [self._part(batch) for batch in self.parts]
        for name in names:
            with default_storage.open(name, "rb") as file:
                yield from file

    def finish(self) -> str:
        if not self.parts:
            return ""
        whole = f"{self.folder}/rejected.jsonl"
        with tempfile.TemporaryFile() as file:
            file.writelines(self.lines())
            file.seek(0)
            _replace(whole, File(file))
        self.name = whole
        return whole

    def forget_parts(self) -> None:
        """To be called once the record names the whole file."""
        for batch in self.parts:
            default_storage.delete(self._part(batch))

    def _part(self, batch: int) -> str:
        return f"{self.folder}/rejected-{batch}.jsonl"


def _replace(name: str, content: File) -> None:
    default_storage.delete(name)
    default_storage.save(name, content)


def entry_of(line: bytes) -> dict[str, Any]:
    """A line as an entry of a report's `errors`."""
    entry: dict[str, Any] = orjson.loads(line)
    return {key: value for key, value in entry.items() if key not in {"kind", "record"}}
