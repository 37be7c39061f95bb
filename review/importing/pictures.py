"""Images of a batch: their files found and opened on all cores, then their rows written."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.db.models import Q

from review import pictures
from review.importing.records import CleanImage
from review.importing.sources import FileMissing, Folder, Source
from review.models import Dataset, Image
from review.pictures import Kept, PictureRefused

ENDINGS = ["", ".jpg", ".jpeg", ".png", ".webp", ".gif", ".JPG", ".PNG"]


@dataclass(slots=True)
class Staged:
    """An image ready to be written: `kept` its file, or why there is none."""

    clean: CleanImage
    before: Image | None
    kept: Kept | None = None
    refused: str = ""
    missing: str = ""

    @property
    def id(self) -> str:
        return self.clean.record.id

    def fault(self) -> str:
        return self.refused or self.missing

    def is_changed(self) -> bool:
        """Whether the corpus would not be the same with this image as it is without."""
        if self.before is None:
            return True
        now = self.as_row(0)
        return any(getattr(now, name) != getattr(self.before, name) for name in _COMPARED)

    def as_row(self, version: int) -> Image:
        """The row to write. A file that is there already outlives one that cannot be read."""
        row = Image(external_id=self.id, added_version=version, **self._described())
        if self.kept is not None:
            row.file.name = self.kept.name
            row.sha256, row.media_type = self.kept.sha256, self.kept.media_type
            row.width, row.height = self.kept.width, self.kept.height
        elif self.before is not None and self.before.has_file():
            for name in _FILE:
                setattr(row, name, getattr(self.before, name))
        else:
            row.refused = self.fault()
        return row

    def _described(self) -> dict[str, object]:
        clean = self.clean
        return {"caption": clean.caption, "url": clean.url, "metadata": clean.metadata}


_FILE = ["file", "sha256", "media_type", "width", "height"]
_COMPARED = ["caption", "url", "metadata", "sha256", "refused"]


class Finder:
    """Finds an image's file: in the source, then in the folder given for images."""

    def __init__(self, source: Source, folder: Path | None) -> None:
        self.source = source
        self.folder = Folder(folder) if folder else None

    def content(self, image: CleanImage) -> bytes | None:
        """The bytes of its file; None for an image that names none. Raises as `Source.content`."""
        try:
            return self.source.content(image.file) if image.file else self._by_id(image)
        except FileMissing:
            named = self._named(image.file)
            if named is None:
                raise
            return named

    def _by_id(self, image: CleanImage) -> bytes | None:
        return self._first(f"{image.record.id}{ending}" for ending in ENDINGS)

    def _named(self, file: str) -> bytes | None:
        return self._first([file, PurePosixPath(file).name])

    def _first(self, paths: Iterable[str]) -> bytes | None:
        if self.folder is None:
            return None
        found = next((path for path in paths if self.folder.has(path)), None)
        return None if found is None else self.folder.content(found)


class PictureStage:
    """Opens the files of images, several at a time. Pillow works outside Python's lock."""

    def __init__(self, dataset: Dataset, finder: Finder, *, dry_run: bool) -> None:
        self.dataset = dataset
        self.finder = finder
        self.take: Callable[..., Kept] = pictures.examine if dry_run else pictures.keep
        self.workers = max(2, os.cpu_count() or 2)

    def stage(self, images: Sequence[CleanImage], *, implied: bool = False) -> Iterator[Staged]:
        """The images with their files; implied ones that are there are left as they are."""
        if not images:
            return
        before = self._before(images)
        staged = [Staged(image, before.get(image.record.id)) for image in images]
        if implied:
            staged = [entry for entry in staged if entry.before is None or self._may_add(entry)]
        with ThreadPoolExecutor(self.workers) as pool:
            # In portions, so that no more than a few files wait in memory.
            for start in range(0, len(staged), self.workers * 2):
                yield from pool.map(self._open, staged[start : start + self.workers * 2])

    def _may_add(self, entry: Staged) -> bool:
        """Whether this import may bring the file of an image that was declared without one."""
        if entry.before is None or entry.before.has_file() or self.finder.folder is None:
            return False
        # All but the file stays as the first import said it.
        entry.clean.caption, entry.clean.url = entry.before.caption, entry.before.url
        entry.clean.metadata = entry.before.metadata
        return True

    def _before(self, images: Sequence[CleanImage]) -> dict[str, Image]:
        ids = [image.record.id for image in images]
        if self.dataset.pk is None:
            return {}
        return {row.external_id: row for row in self.dataset.images.current().named(ids)}

    def _open(self, entry: Staged) -> Staged:
        try:
            content = self.finder.content(entry.clean)
            if content is not None:
                entry.kept = self._kept(entry, content)
        except PictureRefused as error:
            entry.refused = str(error)
        except FileMissing as error:
            entry.missing = str(error)
        return entry

    def _kept(self, entry: Staged, content: bytes) -> Kept:
        sha256, before = pictures.checksum(content), entry.before
        if before is not None and before.sha256 == sha256 and before.has_file():
            # Opened by an earlier import: the same bytes are the same picture.
            return Kept(
                sha256,
                before.file.name or "",
                before.media_type,
                before.width or 0,
                before.height or 0,
            )
        return self.take(content, sha256=sha256)


def write_images(dataset: Dataset, staged: Sequence[Staged]) -> None:
    """Writes images as part of the next version of the corpus; earlier versions keep theirs."""
    version = dataset.corpus_version + 1
    replaced = [entry.before.pk for entry in staged if entry.before is not None]
    rows = Image.objects.filter(pk__in=replaced)
    # A row that no version has published yet was written by an import that did not end.
    rows.filter(added_version=version).delete()
    rows.filter(added_version__lt=version).update(removed_version=version)
    new = [entry.as_row(version) for entry in staged]
    for row in new:
        row.dataset = dataset
    Image.objects.bulk_create(new, batch_size=1000)


def publish_corpus(dataset: Dataset) -> None:
    """Makes what imports have written since the last version the next version, if anything."""
    version = dataset.corpus_version + 1
    changed = Q(added_version=version) | Q(removed_version=version)
    if dataset.images.filter(changed).exists():
        dataset.corpus_version = version
        dataset.save(update_fields=["corpus_version"])
