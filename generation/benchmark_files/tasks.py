"""The task that writes the files of a benchmark."""

from celery import shared_task

from generation.benchmark_files import archive
from review.publishing import SafelySent


@shared_task(base=SafelySent)
def write_benchmark_archive(run_id: int) -> None:
    """Does nothing where the files are not wanted, or another worker is at it."""
    archive.write(run_id)
