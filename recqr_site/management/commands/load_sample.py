"""Loads the sample dataset once: drawn, imported, rewritten, judged; so the desk is not empty."""

import tempfile
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.models import RunKind
from recqr_site.demo import close_accounts, open_accounts
from review import guidelines, sample
from review.importing.engine import import_dialogues
from review.models import Dataset, Import, Stage

SLUG = "sample"
TITLE = "Sample: scenes and seasons"


class Command(BaseCommand):
    help = "Load the sample dataset where it is not there yet, and open or shut the demo accounts."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo-accounts", action=BooleanOptionalAction, default=None)

    def handle(self, *, demo_accounts: bool | None, **_: Any) -> None:
        if not is_imported():
            self._import()
        dataset = Dataset.objects.get(slug=SLUG)
        self._see_to(dataset, Stage.IMPORTED, RunKind.REWRITE, "Writing candidates offline ...")
        self._see_to(dataset, Stage.PROPOSED, RunKind.JUDGE, "Judging them offline ...")
        if demo_accounts:
            for name in open_accounts(dataset):
                self.stdout.write(f"There is an account “{name}” already: no demo account for it.")
        elif demo_accounts is False:
            close_accounts()

    def _import(self) -> None:
        self.stdout.write("Drawing the sample's pictures ...")
        with tempfile.TemporaryDirectory(prefix="recqr-sample-") as folder:
            sample.write_sample(Path(folder))
            self.stdout.write("Importing the sample ...")
            report = import_dialogues(dataset=SLUG, path=Path(folder), title=TITLE)
        if not report.all_went_in():
            first = report.errors[0]
            raise CommandError(f"The sample did not go in: {first['id']}: {first['reason']}")
        # Where it was drawn is gone by now, and would only puzzle the reader of the imports page.
        Import.objects.filter(dataset__slug=SLUG).update(source="the sample, drawn on this machine")
        imported = Dataset.objects.get(slug=SLUG)
        if not imported.guidelines:
            guidelines.save(dataset=imported, text=sample.GUIDELINES, by=None)

    def _see_to(self, dataset: Dataset, stage: Stage, kind: RunKind, line: str) -> None:
        """Does the machine work that dialogues at `stage` wait for, all of it right here."""
        # In later rounds a reviewer asked for more candidates: that is no work of ours.
        if not dataset.dialogues.filter(stage=stage, round=0).exists():
            return
        self.stdout.write(line)
        # The clients of language models take a second to load, on every start if they stood above.
        from generation.runs import draining, lifecycle  # noqa: PLC0415

        run = lifecycle.start(dataset=dataset, kind=kind, endpoints=["offline"])
        draining.drain(run.pk)


def is_imported() -> bool:
    """Whether an import of the sample came to its end; one that was killed is done again."""
    return Dataset.objects.filter(slug=SLUG, imports__finished__isnull=False).exists()
