"""Files of rewrites that come with a request rather than from the disk of the server."""

from collections.abc import Iterable
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from generation.benchmark.forms import Rewrites
from generation.benchmark.outside import read_rewrites
from review.errors import Invalid

MOST_BYTES = 64 * 1024 * 1024


def received(name: str, chunks: Iterable[bytes]) -> Rewrites:
    """The rewrites in a file that somebody sent. Raises `Invalid` with the lines at fault."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / (PurePath(name).name or "rewrites.jsonl")
        _write(path, chunks)
        try:
            return read_rewrites(path)
        except Invalid as error:
            # Where the server laid it down is nothing to whoever sent it.
            words = str(error).replace(str(path), path.name)
            raise Invalid(words, field="rewrites") from None


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    size = 0
    with path.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise Invalid(
                    f"{path.name} is larger than 64 MB: leave out what is no “id” and “text”.",
                    field="rewrites",
                )
            stream.write(chunk)
