"""The record of an import while it is on its way: how far it came, so that it can go on.

How far, and the counts so far, are written in the transaction of each batch: whenever a process is
killed, the record tells exactly which batches are in.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from review.errors import Invalid, ReviewError
from review.importing.batches import Place
from review.importing.options import Options
from review.importing.problems import ProblemsInStorage
from review.importing.report import Report
from review.models import Dataset, Import, ImportStatus, User

logger = logging.getLogger(__name__)
# How often what is shown while it works is brought up to date.
PULSE_SECONDS = 1.0
# Where so many processes died at the same place, the next would too.
MOST_ATTEMPTS = 5
STOPPED = "It was stopped. Import the same source again: it goes on where it stopped."


class Journal:
    """An import's record, or nothing but its report for a dry run that has none."""

    def __init__(self, entry: Import | None, report: Report, start: Place, batches: int) -> None:
        self.entry = entry
        self.report = report
        self.start = start
        self.batches = batches
        self._shown = 0.0

    def is_over(self) -> bool:
        """Whether another process has ended this import meanwhile."""
        return self.entry is not None and self.entry.status == ImportStatus.DONE

    def note_batch(self, place: Place) -> None:
        """Writes down that all before `place` is in. Within the transaction of the batch."""
        self.report.kept.keep(self.batches)
        self.batches += 1
        if self.entry is None:
            return
        self.entry.counts = self.report.as_counts()
        if not Options.of(self.entry.options).dry_run:
            self.entry.position = self._position(place)
        self.entry.pulse = timezone.now()
        self.entry.save(update_fields=["position", "counts", "pulse"])
        self._shown = time.monotonic()

    def _position(self, place: Place) -> dict[str, Any]:
        kept = self.report.kept
        parts = kept.parts if isinstance(kept, ProblemsInStorage) else []
        counts = self.report.as_counts()
        return {**asdict(place), "batches": self.batches, "parts": parts, "counts": counts}

    def show_life(self) -> None:
        """Brings what a page shows up to date, from time to time. Outside of transactions."""
        if self.entry is None or time.monotonic() - self._shown < PULSE_SECONDS:
            return
        self._shown = time.monotonic()
        Import.objects.filter(pk=self.entry.pk).update(
            counts=self.report.as_counts(), pulse=timezone.now()
        )

    def end(self, state: dict[str, Any]) -> None:
        """Writes down that all is in, and the dataset's `state`: see `review.importing.again`.

        Within a transaction; `clear` follows it.
        """
        if self.entry is None:
            return
        self.entry.rejected = self.report.kept.finish()
        self.entry.status, self.entry.finished = ImportStatus.DONE, timezone.now()
        self.entry.report, self.entry.counts = self.report.as_json(), self.report.as_counts()
        self.entry.position = state
        self.entry.pulse = self.entry.finished
        self.entry.save()

    def clear(self) -> None:
        if isinstance(self.report.kept, ProblemsInStorage):
            self.report.kept.forget_parts()

    @contextmanager
    def failing(self, *, taken_up_by_others: bool) -> Iterator[None]:
        """Writes down why the import could not go on, if it cannot.

        What a worker leaves when it is told to end is taken up by another.
        """
        try:
            yield
        except Exception as error:
            if self.entry is not None:
                fail(self.entry, error)
            raise
        except BaseException:
            if self.entry is not None and not taken_up_by_others:
                fail(self.entry, Invalid(STOPPED))
            raise


def fail(entry: Import, error: Exception) -> None:
    """Marks an import as failed, with a sentence for who asked for it."""
    if not isinstance(error, (ReviewError, OSError)):
        logger.exception("import %s failed", entry.pk, exc_info=error)
    with suppress(DatabaseError):
        Import.objects.filter(pk=entry.pk).exclude(status=ImportStatus.DONE).update(
            status=ImportStatus.FAILED, failure=_in_words(error), finished=timezone.now()
        )


def _in_words(error: Exception) -> str:
    if isinstance(error, ReviewError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'The source'}: {error.strerror or error}."
    return (
        f"It stopped by a fault of ours ({type(error).__name__}): the server's log tells more. "
        "What was imported until then is in: the same source again goes on from there."
    )


def opened_journal(
    *,
    record: Import | None,
    dataset: Dataset,
    source: str,
    format: str,
    checksum: str,
    options: Options,
    by: User | None,
) -> Journal:
    """The record to write into: the one given, one that was killed, or a new one."""
    if record is None and options.dry_run:
        return Journal(None, Report(format=format), Place(), 0)
    entry = record or _left_behind(dataset, source, format, checksum, options)
    entry = entry or Import(dataset=dataset, source=source, by=by)
    if entry.pk:
        entry.refresh_from_db()
    if entry.status == ImportStatus.DONE:
        return Journal(entry, _finished_report(entry), Place(), 0)
    if entry.checksum != checksum or entry.format != format:
        entry.position = {}
    entry.format, entry.checksum, entry.options = format, checksum, options.as_json()
    _begin(entry)
    return _resumed(entry)


def _finished_report(entry: Import) -> Report:
    parts = ProblemsInStorage(_folder(entry), [])
    parts.name = entry.rejected
    report = Report.resumed(entry.counts, parts)
    report.finish()
    return report


def _begin(entry: Import) -> None:
    attempts = entry.position.get("attempts", 0) + 1
    if attempts > MOST_ATTEMPTS:
        raise Invalid(
            f"{entry.source} was given up: {MOST_ATTEMPTS} processes in a row died at the same "
            "place. The log of the server may tell why; the source may be too big for its memory."
        )
    entry.position = {**entry.position, "attempts": attempts}
    entry.status, entry.failure, entry.finished = ImportStatus.RUNNING, "", None
    entry.pulse = timezone.now()
    entry.save()


def _resumed(entry: Import) -> Journal:
    position = entry.position
    kept = ProblemsInStorage(_folder(entry), position.get("parts", []))
    report = Report.resumed(position.get("counts", {}), kept)
    report.format = entry.format
    start = Place(position.get("document", 0), position.get("slices", 0))
    return Journal(entry, report, start, position.get("batches", 0))


def _folder(entry: Import) -> str:
    return f"imports/{entry.pk}"


def _left_behind(
    dataset: Dataset, source: str, format: str, checksum: str, options: Options
) -> Import | None:
    """The last import of the dataset, where it is this very one and did not end.

    The caller holds the dataset's lock: nobody is at work on it.
    """
    last = dataset.imports.exclude(options__dry_run=True).first()
    if last is None or last.upload_id or last.status == ImportStatus.DONE:
        return None
    same = (last.source, last.format, last.checksum, last.options) == (
        source,
        format,
        checksum,
        options.as_json(),
    )
    return last if same else None
