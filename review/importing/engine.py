"""The one engine of import: a stream of records in, batches written, a report out.

Each batch is one transaction together with the place behind it in the source, so that no record is
ever half in: an import that was killed goes on where it stopped, as if nothing had happened.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from review.errors import Conflict, Invalid
from review.fetching import check_can_fetch
from review.importing import again, checking, seen
from review.importing.batches import Batch, ahead, batches
from review.importing.dialogues import (
    DialogueTables,
    Sorted,
    refuse_unknown_images,
    sort_batch,
)
from review.importing.formats import Format
from review.importing.journal import Journal, fail, opened_journal
from review.importing.options import Options
from review.importing.pictures import (
    Finder,
    PictureStage,
    Staged,
    publish_corpus,
    write_images,
)
from review.importing.recognising import chosen_format
from review.importing.records import CleanImage, Kind, Problem, Record, Rejected
from review.importing.report import Progress, Report
from review.importing.sources import Source, opened
from review.importing.updates import append, refuse_decided, sort_appending, update
from review.models import Dataset, Import, User
from review.models.datasets import SLUG
from review.permissions import check_can_administer

# Any fixed number: with a dataset's key it names the lock under which one import at a time runs.
LOCK = 0x5EC0
# So many new dialogues change what PostgreSQL should know of its tables.
MANY = 1000


class Busy(Conflict):
    """Another import of the dataset is at work."""


def import_dialogues(
    *,
    dataset: str,
    path: Path,
    format: str = "auto",
    images: Path | None = None,
    dry_run: bool = False,
    by: User | None = None,
    title: str = "",
    replace: bool = False,
    append_candidates: bool = False,
    fetch_urls: bool = False,
    progress: Progress | None = None,
    record: Import | None = None,
    wait: bool = True,
) -> Report:
    """Imports what lies at `path` into the dataset of that slug, which is made if there is none.

    `images` is a folder in which picture files are looked for that the source does not have.
    `by` must administer a dataset that exists; None for the operator on the command line.
    A dry run checks everything and writes nothing. `replace` and `append_candidates` as in
    `Options`. `record` is what a door wrote down before; how far the import came is kept in it, and
    an import that was killed goes on from there. Without `wait` raises `Busy` where another import
    of the dataset is at work. Raises `ReviewError` where it cannot begin or go on.
    """
    options = Options(format, str(images or ""), replace, append_candidates, fetch_urls, dry_run)
    try:
        _check(options, by)
        with opened(path) as source:
            asked = _Asked(dataset, title, by, options, record, progress, wait)
            return _import(source, asked)
    except Busy:
        raise
    except Exception as error:
        if record is not None:
            fail(record, error)
        raise


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody asked for, besides the source."""

    slug: str
    title: str
    by: User | None
    options: Options
    record: Import | None
    progress: Progress | None
    wait: bool


def _check(options: Options, by: User | None) -> None:
    if options.fetch_urls:
        check_can_fetch(by)
    if options.images and not Path(options.images).is_dir():
        raise Invalid(f"{options.images} is no folder. Name the folder that holds the images.")
    if options.replace and options.append_candidates:
        raise Invalid("Either replace what is there or append candidates to it, not both.")


def _import(source: Source, asked: _Asked) -> Report:
    format = chosen_format(asked.options.format, source)
    documents = format.documents(source)
    checksum = source.checksum(documents)
    dataset = _dataset(asked.slug, asked.title, asked.by, dry_run=asked.options.dry_run)
    with _alone(dataset, wait=asked.wait), seen.seen_table():
        journal = opened_journal(
            record=asked.record,
            dataset=dataset,
            source=source.name,
            format=format.name,
            checksum=checksum,
            options=asked.options,
            by=asked.by,
        )
        if journal.is_over():
            return journal.report
        with journal.failing(taken_up_by_others=asked.record is not None):
            run = _Run(dataset, source, format, asked.options, journal, asked.progress)
            before = again.has_come_before(
                dataset, source, documents, asked.options, checksum, format.name
            )
            with closing(run.pictures):
                return run.take_nothing(documents, before) if before else run.take(documents)


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
def _alone(dataset: Dataset, *, wait: bool) -> Iterator[None]:
    """One import of a dataset at a time; a second one waits, and then finds what the first wrote.

    The lock belongs to the connection: it ends with the process, however that ends.
    """
    if dataset.pk is None:
        yield
        return
    _lock(dataset, wait=wait)
    try:
        dataset.refresh_from_db()
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, dataset.pk])


def _lock(dataset: Dataset, *, wait: bool) -> None:
    name = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s, %s)", [LOCK, dataset.pk])
        (taken,) = cursor.fetchone()
    if taken is False:
        raise Busy("Another import of this dataset is at work. This one begins when it has ended.")


class _Run:
    """One import on its way."""

    def __init__(
        self,
        dataset: Dataset,
        source: Source,
        format: Format,
        options: Options,
        journal: Journal,
        progress: Progress | None,
    ) -> None:
        self.dataset = dataset
        self.source = source
        self.format = format
        self.options = options
        self.journal = journal
        self.report = journal.report
        self.progress: Progress = progress or (lambda report: None)
        finder = Finder(source, Path(options.images) if options.images else None)
        self.looks_for_files = bool(options.images)
        self.pictures = PictureStage(
            dataset, finder, dry_run=options.dry_run, fetch_urls=options.fetch_urls
        )
        entry = None if options.dry_run else journal.entry
        self.tables = DialogueTables(dataset, entry) if entry else None

    def take(self, documents: list[str]) -> Report:
        self.report.bytes_total = sum(map(self.source.size, documents))
        for batch in ahead(batches(self.source, self.format, documents, self.journal.start)):
            if batch.is_behind:
                self._remember(batch)
            else:
                self._take_batch(batch)
                self.progress(self.report)
        self._finish(documents)
        return self.report

    def take_nothing(self, documents: list[str], before: Import) -> Report:
        """What take() would come to, where `before` brought all of it and nothing has changed."""
        self.report.bytes_total = sum(map(self.source.size, documents))
        again.count_unchanged(self.report, before)
        self._finish(documents)
        return self.report

    def _finish(self, documents: list[str]) -> None:
        self.report.finish()
        with transaction.atomic():
            if not self.options.dry_run:
                publish_corpus(self.dataset)
            state = again.state_after(
                self.dataset, self.source, documents, self.options, self.report
            )
            self.journal.end(state)
        self.journal.clear()
        if self.report.dialogues.created >= MANY and not self.options.dry_run:
            _count_anew()

    def _remember(self, batch: Batch) -> None:
        """Enters the ids of a batch that an earlier process wrote, so that repeats are known."""
        images = [r for r in batch.records if r.kind == Kind.IMAGE]
        seen.first_of_each(Kind.IMAGE, [c.record for c in _sound(images)[0]])
        dialogues = [r for r in batch.records if r.kind == Kind.DIALOGUE]
        seen.first_of_each(Kind.DIALOGUE, dialogues)
        implied = [image for record in dialogues for image in record.implied]
        there = self._in_corpus(implied)
        seen.new_of(Kind.IMAGE, [image for image in implied if image.id in there])

    def _in_corpus(self, images: Sequence[Record]) -> set[str]:
        if not images:
            return set()
        rows = self.dataset.images.current().named(image.id for image in images)
        return set(rows.values_list("external_id", flat=True))

    def _take_batch(self, batch: Batch) -> None:
        """All of a batch, with the place behind it, in one transaction."""
        for kind, problem in batch.unreadable:
            self.report.reject(kind, problem)
        images = self._staged([r for r in batch.records if r.kind == Kind.IMAGE])
        sorted_batch = sort_batch(
            self.dataset,
            [r for r in batch.records if r.kind == Kind.DIALOGUE],
            append_candidates=self.options.append_candidates,
        )
        implied = self._implied(sorted_batch)
        with _batch_transaction():
            self._write_images(images)
            self._write_dialogues(sorted_batch, implied)
            self.report.bytes_read = batch.bytes_read
            self.journal.note_batch(batch.place)

    def _staged(self, records: list[Record]) -> list[Staged]:
        """The images of a batch, opened and counted."""
        sound, refused = _sound(records)
        for record, error in refused:
            self.report.reject(Kind.IMAGE, record.problem(error))
        firsts, repeats = seen.first_of_each(Kind.IMAGE, [c.record for c in sound])
        for repeat, why in repeats:
            self.report.reject(Kind.IMAGE, repeat.problem(why))
        first = set(map(id, firsts))
        clean = [image for image in sound if id(image.record) in first]
        staged = list(self._watched(self.pictures.stage(clean)))
        for entry in staged:
            self._count_image(entry)
        return staged

    def _watched(self, staged: Iterator[Staged]) -> Iterator[Staged]:
        for entry in staged:
            self.report.images_seen += 1
            if self.report.images_seen % 50 == 0:
                self.progress(self.report)
                self.journal.show_life()
            yield entry

    def _count_image(self, entry: Staged, *, may_be_missing: bool = False) -> None:
        record, fault = entry.clean.record, entry.fault()
        problem = Problem(record.file, record.line, record.id, entry.field, fault, record.raw)
        if entry.refused:
            self.report.reject(Kind.IMAGE, problem)
        elif entry.missing and not (may_be_missing and entry.field == "file"):
            self.report.miss(problem)
        elif entry.is_changed():
            self.report.images.created += 1

    def _write_images(self, staged: Sequence[Staged]) -> None:
        changed = [entry for entry in staged if entry.is_changed()]
        if changed and not self.options.dry_run:
            write_images(self.dataset, changed)

    def _write_dialogues(self, batch: Sorted, implied: Sequence[Staged]) -> None:
        refuse_unknown_images(self.dataset, batch)
        refuse_decided(batch, replace=self.options.replace)
        sort_appending(batch)
        kept = {image.id for record in batch.taken() for image in record.implied}
        # Another dialogue may bring the images of one that was refused.
        seen.forget(Kind.IMAGE, [entry.id for entry in implied if entry.id not in kept])
        implied = [entry for entry in implied if entry.id in kept]
        self._write_images(implied)
        if self.tables is not None:
            self.tables.create(batch.new)
            update(batch.changed, self.tables.imported_by)
            append(batch.appending)
        self._count(batch, implied)

    def _implied(self, batch: Sorted) -> list[Staged]:
        """The images that the dialogues of a batch imply, each once in an import."""
        records = [image for record in batch.taken() for image in record.implied]
        clean = [checking.checked_image(record) for record in seen.new_of(Kind.IMAGE, records)]
        return list(self._watched(self.pictures.stage(clean, implied=True)))

    def _count(self, batch: Sorted, implied: Sequence[Staged]) -> None:
        for entry in implied:
            self._count_image(entry, may_be_missing=not self.looks_for_files)
        counts = self.report.dialogues
        counts.created += len(batch.new)
        counts.updated += len(batch.changed) + len(batch.appending)
        counts.unchanged += len(batch.unchanged)
        if self.options.dry_run:
            for dialogue in batch.wanted():
                self.report.show(dialogue)
        for record, error in batch.refused:
            self.report.reject(Kind.DIALOGUE, record.problem(error))


def _sound(records: Sequence[Record]) -> tuple[list[CleanImage], list[tuple[Record, Rejected]]]:
    """The images that keep the rules, and the others."""
    sound: list[CleanImage] = []
    refused: list[tuple[Record, Rejected]] = []
    for record in records:
        try:
            checking.content_hash(record)
            sound.append(checking.checked_image(record))
        except Rejected as error:
            refused.append((record, error))
    return sound, refused


@contextmanager
def _batch_transaction() -> Iterator[None]:
    """All of a batch or nothing. It need not wait for the disk: what a power cut takes away is
    missing as a whole, and the next import of the same source brings it back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        yield


def _count_anew() -> None:
    """Tells PostgreSQL of the rows that came: the queue's first questions would not wait for it to
    find out by itself."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE review_dialogue, review_candidate, review_image")
