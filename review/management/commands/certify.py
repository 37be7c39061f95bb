"""Tests from which panel score on the rewrites of a dataset may be approved without a person."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from review.amounts import counted
from review.calibration.certifying import certificates
from review.calibration.certifying.certificates import CONFIDENCE, SHARE, Preview
from review.calibration.certifying.tasks import tend_certificates
from review.management.base import ReviewCommand, dataset_named
from review.publishing import publish


class Command(ReviewCommand):
    help = "Test for a certificate on the waves that no test has used; they are used up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--share", type=float, default=SHARE, help="of bad ones at most, such as 0.05"
        )
        parser.add_argument("--confidence", type=float, default=CONFIDENCE, help="such as 0.95")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what it would be made of, and test nothing"
        )

    def run(self, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        asked = {name: options[name] for name in ("share", "confidence")}
        if options["dry_run"]:
            self._say(certificates.preview(dataset=dataset, **asked), as_json=options["json"])
            return
        made = certificates.test(dataset=dataset, by=None, **asked)
        publish(tend_certificates, dataset.pk)
        words = certificates.in_words(made)
        if options["json"]:
            told = {"certificate": made.number, "threshold": made.threshold, **asked}
            self.print_json({**told, "steps": made.steps, "words": words})
            return
        self.stdout.write(f"Certificate {made.number}: {words}")

    def _say(self, preview: Preview, *, as_json: bool) -> None:
        if as_json:
            self.print_json(asdict(preview))
            return
        self.stdout.write(
            f"{counted(len(preview.waves), 'wave')}: {counted(preview.drawn, 'dialogue')} drawn, "
            f"{preview.decided:,} decided, {preview.missing:,} missing"
        )
        self.stdout.write(preview.words or f"Without a bad one {preview.needed} pass.")
        if preview.missing and not preview.words:
            self.stdout.write("Those missing count as bad: wait until they are decided.")
