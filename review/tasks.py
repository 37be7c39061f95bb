"""Tasks of Celery: each takes ids, may run twice, and calls functions that know nothing of it."""

import logging
from pathlib import Path

from celery import shared_task

from review.errors import Missing, ReviewError
from review.importing.engine import Busy, import_dialogues
from review.importing.journal import fail
from review.importing.options import Options
from review.models import Import
from review.publishing import SafelySent

logger = logging.getLogger(__name__)


@shared_task(base=SafelySent)
def run_import(import_id: int) -> None:
    """Runs an import, or goes on with it where its worker died.

    One that must wait for another of its dataset stays as it is: the sweep brings it back.
    """
    record = Import.objects.unfinished().select_related("dataset", "upload", "by")
    found = record.filter(pk=import_id).first()
    if found is None:
        return
    try:
        _run(found)
    except Busy:
        logger.info("import %s waits for another of its dataset", import_id)
    except (ReviewError, OSError) as error:
        # It stands in the record, where whoever asked for the import reads it.
        logger.info("import %s could not be done: %s", import_id, error)


def _run(record: Import) -> None:
    if record.upload is None or not record.upload.file:
        gone = Missing(f"{record.source} is no longer here. Upload it again.")
        fail(record, gone)
        raise gone
    options = Options.of(record.options)
    import_dialogues(
        dataset=record.dataset.slug,
        path=record.upload.path(),
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
