"""Imports that wait for a worker, and those that nobody will go on with."""

from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from review.errors import Missing
from review.importing.engine import LOCK, import_dialogues
from review.importing.journal import STOPPED, fail
from review.importing.options import Options
from review.importing.report import Report
from review.models import Dataset, Import, ImportStatus

# A worker at work gives a sign of life every second or so; one batch may take a few.
SILENT = timedelta(seconds=15)


def work_on(record: Import) -> Report:
    """Does an import that a door wrote down. Raises `ReviewError`, with the record marked so, or
    `Busy`, with the record as it was."""
    options = Options.of(record.options)
    try:
        path = _path(record)
    except Missing as error:
        fail(record, error)
        raise
    return import_dialogues(
        dataset=record.dataset.slug,
        path=path,
        format=options.format,
        images=Path(options.images) if options.images else None,
        dry_run=options.dry_run,
        by=record.by,
        replace=options.replace,
        append_candidates=options.append_candidates,
        fetch_urls=options.fetch_urls,
        record=record,
        wait=False,
    )


def _path(record: Import) -> Path:
    upload = record.upload
    if upload is None or not upload.file:
        raise Missing(f"{record.source} was thrown away after a while. Upload it again.")
    return upload.path()


def left_to_workers() -> list[int]:
    """Imports of uploads that no worker has shown life of for a while, the oldest first."""
    silent = Q(pulse=None) | Q(pulse__lt=timezone.now() - SILENT)
    rows = Import.objects.unfinished().filter(silent, upload__isnull=False).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def end_abandoned() -> None:
    """Marks as failed what commands left behind: no worker can read what lies on their machine.

    The same command goes on from there all the same.
    """
    silent = Import.objects.filter(status=ImportStatus.RUNNING, upload=None)
    for entry in silent.filter(pulse__lt=timezone.now() - SILENT).select_related("dataset"):
        if not _is_at_work(entry.dataset):
            fail(entry, Missing(STOPPED))


def _is_at_work(dataset: Dataset) -> bool:
    """Whether anybody holds the lock under which the dataset's imports run."""
    held = """
        SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid = %s AND objid = %s)
    """
    with connection.cursor() as cursor:
        cursor.execute(held, [LOCK, dataset.pk])
        (found,) = cursor.fetchone()
    return bool(found)
