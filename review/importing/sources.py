"""Where an import reads from: a folder, a zip, or one file. Nothing outside of it is ever read.

A source has *documents* (what holds records) at its top, and files that records name by path.
"""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from review.errors import Invalid, Missing
from review.importing.streams import MOST_RATIO, SMALL_FILE, Document
from review.pictures import MOST_BYTES, PictureRefused

# A zip may hold this many files, and bytes in all.
MOST_FILES = 2_000_000
MOST_UNPACKED = 200 * 1024**3


class FileMissing(Exception):
    """A record names a file that the source does not have."""


class Source(Protocol):
    """What formats and the engine know of a source."""

    name: str

    def documents(self) -> list[str]:
        """Names of the files at its top."""

    def open(self, name: str) -> Document:
        """A document, open for reading."""

    def size(self, name: str) -> int:
        """Bytes of a document as it lies in the source, packed or plain."""

    def checksum(self, documents: list[str]) -> str:
        """SHA-256 of the file that the source is, or of its documents where it is a folder."""

    def is_documents_alone(self, documents: list[str]) -> bool:
        """Whether the checksum speaks for all that the source holds."""

    def content(self, path: str) -> bytes:
        """A picture file. Raises `FileMissing` or `PictureRefused`."""


def checked_path(path: str) -> PurePosixPath:
    """A path inside a source. Raises `PictureRefused` for one that leads out of it."""
    plain = PurePosixPath(path.replace("\\", "/"))
    drive = len(path) > 1 and path[1] == ":"
    if not path.strip() or "\0" in path or drive or plain.is_absolute() or ".." in plain.parts:
        raise PictureRefused(f"the path “{path}” leads out of the source: name a file inside it")
    return plain


class Folder:
    """A folder. Links are followed as long as they stay inside."""

    def __init__(self, path: Path) -> None:
        self.root = path.resolve()
        self.name = str(path)

    def documents(self) -> list[str]:
        return sorted(entry.name for entry in self.root.iterdir() if entry.is_file())

    def open(self, name: str) -> Document:
        return Document(self._document(name).open("rb"), name)

    def size(self, name: str) -> int:
        return self._document(name).stat().st_size

    def checksum(self, documents: list[str]) -> str:
        digest = hashlib.sha256()
        for name in documents:
            digest.update(name.encode() + b"\0" + _file_digest(self._document(name)))
        return digest.hexdigest()

    def is_documents_alone(self, documents: list[str]) -> bool:
        return {entry.name for entry in self.root.iterdir()} <= set(documents)

    def _document(self, name: str) -> Path:
        try:
            return self._inside(PurePosixPath(name))
        except PictureRefused as error:
            raise Invalid(f"{self.name}: {error}.") from None

    def content(self, path: str) -> bytes:
        found = self._inside(checked_path(path))
        try:
            # Looked at before it is opened: opening a pipe would wait for its writer.
            if not found.is_file():
                raise FileMissing(f"there is no file {path}")
            _check_size(found.stat().st_size)
            return found.read_bytes()
        except OSError as error:
            raise PictureRefused(f"{path} cannot be read: {error.strerror}") from error

    def has(self, path: str) -> bool:
        try:
            return self._inside(checked_path(path)).is_file()
        except (PictureRefused, OSError):
            return False

    def _inside(self, path: PurePosixPath) -> Path:
        found = (self.root / path).resolve()
        if not found.is_relative_to(self.root):
            raise PictureRefused(f"{path} is a link that leads out of the source: copy the file")
        return found


class LoneFile:
    """One file of records; what its records name lies elsewhere, if anywhere."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def documents(self) -> list[str]:
        return [self.path.name]

    def open(self, name: str) -> Document:
        return Document(self.path.open("rb"), name)

    def size(self, name: str) -> int:
        return self.path.stat().st_size

    def checksum(self, documents: list[str]) -> str:
        return _file_digest(self.path).hex()

    def is_documents_alone(self, documents: list[str]) -> bool:
        return True

    def content(self, path: str) -> bytes:
        checked_path(path)
        raise FileMissing(
            f"there is no file {path}: {self.path.name} was imported alone. Import its folder, or "
            "name the folder of the images"
        )


class Zip:
    """A zip archive, checked whole before anything of it is used."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.name = str(path)
        self.path = path
        self.archive = archive
        infos = [info for info in archive.infolist() if not _is_clutter(info)]
        for info in infos:
            _check_entry(self.name, info)
        _check_whole(self.name, infos)
        self.top = _common_folder(infos)
        self.files = {i.filename.removeprefix(self.top): i for i in infos if not i.is_dir()}

    def documents(self) -> list[str]:
        return sorted(name for name in self.files if "/" not in name)

    def open(self, name: str) -> Document:
        return Document(self.archive.open(self.files[name]), name)

    def size(self, name: str) -> int:
        return self.files[name].file_size

    def checksum(self, documents: list[str]) -> str:
        return _file_digest(self.path).hex()

    def is_documents_alone(self, documents: list[str]) -> bool:
        return True

    def content(self, path: str) -> bytes:
        info = self.files.get(str(checked_path(path)))
        if info is None:
            raise FileMissing(f"there is no file {path} in the zip")
        _check_size(info.file_size)
        try:
            return self.archive.read(info)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
            raise PictureRefused(f"{path} cannot be unpacked: {error}") from error


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The source at `path`. Raises `Missing` or `Invalid` in a sentence for who asked."""
    if path.is_dir():
        yield Folder(path)
    elif not path.exists():
        raise Missing(f"There is nothing at {path}. Name a folder, a zip, or a JSONL or JSON file.")
    elif not path.is_file():
        raise Invalid(f"{path} is neither a folder nor a file. Name one of these.")
    elif path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        with _archive(path) as archive:
            yield Zip(path, archive)
    else:
        yield LoneFile(path)


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Invalid(f"{path} is no sound zip archive: {error}. Pack it again.") from error


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise PictureRefused(f"the file has {size:,} bytes, the most is {MOST_BYTES:,}")


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    """What macOS packs beside the files."""
    return info.filename.startswith("__MACOSX/") or info.filename.endswith(".DS_Store")


def _check_entry(archive: str, info: zipfile.ZipInfo) -> None:
    """Refuses the whole archive for one entry that an honest packer does not make."""
    fault = _path_fault(info) or _content_fault(info)
    if fault:
        raise Invalid(
            f"{archive} was refused, and nothing of it was imported: “{info.filename}” {fault}."
        )


def _path_fault(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a link or a device. Pack the files themselves"
    try:
        checked_path(info.orig_filename)
    except PictureRefused:
        return "leads out of the archive. Pack it with paths inside one folder"
    return ""


def _content_fault(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "is encrypted. Pack it without a password"
    tight = info.file_size > MOST_RATIO * max(info.compress_size, 1)
    if tight and info.file_size > SMALL_FILE:
        return "unpacks to so much more than its size that it looks like a zip bomb"
    return ""


def _check_whole(archive: str, infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    if len(names) != len(set(names)):
        raise Invalid(f"{archive} was refused: it holds two files of one name. Pack it again.")
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > MOST_FILES or unpacked > MOST_UNPACKED:
        raise Invalid(
            f"{archive} was refused: {len(infos):,} files, {unpacked:,} bytes unpacked. The most "
            f"is {MOST_FILES:,} files and {MOST_UNPACKED:,} bytes. Import it in parts."
        )
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Invalid(f"{archive} was refused: its files overlap, as in a zip bomb.")
        end = info.header_offset + info.compress_size


def _common_folder(infos: list[zipfile.ZipInfo]) -> str:
    """The one folder that holds everything, as when a folder was packed from outside; else ""."""
    tops = {info.filename.split("/", 1)[0] for info in infos}
    only_folders = all("/" in info.filename for info in infos)
    return f"{tops.pop()}/" if len(tops) == 1 and only_folders else ""
