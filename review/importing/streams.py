"""Documents open for reading: unpacked on the way, and counted, so that progress can be told."""

import gzip
import zipfile
import zlib
from types import TracebackType
from typing import IO, Self

from review.errors import Invalid

GZIP = b"\x1f\x8b"
# Bytes per byte packed. Text packs about 10:1; what unpacks to far more is made to do harm.
MOST_RATIO = 250
# Below this a file may be packed as tightly as it likes.
SMALL_FILE = 1024**2


class Document:
    """One document of a source. A gzip file is known by its first bytes, not by its name."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self.name = name
        self._counted = _Counted(raw)
        head = self._counted.peek(2)
        self._plain: IO[bytes] | _Counted = self._counted
        self._packed = head == GZIP
        if self._packed:
            self._plain = gzip.GzipFile(fileobj=self._counted)  # type: ignore[call-overload]
        self._unpacked = 0

    @property
    def position(self) -> int:
        """How many bytes of the document, as it lies in the source, have been read."""
        return self._counted.position

    def read(self, size: int = -1) -> bytes:
        """Bytes, unpacked. Raises `Invalid` where it was packed badly, or as a bomb."""
        try:
            found = self._plain.read(size)
        except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Invalid(f"{self.name} cannot be unpacked: {error}. Pack it again.") from error
        if self._packed:
            self._unpacked += len(found)
            self._check_ratio()
        return found

    def _check_ratio(self) -> None:
        if self._unpacked > max(SMALL_FILE, MOST_RATIO * self.position):
            raise Invalid(
                f"{self.name} was refused: it unpacks to so much more than its size that it looks "
                "like a bomb."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._counted.close()


class _Counted:
    """A stream that knows how many of its bytes were read."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.position = 0
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        self._ahead = self.raw.read(size)
        return self._ahead

    def read(self, size: int = -1) -> bytes:
        ahead, self._ahead = self._ahead, b""
        found = ahead + self.raw.read(size - len(ahead) if size >= len(ahead) else size)
        self.position += len(found)
        return found

    def close(self) -> None:
        self.raw.close()
