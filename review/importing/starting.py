"""Asking for an import of an upload: a dry run first, then the same for good."""

from review.errors import Conflict, Invalid
from review.fetching import check_can_fetch
from review.importing.options import Options
from review.importing.recognising import AUTO, CHOICES
from review.models import Dataset, Import, Upload, User
from review.permissions import check_can_administer


def start_import(
    *,
    dataset: Dataset,
    upload: Upload,
    by: User,
    format: str = AUTO,
    dry_run: bool = False,
    replace: bool = False,
    append_candidates: bool = False,
    fetch_urls: bool = False,
) -> Import:
    """Writes down what is wanted. A worker takes it from there; the door tells it to."""
    check_can_administer(by, dataset)
    if fetch_urls:
        check_can_fetch(by)
    _check_there(upload)
    if format not in CHOICES:
        raise Invalid(
            f"There is no format “{format}”. Choose one of {', '.join(CHOICES)}.",
            field="format",
        )
    if replace and append_candidates:
        raise Invalid(
            "Either replace what is there or append candidates to it, not both.", field="replace"
        )
    options = Options(
        format=format,
        replace=replace,
        append_candidates=append_candidates,
        fetch_urls=fetch_urls,
        dry_run=dry_run,
    )
    return Import.objects.create(
        dataset=dataset,
        upload=upload,
        by=by,
        source=upload.name,
        format=format,
        options=options.as_json(),
    )


def start_for_good(*, checked: Import, by: User) -> Import:
    """The import that a dry run looked ahead to: the same file, the same options."""
    if checked.upload is None or not Options.of(checked.options).dry_run:
        raise Conflict("Only a dry run of an upload can be followed by its import.")
    done = Options.of(checked.options)
    begun = Import.objects.unfinished().filter(upload=checked.upload, dataset=checked.dataset)
    same = begun.exclude(options__contains={"dry_run": True}).first()
    if same is not None:
        # The button was pressed twice.
        return same
    return start_import(
        dataset=checked.dataset,
        upload=checked.upload,
        by=by,
        format=done.format,
        replace=done.replace,
        append_candidates=done.append_candidates,
        fetch_urls=done.fetch_urls,
    )


def _check_there(upload: Upload) -> None:
    if not upload.file:
        raise Conflict(f"{upload.name} was thrown away after a while. Upload it again.")
    if not upload.is_whole():
        raise Conflict(
            f"Of {upload.name} {upload.received:,} of {upload.size:,} bytes are there. "
            "Finish its upload first.",
            field="upload",
        )
