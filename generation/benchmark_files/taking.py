"""One file of a benchmark, for who asks for it by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from generation.benchmark import reckoning
from generation.benchmark_files import archive
from generation.benchmark_files.tables import csv_text, latex
from generation.benchmark_shown.standalone import standalone
from generation.models import Run
from review.errors import Missing


@dataclass(frozen=True)
class Taken:
    """What is sent: a text, or a file that is open for reading."""

    name: str
    media_type: str
    content: str | IO[bytes]


Make = Callable[[Run, dict[str, Any]], str]
# Made while somebody waits: each takes milliseconds, from the stored report alone.
TEXTS: dict[str, tuple[str, Make]] = {
    "report.html": ("text/html; charset=utf-8", standalone),
    "scores.csv": ("text/csv; charset=utf-8", lambda _, data: csv_text(data)),
    "table.tex": ("application/x-tex; charset=utf-8", lambda _, data: latex(data)),
}
NAMES = (*TEXTS, archive.NAME)


def taken(run: Run, name: str) -> Taken:
    """Raises `Missing` for a name that no file has, and for what is not there yet."""
    called = f"{run.dataset.slug}-benchmark-{run.pk}-{name}"
    if name == archive.NAME:
        return Taken(called, "application/zip", archive.opened(run))
    if name not in TEXTS:
        raise Missing(f"A benchmark has no file “{name}”. There are: {', '.join(NAMES)}.")
    media_type, make = TEXTS[name]
    report = reckoning.of(run)
    if report is None or not reckoning.is_current_form(report):
        raise Missing(f"The figures of run {run.pk} are not reckoned yet.")
    return Taken(called, media_type, make(run, report.data))
