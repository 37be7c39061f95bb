"""All files of a benchmark as one zip: asked for at a door, written by a worker, then kept.

Rankings are searched for anew, which may take minutes and a model: no web process does that.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from generation.benchmark_files.exporting import export
from generation.errors import RunEnded
from generation.models import BenchmarkArchive, Run, RunStatus
from review import reports
from review.errors import Missing
from review.models import User
from review.permissions import check_can_see_benchmark

NAME = "files.zip"


def of(run: Run) -> BenchmarkArchive | None:
    return BenchmarkArchive.objects.filter(run=run).first()


def ask(*, run: Run, by: User) -> BenchmarkArchive:
    """Wants the files anew; the caller sends the task. While they are awaited nothing changes."""
    check_can_see_benchmark(by, run.dataset)
    if run.status != RunStatus.DONE:
        raise RunEnded(f"Run {run.pk} is {run.status}: its files can be written once it is done.")
    return reports.ask(BenchmarkArchive, run=run)


def write(run_id: int) -> None:
    """Writes the files that are wanted, unless another worker is at it."""
    rows = BenchmarkArchive.objects.filter(run=run_id).select_related("run__dataset")
    before = _files(rows)
    reports.compute_where_wanted(rows, lambda row: {"data": _written(row.run)})
    # Those before can be taken until the new ones are in the record.
    for name in before - _files(rows):
        default_storage.delete(name)


def _files(rows: QuerySet[BenchmarkArchive]) -> set[str]:
    return {data["file"] for data in rows.values_list("data", flat=True) if data}


def opened(run: Run) -> IO[bytes]:
    """The zip, open for reading. Raises `Missing` before it is written, or where it has gone."""
    found = of(run)
    if found is None or not found.data:
        raise Missing(f"The files of run {run.pk} are not written yet: have them written first.")
    try:
        return default_storage.open(found.data["file"], "rb")
    except FileNotFoundError:
        raise Missing(
            f"The files of run {run.pk} are not in the storage any more: have them written anew."
        ) from None


def _written(run: Run) -> dict[str, Any]:
    with TemporaryDirectory(prefix="benchmark-") as folder:
        done = export(run, Path(folder) / "files")
        packed = Path(folder) / NAME
        _pack(packed, Path(folder) / "files")
        with packed.open("rb") as stream:
            # Under another name where the files before are still there.
            name = default_storage.save(f"benchmarks/{run.dataset_id}/{run.pk}.zip", File(stream))
        size = packed.stat().st_size
    return {"file": name, "bytes": size, "files": done.files, "left_out": done.left_out}


def _pack(packed: Path, folder: Path) -> None:
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in _sorted(folder):
            archive.write(path, path.name)


def _sorted(folder: Path) -> Iterator[Path]:
    """Judgements and rankings after what is read first."""
    yield from sorted(folder.iterdir(), key=lambda path: (path.name.startswith("run."), path.name))
