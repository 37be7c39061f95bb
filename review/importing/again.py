"""The same source once more: where neither it nor the dataset has changed, nothing is to be done.

An import that brought in everything leaves a *state*: a sum over what the dataset holds. Where the
same source comes with the same options and the state is still the same, every record of it would
be found unchanged, and so it is said without reading it again.
"""

from typing import Any

from django.db import connection

from review.importing.options import Options
from review.importing.report import Report
from review.importing.sources import Source
from review.models import Dataset, Import, ImportStatus

# A row of the corpus is never changed by an import, but replaced by another.
_STATE = """
    SELECT
        (SELECT ARRAY[count(*), sum(hashtextextended(external_id || ' ' || content_hash, 0))]
            FROM review_dialogue WHERE dataset_id = %(dataset)s)::text,
        (SELECT ARRAY[count(*), sum(id)]
            FROM review_image WHERE dataset_id = %(dataset)s AND removed_version IS NULL)::text
"""


def state_after(
    dataset: Dataset, source: Source, documents: list[str], options: Options, report: Report
) -> dict[str, Any]:
    """What tells a later import that nothing has changed; {} where nothing can tell."""
    if not report.all_went_in() or not _speaks_for_all(source, documents, options):
        return {}
    return {"documents": documents, "state": _state(dataset)}


def has_come_before(
    dataset: Dataset,
    source: Source,
    documents: list[str],
    options: Options,
    checksum: str,
    format: str,
) -> Import | None:
    """The import that brought all of this, where the dataset is still as it left it."""
    if dataset.pk is None or not _speaks_for_all(source, documents, options):
        return None
    done = dataset.imports.filter(status=ImportStatus.DONE).exclude(options__dry_run=True)
    last = done.filter(checksum=checksum, format=format).first()
    if last is None or _manner(Options.of(last.options)) != _manner(options):
        return None
    same = last.position == {"documents": documents, "state": _state(dataset)}
    return last if same else None


def count_unchanged(report: Report, before: Import) -> None:
    """What the import would have counted, had it looked at each record."""
    report.dialogues.unchanged = sum(before.report["dialogues"].values())
    report.images_seen = before.counts["images_seen"]
    report.bytes_read = report.bytes_total


def _speaks_for_all(source: Source, documents: list[str], options: Options) -> bool:
    """Whether the source's checksum covers everything that the import would look at."""
    outside = options.images or options.fetch_urls
    return not outside and source.is_documents_alone(documents)


def _manner(options: Options) -> tuple[bool, bool]:
    return options.replace, options.append_candidates


def _state(dataset: Dataset) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"dataset": dataset.pk})
        return list(cursor.fetchone())
