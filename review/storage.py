"""Where files lie: on disk by default, in S3 or the like by setting."""

from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.files import File
from django.core.files.storage import FileSystemStorage

# Beside the files, on the same disk, so that moving a file is renaming it.
_INCOMING = "incoming"


class _Arrived(File):
    """A file whose content lies on the storage's own disk, for it to move into place."""

    def __init__(self, path: str) -> None:
        super().__init__(None, name=path)
        self._path = path

    def temporary_file_path(self) -> str:
        return self._path


class WholeFileStorage(FileSystemStorage):
    """Files that are there under their name whole or not at all.

    Django's own writes in place: who looks meanwhile reads half a picture, and a process that is
    killed leaves that half for good, under a name that says which content it has.
    """

    def _save(self, name: str, content: File) -> str:
        if hasattr(content, "temporary_file_path"):
            return super()._save(name, content)  # type: ignore[misc]  # the stubs lack it
        arrived = self._written(content)
        try:
            return super()._save(name, _Arrived(arrived))  # type: ignore[misc]
        finally:
            Path(arrived).unlink(missing_ok=True)

    def _written(self, content: File) -> str:
        folder = Path(self.location) / _INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                for chunk in content.chunks():
                    file.write(chunk)
            except BaseException:
                Path(file.name).unlink()
                raise
        return file.name
