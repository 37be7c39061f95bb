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
GUIDELINES = """\
The user looks for a picture. Their last message, the **final query**, makes sense only to those who
read the dialogue. Choose or write the **rewrite**: one query that finds the same picture on its own.

## A good rewrite

- **Says all that counts.** It names what "it", "that scene" or "the first one" stands for, and
  keeps every wish of the earlier turns that still holds.
- **Adds nothing.** What neither the dialogue nor its pictures say does not belong in it, even if
  you can see it in the target picture.
- **Keeps what the user rules out.** "Not the storm" stays in, or becomes what they want instead.
- **Is short.** One plain phrase or sentence in the user's language, without greeting or thanks.

| The user writes | After a talk about | Rewrite |
|---|---|---|
| Can I see it in winter? | a red barn beside a lake | a red barn beside a lake in winter |
| The second one, but closer | two photos: a fox, then an owl on a branch | close-up of an owl on a branch |
| No people this time | a beach at sunset | an empty beach at sunset |

## What to do

1. Read the dialogue first, then the candidates. Scores are a hint, not a verdict.
2. **Accept** a candidate that is right as it stands. If more than one is, mark the others as also
   acceptable.
3. **Edit** one that nearly is: change what is wrong, and leave the rest.
4. **Ask for more** when all miss the point in the same way, and say what they miss.
5. **Reject** when the dialogue does not tell what is meant, when the target picture is not what the
   user asks for, or when something private or harmful is shown.
6. **Skip** what you cannot judge, for example a language that you do not read well.

## When in doubt

- The user changed their mind? The last wish counts.
- The assistant suggested something? It counts only if the user took it up.
- Two readings are possible? Choose the one that the target picture fits. If both fit, reject the
  dialogue as unclear.
- Grammar and spelling matter less than meaning: do not edit for style alone.
"""


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
            guidelines.save(dataset=imported, text=GUIDELINES, by=None)

    def _see_to(self, dataset: Dataset, stage: Stage, kind: RunKind, line: str) -> None:
        """Does the machine work that dialogues at `stage` wait for, all of it right here."""
        # In later rounds a reviewer asked for more candidates: that is no work of ours.
        if not dataset.dialogues.filter(stage=stage, round=0).exists():
            return
        self.stdout.write(line)
        # The clients of language models take a second to load, on every start if they stood above.
        from generation import running, runs  # noqa: PLC0415

        run = runs.start(dataset=dataset, kind=kind, endpoints=["offline"])
        running.drain(run.pk)


def is_imported() -> bool:
    """Whether an import of the sample came to its end; one that was killed is done again."""
    return Dataset.objects.filter(slug=SLUG, imports__finished__isnull=False).exists()
