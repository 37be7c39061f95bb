"""The one engine of import: a stream of records in, batches written, a report out.

Each batch is one transaction, so that no record is ever half in. What an import has written is
known by its checksum: one that was killed is simply started again, and goes on where it stopped.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from django.db import connection, transaction
from django.utils import timezone

from review.errors import Invalid
from review.importing import checking, seen
from review.importing.dialogues import (
    DialogueTables,
    Sorted,
    refuse_decided,
    refuse_unknown_images,
    sort_batch,
)
from review.importing.formats import Format
from review.importing.pictures import (
    Finder,
    PictureStage,
    Staged,
    publish_corpus,
    write_images,
)
from review.importing.reading import slices
from review.importing.recognising import chosen_format
from review.importing.records import CleanImage, Kind, Problem, Record, Rejected
from review.importing.report import Progress, Report
from review.importing.sources import Source, opened
from review.models import Dataset, Import, ImportStatus, User
from review.models.datasets import SLUG
from review.permissions import check_can_administer

BATCH = 1000
# Any fixed number: with a dataset's key it names the lock under which one import at a time runs.
_LOCK = 0x5EC0


def import_dialogues(
    *,
    dataset: str,
    path: Path,
    format: str = "auto",
    images: Path | None = None,
    dry_run: bool = False,
    by: User | None = None,
    title: str = "",
    progress: Progress | None = None,
) -> Report:
    """Imports what lies at `path` into the dataset of that slug, which is made if there is none.

    `images` is a folder in which picture files are looked for that the source does not have.
    `by` must administer a dataset that exists; None for the operator on the command line.
    A dry run checks everything and writes nothing. Raises `ReviewError` where it cannot begin.
    """
    if images is not None and not images.is_dir():
        raise Invalid(f"{images} is no folder. Name the folder that holds the images.")
    with opened(path) as source:
        chosen = chosen_format(format, source)
        documents = chosen.documents(source)
        target = _dataset(dataset, title, by, dry_run=dry_run)
        with _alone(target), seen.seen_table():
            run = _Run(target, source, chosen, images, by, dry_run=dry_run, progress=progress)
            return run.take(documents)


def title_from(slug: str) -> str:
    """A title to begin with, in words."""
    return slug.replace("-", " ").strip().capitalize() or slug


def _dataset(slug: str, title: str, by: User | None, *, dry_run: bool) -> Dataset:
    found = Dataset.objects.filter(slug=slug).first()
    if found is not None:
        if by is not None:
            check_can_administer(by, found)
        return found
    if not re.match(SLUG.regex, slug) or len(slug) > 64:
        raise Invalid(
            f"“{slug}” cannot be a dataset's name: use up to 64 lower-case letters, digits and "
            "hyphens, such as street-scenes."
        )
    new = Dataset(slug=slug, title=title or title_from(slug))
    if dry_run:
        return new
    made, _ = Dataset.objects.get_or_create(slug=slug, defaults={"title": new.title})
    return made


@contextmanager
def _alone(dataset: Dataset) -> Iterator[None]:
    """One import of a dataset at a time; a second one waits, and then finds what the first wrote.

    The lock belongs to the connection: it ends with the process, however that ends.
    """
    if dataset.pk is None:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK, dataset.pk])
    try:
        dataset.refresh_from_db()
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, dataset.pk])


class _Run:
    """One import on its way."""

    def __init__(
        self,
        dataset: Dataset,
        source: Source,
        format: Format,
        images: Path | None,
        by: User | None,
        *,
        dry_run: bool,
        progress: Progress | None,
    ) -> None:
        self.dataset = dataset
        self.source = source
        self.format = format
        self.dry_run = dry_run
        self.progress: Progress = progress or (lambda report: None)
        self.report = Report()
        finder = Finder(source, images)
        self.looks_for_files = images is not None
        self.pictures = PictureStage(dataset, finder, dry_run=dry_run)
        self.entry = Import(dataset=dataset, source=source.name, format=format.name, by=by)

    def take(self, documents: list[str]) -> Report:
        if not self.dry_run:
            self.entry.save()
        tables = None if self.dry_run else DialogueTables(self.dataset, self.entry)
        for document in documents:
            for batch in self._batches(document):
                self._take_batch(batch, tables)
                self.progress(self.report)
        self._finish()
        return self.report

    def _finish(self) -> None:
        self.report.finish()
        if self.dry_run:
            return
        with transaction.atomic():
            publish_corpus(self.dataset)
            self.entry.finished = timezone.now()
            self.entry.status = ImportStatus.DONE
            self.entry.report = self.report.as_json()
            self.entry.save(update_fields=["finished", "report", "status"])

    def _batches(self, document: str) -> Iterator[list[Record]]:
        with self.source.open(document) as stream:
            records = self._records(document, stream)
            while batch := list(islice(records, BATCH)):
                yield batch

    def _records(self, document: str, stream: IO[bytes]) -> Iterator[Record]:
        """The records of a document that have an id; the others are rejected here."""
        kind = self.format.kind(document)
        for found in slices(stream, document):
            place = Record(kind, {}, document, found.line)
            try:
                for record in self.format.records(document, found):
                    place = record
                    for named in (record, *record.implied):
                        named.id = checking.checked_id(named)
                    yield record
            except Rejected as error:
                self.report.reject(kind, place.problem(error))

    def _take_batch(self, batch: list[Record], tables: DialogueTables | None) -> None:
        self._take_images([record for record in batch if record.kind == Kind.IMAGE])
        self._take_dialogues([r for r in batch if r.kind == Kind.DIALOGUE], tables)

    def _take_images(self, records: list[Record]) -> None:
        staged = list(self._watched(self.pictures.stage(self._clean_images(records))))
        for entry in staged:
            self._count_image(entry)
        self._write_images(staged)

    def _clean_images(self, records: list[Record]) -> list[CleanImage]:
        """The images that keep the rules. Of two with one id the first is kept."""
        sound: dict[int, CleanImage] = {}
        for record in records:
            try:
                checking.content_hash(record)
                sound[id(record)] = checking.checked_image(record)
            except Rejected as error:
                self.report.reject(Kind.IMAGE, record.problem(error))
        firsts, repeats = seen.first_of_each(Kind.IMAGE, [c.record for c in sound.values()])
        for repeat, why in repeats:
            self.report.reject(Kind.IMAGE, repeat.problem(why))
        return [sound[id(record)] for record in firsts]

    def _watched(self, staged: Iterator[Staged]) -> Iterator[Staged]:
        for entry in staged:
            self.report.images_seen += 1
            if self.report.images_seen % 50 == 0:
                self.progress(self.report)
            yield entry

    def _count_image(self, entry: Staged, *, may_be_missing: bool = False) -> None:
        record, fault = entry.clean.record, entry.fault()
        problem = Problem(record.file, record.line, record.id, "file", fault)
        if entry.refused:
            self.report.reject(Kind.IMAGE, problem)
        elif entry.missing and not may_be_missing:
            self.report.miss(problem)
        elif entry.is_changed():
            self.report.images.created += 1

    def _write_images(self, staged: Sequence[Staged]) -> None:
        changed = [entry for entry in staged if entry.is_changed()]
        if changed and not self.dry_run:
            with _batch_transaction():
                write_images(self.dataset, changed)

    def _take_dialogues(self, records: list[Record], tables: DialogueTables | None) -> None:
        if not records:
            return
        batch = sort_batch(self.dataset, records)
        implied = self._implied(batch)
        with _batch_transaction():
            refuse_unknown_images(self.dataset, batch)
            refuse_decided(batch)
            kept = {image.id for record in batch.taken() for image in record.implied}
            implied = [entry for entry in implied if entry.id in kept]
            self._write_images(implied)
            if tables is not None:
                tables.create(batch.new)
                tables.update(batch.changed)
        self._count(batch, implied)

    def _implied(self, batch: Sorted) -> list[Staged]:
        """The images that the dialogues of a batch imply, each once in an import."""
        records = [image for record in batch.taken() for image in record.implied]
        if not records:
            return []
        firsts, _ = seen.first_of_each(Kind.IMAGE, records)
        clean = [checking.checked_image(record) for record in firsts]
        return list(self._watched(self.pictures.stage(clean, implied=True)))

    def _count(self, batch: Sorted, implied: Sequence[Staged]) -> None:
        for entry in implied:
            self._count_image(entry, may_be_missing=not self.looks_for_files)
        counts = self.report.dialogues
        counts.created += len(batch.new)
        counts.updated += len(batch.changed)
        counts.unchanged += len(batch.unchanged)
        for record, error in batch.refused:
            self.report.reject(Kind.DIALOGUE, record.problem(error))


@contextmanager
def _batch_transaction() -> Iterator[None]:
    """All of a batch or nothing. It need not wait for the disk: what a power cut takes away is
    missing as a whole, and the next import of the same source brings it back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        yield
