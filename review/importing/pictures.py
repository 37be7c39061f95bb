"""Images of a batch: their files found and opened on all cores, then their rows written."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.db.models import Q

from review import fetching, pictures
from review.fetching import Fetcher, NotFetched
from review.importing.records import CleanImage
from review.importing.sources import FileMissing, Folder, Source
from review.models import Dataset, Image
from review.pictures import Kept, PictureRefused

ENDINGS = ["", ".jpg", ".jpeg", ".png", ".webp", ".gif", ".JPG", ".PNG"]


@dataclass(slots=True)
class Staged:
    """An image ready to be written: `kept` its file, or why there is none.

    `field` is where its file was looked for: `file`, or `url` where it was to be fetched.
    """

    clean: CleanImage
    before: Image | None
    kept: Kept | None = None
    refused: str = ""
    missing: str = ""
    field: str = "file"

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
            row.refused = self._lasting_fault()
        return row

    def _lasting_fault(self) -> str:
        """Why there is no file. A host that fails again in other words changes nothing."""
        before = self.before
        if self.field == "url" and self.missing and before is not None and before.refused:
            return before.refused if before.url == self.clean.url else self.missing
        return self.fault()

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
    """Opens the files of images, several at a time. Pillow works outside Python's lock.

    With `fetch_urls`, images without a file are fetched from their `url`; a dry run asks nobody.
    """

    def __init__(
        self, dataset: Dataset, finder: Finder, *, dry_run: bool, fetch_urls: bool = False
    ) -> None:
        self.dataset = dataset
        self.finder = finder
        self.fetcher = Fetcher() if fetch_urls else None
        self.dry_run = dry_run
        self.take: Callable[..., Kept] = pictures.examine if dry_run else pictures.keep
        cores = max(2, os.cpu_count() or 2)
        self.workers = max(cores, fetching.CONNECTIONS) if fetch_urls else cores

    def close(self) -> None:
        if self.fetcher is not None:
            self.fetcher.close()

    def stage(self, images: Sequence[CleanImage], *, implied: bool = False) -> Iterator[Staged]:
        """The images with their files, in order; implied ones that are there are left as is."""
        if not images:
            return
        before = self._before(images)
        staged = [Staged(image, before.get(image.record.id)) for image in images]
        if implied:
            staged = [entry for entry in staged if entry.before is None or self._may_add(entry)]
        with ThreadPoolExecutor(self.workers) as pool:
            yield from self._opened(pool, staged)

    def _opened(self, pool: ThreadPoolExecutor, staged: Iterable[Staged]) -> Iterator[Staged]:
        """A few ahead of who takes them, so that no more than these wait in memory."""
        ahead: deque[Future[Staged]] = deque()
        for entry in staged:
            ahead.append(pool.submit(self._open, entry))
            if len(ahead) > self.workers * 2:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _may_add(self, entry: Staged) -> bool:
        """Whether this import may bring the file of an image that was declared without one."""
        if entry.before is None or entry.before.has_file():
            return False
        if self.finder.folder is None and self.fetcher is None:
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
            content = self._content(entry)
            if content is not None:
                entry.kept = self._kept(entry, content)
        except PictureRefused as error:
            entry.refused = str(error)
        except (FileMissing, NotFetched) as error:
            entry.missing = str(error)
        return entry

    def _content(self, entry: Staged) -> bytes | None:
        """The bytes of its file, from where it lies or from its address; None without either."""
        by_address = self.fetcher is not None and entry.clean.url
        try:
            content = self.finder.content(entry.clean)
        except FileMissing:
            if not by_address:
                raise
            content = None
        return self._fetched(entry) if content is None and by_address else content

    def _fetched(self, entry: Staged) -> bytes | None:
        before, address = entry.before, entry.clean.url
        entry.field = "url"
        if before is not None and before.has_file() and before.url == address:
            # An earlier import fetched it, and nobody is asked twice.
            return None
        if self.dry_run or self.fetcher is None:
            fetching.checked_address(address)
            return None
        return self.fetcher.fetch(address)

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
