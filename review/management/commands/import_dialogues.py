"""Imports dialogues and images into a dataset."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from review.importing.engine import import_dialogues
from review.importing.recognising import AUTO, CHOICES
from review.importing.report import Report
from review.management.base import ReviewCommand

ERRORS_SHOWN = 20


class Command(ReviewCommand):
    help = "Import dialogues and images from a folder, a zip, or a JSONL or JSON file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", metavar="PATH", type=Path, help="folder, zip, JSONL or JSON")
        parser.add_argument("--format", choices=CHOICES, default=AUTO)
        parser.add_argument(
            "--images", metavar="DIR", type=Path, help="where to look for images not beside PATH"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="check everything, write nothing"
        )

    def run(self, **options: Any) -> None:
        shows_progress = sys.stderr.isatty() and not options["json"]
        report = import_dialogues(
            dataset=options["dataset"],
            path=options["path"],
            format=options["format"],
            images=options["images"],
            dry_run=options["dry_run"],
            progress=self._show_progress if shows_progress else None,
        )
        if shows_progress:
            self.stderr.write("\r\033[K", ending="")
        if options["json"]:
            self.print_json(report.as_json())
        else:
            self._print(report, dry_run=options["dry_run"])
        if not report.all_went_in():
            sys.exit(1)

    def _show_progress(self, report: Report) -> None:
        done = report.dialogues.total()
        rate = done / max(report.seconds(), 0.001)
        line = f"{report.images_seen:,} images, {done:,} dialogues ({rate:,.0f} a second)"
        self.stderr.write(f"\r\033[K{line}", ending="")
        self.stderr.flush()

    def _print(self, report: Report, *, dry_run: bool) -> None:
        for line in summary(report):
            self.stdout.write(line)
        for entry in report.errors[:ERRORS_SHOWN]:
            self.stdout.write(f"  {in_words(entry)}")
        more = len(report.errors) - ERRORS_SHOWN
        if more > 0:
            self.stdout.write(f"  ... and {more:,} more: --json prints them all")
        if dry_run:
            self.stdout.write("This was a dry run: nothing was written.")


def summary(report: Report) -> list[str]:
    """The outcome in two lines and the time it took."""
    d, i = report.dialogues, report.images
    return [
        f"Dialogues: {d.created:,} created, {d.updated:,} updated, {d.unchanged:,} unchanged, "
        f"{d.rejected:,} rejected",
        f"Images: {i.created:,} created, {i.rejected:,} rejected, {i.missing:,} missing",
        f"{report.seconds():.1f} seconds",
    ]


def in_words(entry: dict[str, Any]) -> str:
    """One rejected record in one line: where, which, and why."""
    where = f"{entry['file']}:{entry['line']}"
    which = " ".join(filter(None, [entry["id"], entry["field"]]))
    return f"{where}: {which}: {entry['reason']}" if which else f"{where}: {entry['reason']}"
