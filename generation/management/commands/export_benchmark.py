"""Writes the files of a benchmark into a directory."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from generation.benchmark_files import export
from generation.management.benchmarks import listed
from generation.models import Run
from review.errors import Missing
from review.management.base import ReviewCommand

TELL_SECONDS = 2.0


class Command(ReviewCommand):
    help = "Write qrels, rankings, tables and the report of a benchmark run into a directory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="RUN", type=int, help="the run's number")
        parser.add_argument("folder", metavar="DIR", type=Path, help="a new or empty directory")
        parser.add_argument(
            "--retrievers",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME",
            help="whose rankings are written; without it all of the run",
        )
        parser.add_argument(
            "--json", action="store_true", help="print the outcome as one JSON object"
        )

    def run(self, **options: Any) -> None:
        number, folder = options["number"], options["folder"]
        run = Run.objects.select_related("dataset").filter(pk=number).first()
        if run is None:
            raise Missing(f"There is no run {number}. See the list of runs on the dataset's page.")
        self._next = time.monotonic() + TELL_SECONDS
        done = export(
            run, folder, retrievers=listed(options["retrievers"]), tell=self._now_and_then
        )
        for reason in done.left_out:
            self.stderr.write(f"No ranking of {reason}")
        if options["json"]:
            self.print_json({"run": number, "path": str(folder), **vars(done)})
        else:
            self.stdout.write(
                f"{len(done.files)} files of {done.dialogues:,} dialogues in {folder}"
            )
        if done.left_out:
            raise SystemExit(1)

    def _now_and_then(self, words: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TELL_SECONDS
            self.stderr.write(f"  {words}")
