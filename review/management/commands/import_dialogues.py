"""Imports dialogues and images into a dataset."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson

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
        parser.add_argument(
            "--replace",
            action="store_true",
            help="let changed content replace what people have decided on: it is decided again",
        )
        parser.add_argument(
            "--append-candidates",
            action="store_true",
            help="only add candidates to the dialogues that are there",
        )
        parser.add_argument(
            "--fetch-urls",
            action="store_true",
            help="fetch images without a file from their url, if its address is public",
        )

    def run(self, **options: Any) -> None:
        shows_progress = sys.stderr.isatty() and not options["json"]
        report = import_dialogues(
            dataset=options["dataset"],
            path=options["path"],
            format=options["format"],
            images=options["images"],
            dry_run=options["dry_run"],
            replace=options["replace"],
            append_candidates=options["append_candidates"],
            fetch_urls=options["fetch_urls"],
            progress=self._show_progress if shows_progress else None,
        )
        if shows_progress:
            self.stderr.write("\r\033[K", ending="")
        if options["json"]:
            self._print_json(report)
        else:
            self._print(report, dry_run=options["dry_run"])
        if not report.all_went_in():
            sys.exit(1)

    def _show_progress(self, report: Report) -> None:
        done = report.dialogues.total()
        rate = done / max(report.seconds(), 0.001)
        share = report.bytes_read / max(report.bytes_total, 1)
        line = (
            f"{share:.0%}: {report.images_seen:,} images, {done:,} dialogues ({rate:,.0f} a second)"
        )
        self.stderr.write(f"\r\033[K{line}", ending="")
        self.stderr.flush()

    def _print_json(self, report: Report) -> None:
        """One line with every error, however many: they are written as they are read."""
        outcome = report.as_json()
        for number, (name, value) in enumerate(outcome.items()):
            self.stdout.write(f'{", " if number else "{"}"{name}": ', ending="")
            if name == "errors":
                self._print_errors(report)
            else:
                self.stdout.write(orjson.dumps(value).decode(), ending="")
        self.stdout.write("}")

    def _print_errors(self, report: Report) -> None:
        self.stdout.write("[", ending="")
        for number, entry in enumerate(report.every_error()):
            text = orjson.dumps(entry).decode()
            self.stdout.write(f"{', ' if number else ''}{text}", ending="")
        self.stdout.write("]", ending="")

    def _print(self, report: Report, *, dry_run: bool) -> None:
        for line in summary(report):
            self.stdout.write(line)
        for entry in report.errors[:ERRORS_SHOWN]:
            self.stdout.write(f"  {in_words(entry)}")
        more = report.problems - ERRORS_SHOWN
        if more > 0:
            self.stdout.write(f"  ... and {more:,} more: --json prints them all")
        if dry_run:
            self.stdout.write("This was a dry run: nothing was written.")


def summary(report: Report) -> list[str]:
    """The format, the outcome in two lines, and the time it took."""
    d, i = report.dialogues, report.images
    return [
        f"Format: {report.format}",
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
