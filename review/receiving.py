"""Files that come in a form, held on the disk of the uploads while they arrive.

The system's own folder for temporary files may lie in memory, where 5 GB have no room.
"""

import tempfile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from review.uploads import root


class HeldBesideUploads(TemporaryUploadedFile):
    def __init__(
        self, name: str, content_type: str, size: int, charset: str | None, extra: Any = None
    ) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=root())  # noqa: SIM115 - kept open
        UploadedFile.__init__(self, file, name, content_type, size, charset, extra)


class BesideUploads(TemporaryFileUploadHandler):
    """To be set on a request before anything of its body is read."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = HeldBesideUploads(
            self.file_name or "", self.content_type or "", 0, self.charset, self.content_type_extra
        )
