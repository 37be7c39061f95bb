"""Makes a release of a dataset and writes it to a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from review.exporting import awaiting_check, release_path, write_release
from review.management.base import ReviewCommand, dataset_named


class Command(ReviewCommand):
    help = "Export the approved and checked dialogues of a dataset as its next release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("out", metavar="OUT", type=Path, help="a new file, or a folder")
        parser.add_argument("--format", choices=["jsonl"], default="jsonl")

    def run(self, **options: Any) -> None:
        dataset, out = dataset_named(options["dataset"]), options["out"]
        release = write_release(dataset=dataset, by=None, out=out)
        outcome = {
            "release": release.number,
            "path": str(release_path(out, release)),
            "dialogues": release.dialogues,
            "sha256": release.sha256,
        }
        if waiting := awaiting_check(dataset):
            self.stderr.write(
                f"{waiting:,} approved dialogues are left out: their retrieval check is still "
                f"awaited. See to it with: manage.py start_run {dataset} check --wait"
            )
        if options["json"]:
            self.print_json(outcome)
            return
        self.stdout.write(f"Release {release.number}: {release.dialogues:,} dialogues")
        self.stdout.write(f"{outcome['path']}\nSHA-256 {release.sha256}")
