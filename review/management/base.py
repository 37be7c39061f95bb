"""What our commands share: `--json`, refusals in one line, and exit code 2 for what cannot run."""

from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from review.errors import Missing, ReviewError
from review.models import Dataset

COULD_NOT_RUN = 2


class ReviewCommand(BaseCommand):
    """A door: it calls one function, and turns a refusal into one line and an exit code."""

    # Pages and their addresses are no concern of a command, and looking at them takes a while.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="the dataset's short name")
        parser.add_argument(
            "--json", action="store_true", help="print the outcome as one JSON object"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.run(**options)
        except ReviewError as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from error
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            raise CommandError(
                f"{named}{error.strerror or error}", returncode=COULD_NOT_RUN
            ) from error

    def run(self, **options: Any) -> None:
        raise NotImplementedError

    def print_json(self, outcome: dict[str, Any]) -> None:
        self.stdout.write(orjson.dumps(outcome).decode())


def dataset_named(slug: str) -> Dataset:
    """The dataset of that slug. Raises `Missing` with the names of those there are."""
    found = Dataset.objects.filter(slug=slug).first()
    if found is not None:
        return found
    slugs = list(Dataset.objects.values_list("slug", flat=True)[:20])
    there = f"There are: {', '.join(slugs)}." if slugs else "There is none yet: import one first."
    raise Missing(f"There is no dataset “{slug}”. {there}")
