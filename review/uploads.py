"""Sources that people bring over the network: in pieces, or whole from a form.

A file never stands in memory. Each piece is on the disk before its arrival is noted, so that a
connection that broke, or a server that died, costs the one piece on its way.
"""

import hashlib
import os
import re
import secrets
import shutil
import unicodedata
from datetime import timedelta
from pathlib import Path, PureWindowsPath

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from review.errors import Conflict, Invalid, Missing, NotAllowed
from review.models import Dataset, Upload, User
from review.models.transfers import ImportStatus
from review.permissions import check_can_administer

PIECE_BYTES = 8 * 1024 * 1024
FOLDER = "uploads"
LONGEST_NAME = 120
# Of a file that nobody imports: time enough to mend a source, or to find a connection.
KEPT = timedelta(days=7)
_GIGABYTE = 2**30


def begin(*, dataset: Dataset, name: str, size: int, by: User) -> Upload:
    """Makes room for a file of `size` bytes; its pieces follow with `append`."""
    check_can_administer(by, dataset)
    name = _checked_name(name)
    _check_size(size)
    discard_old(dataset)
    # A folder for each, so that reports can name the file as its owner does.
    place = f"{FOLDER}/{secrets.token_hex(16)}/{name}"
    upload = Upload(dataset=dataset, by=by, name=name, size=size, file=place)
    upload.path().parent.mkdir(parents=True)
    upload.path().touch()
    upload.save()
    return upload


def append(*, upload: Upload, offset: int, piece: bytes | bytearray, by: User) -> Upload:
    """Adds the bytes that begin at `offset`, which must be the number of those received.

    The last piece finishes the upload: its checksum is taken. An empty piece at the end does the
    same, for when the answer to the last one was lost. Raises `Conflict` where the record has
    another offset than the caller.
    """
    if upload.by_id != by.pk:
        raise NotAllowed("Only who began an upload goes on with it. Upload the file yourself.")
    _write(upload, offset, piece)
    upload.refresh_from_db()
    if upload.received == upload.size and not upload.is_whole():
        _finish(upload, _checksum(upload))
    return upload


def store(*, dataset: Dataset, file: File, by: User) -> Upload:
    """Takes a file that came whole, as from a form without JavaScript."""
    upload = begin(dataset=dataset, name=file.name or "", size=file.size, by=by)
    digest = hashlib.sha256()
    with upload.path().open("wb") as target:
        for piece in file.chunks():
            digest.update(piece)
            target.write(piece)
        _to_disk(target.fileno())
    _finish(upload, digest.hexdigest())
    return upload


def upload_of(dataset: Dataset, pk: int) -> Upload:
    found = dataset.uploads.filter(pk=pk).first()
    if found is None:
        raise Missing(f"There is no upload {pk} in {dataset.slug}. Upload the file again.")
    return found


def discard_old(dataset: Dataset) -> None:
    """Throws away files that are no longer needed; what is known of them stays."""
    old = dataset.uploads.exclude(file="").filter(created__lt=timezone.now() - KEPT)
    waiting = [ImportStatus.WAITING, ImportStatus.RUNNING]
    for upload in old.exclude(imports__status__in=waiting):
        shutil.rmtree(upload.path().parent, ignore_errors=True)
        Upload.objects.filter(pk=upload.pk).update(file="")


def _write(upload: Upload, offset: int, piece: bytes | bytearray) -> None:
    with transaction.atomic():
        # The row is locked while the disk is written: a piece that is sent again and its slower
        # elder, whose connection broke, take turns.
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        if offset != row.received:
            raise Conflict(f"{row.received} bytes were received so far: go on from there.")
        if offset + len(piece) > row.size:
            raise Invalid(
                f"The upload has {row.size:,} bytes as announced, this piece goes beyond. "
                "Begin a new one."
            )
        if piece:
            _write_at(row.path(), offset, piece)
            row.received = offset + len(piece)
            row.save(update_fields=["received"])


def _write_at(path: Path, offset: int, piece: bytes | bytearray) -> None:
    try:
        with path.open("r+b") as target:
            target.seek(offset)
            target.write(piece)
            _to_disk(target.fileno())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise Conflict("The first part of this upload is gone. Upload the file again.") from None


def _to_disk(file_number: int) -> None:
    os.fsync(file_number)


def _checksum(upload: Upload) -> str:
    try:
        with upload.path().open("rb") as file:
            found = os.fstat(file.fileno()).st_size
            if found == upload.size:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        found = 0
    raise Conflict(f"Of {upload.size:,} bytes {found:,} lie on the disk. Upload the file again.")


def _finish(upload: Upload, sha256: str) -> None:
    upload.received, upload.sha256, upload.finished = upload.size, sha256, timezone.now()
    upload.save(update_fields=["received", "sha256", "finished"])


def _checked_name(name: str) -> str:
    """The last part of a name, without what a file system, a log or a page might stumble over."""
    last = PureWindowsPath(name).name
    plain = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable())
    plain = re.sub(r"[^\w.() -]", "-", plain).strip(" .-")
    if not plain:
        raise Invalid("The file has no name. Name it as in dialogues.jsonl.", field="name")
    return _shortened(plain)


def _shortened(name: str) -> str:
    """At most `LONGEST_NAME` bytes; the end stays, since it tells the type."""
    while len(name.encode()) > LONGEST_NAME:
        name = name[1:]
    return name


def _check_size(size: int) -> None:
    most = settings.UPLOAD_MOST_GB * _GIGABYTE
    if size <= 0:
        raise Invalid("The file is empty. Choose another one.", field="size")
    if size > most:
        raise Invalid(
            f"The file has {_in_gigabytes(size)}, the most is {_in_gigabytes(most)}. "
            "Split it, or import it on the server.",
            field="size",
        )
    free = shutil.disk_usage(root()).free
    if size > free:
        raise Invalid(
            f"The file has {_in_gigabytes(size)}, the server's disk has {_in_gigabytes(free)} "
            "left. Ask its operator for room.",
            field="size",
        )


def root() -> Path:
    """The folder of all uploads."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _in_gigabytes(size: int) -> str:
    return f"{size / _GIGABYTE:,.1f} GB"
