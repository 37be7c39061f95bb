"""Starts machine work over a dataset: rewriting, judging, or retrieval checks."""

import json
import signal
import sys
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation import running, runs
from generation.models import Run, RunStatus
from generation.progress import Progress, progress
from generation.tasks import drain_run
from generation.work import KINDS_OF_WORK
from review.errors import ReviewError
from review.liveness import worker_alive
from review.models import Dataset
from review.publishing import publish

POLL_SECONDS = 0.5
TELL_SECONDS = 2.0
COULD_NOT_RUN = 2
INTERRUPTED = 130


class Command(BaseCommand):
    help = "Start a run of machine work over a dataset. A rerun does only what is not done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("kind", choices=list(KINDS_OF_WORK), help="what is to be done")
        parser.add_argument(
            "--endpoint",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME",
            help="where models answer; without it `default`, else `offline`",
        )
        parser.add_argument("--candidates", type=int, default=4, metavar="K")
        parser.add_argument("--limit", type=int, metavar="N", help="at most N dialogues")
        parser.add_argument("--budget", type=dollars, metavar="USD")
        parser.add_argument("--wait", action="store_true", help="until the run is done")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *, wait: bool, json: bool, **options: Any) -> None:
        run = self._start(options)
        told = Told(self, silent=json)
        if wait:
            wait_for(run, told)
        else:
            self._hand_over(run, told)
        outcome = progress(run)
        told.end(run, outcome, as_json=json)
        if wait and (outcome.failed or outcome.status != RunStatus.DONE):
            sys.exit(1)

    def _start(self, options: dict[str, Any]) -> Run:
        try:
            return runs.start(
                dataset=dataset_named(options["dataset"]),
                kind=options["kind"],
                endpoints=options["endpoint"],
                candidates=options["candidates"],
                limit=options["limit"],
                budget=options["budget"],
            )
        except ReviewError as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from error

    def _hand_over(self, run: Run, told: "Told") -> None:
        if run.status != RunStatus.RUNNING:
            return
        if not (worker_alive() and publish(drain_run, run.pk)):
            told.line(
                "No worker is running: the run is saved and starts when one does. "
                "Start one with `make run`, or let this command do the work with --wait."
            )


class Told:
    """What a person at the terminal is told; with `--json` only the outcome."""

    def __init__(self, command: BaseCommand, *, silent: bool) -> None:
        self._command = command
        self._silent = silent
        self._next = time.monotonic() + TELL_SECONDS

    def line(self, text: str) -> None:
        """With `--json` it goes to the other stream, so that nobody has to parse it."""
        stream = self._command.stderr if self._silent else self._command.stdout
        stream.write(text)

    def now_and_then(self, run: Run) -> None:
        if self._silent or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + TELL_SECONDS
        self.line(f"  {in_words(progress(run))}")

    def end(self, run: Run, outcome: Progress, *, as_json: bool) -> None:
        if as_json:
            self._command.stdout.write(json.dumps(outcome.as_json()))
            return
        self.line(f"{str(run).capitalize()} is {outcome.status}: {in_words(outcome)}")
        if run.note:
            self.line(f"  {run.note}")


def wait_for(run: Run, told: Told) -> None:
    """Until the run rests or is done: by a live worker, else by this very process."""
    with interruptible() as enough:
        handed_over = worker_alive() and publish(drain_run, run.pk)
        while _is_running(run) and not enough.is_set():
            handed_over = handed_over and worker_alive()
            if not handed_over:
                running.drain(run.pk, watch=lambda: told.now_and_then(run), enough=enough)
            # What is left is in the hands of others: of a worker, or of one that just died.
            if _is_running(run):
                enough.wait(POLL_SECONDS)
            told.now_and_then(run)
    if enough.is_set():
        told.line(f"Run {run.pk} is saved: it goes on when a worker runs.")
        sys.exit(INTERRUPTED)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one ends the process as usual."""
    enough = threading.Event()

    def finish(number: int, frame: FrameType | None) -> None:
        enough.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        print("\nFinishing what is in hand. Press Ctrl-C again to leave at once.", file=sys.stderr)

    if threading.current_thread() is not threading.main_thread():
        yield enough
        return
    before = signal.signal(signal.SIGINT, finish)
    try:
        yield enough
    finally:
        signal.signal(signal.SIGINT, before)


def dataset_named(slug: str) -> Dataset:
    found = Dataset.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Dataset.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(
            f"There is no dataset “{slug}”. There are: {known}.", returncode=COULD_NOT_RUN
        )
    return found


def dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"“{text}” is no amount in dollars such as 2.50") from None


def in_words(state: Progress) -> str:
    finished = state.done + state.failed
    parts = [f"{finished:,} of {state.planned:,}"]
    if finished and state.seconds > 1:
        parts.append(f"{finished / state.seconds:.0f} a second")
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    if state.calls:
        cost = "cost unknown" if state.cost_usd is None else f"${state.cost_usd:.4f}"
        parts.append(f"{state.calls:,} calls, {cost}")
    return ", ".join(parts)


def _is_running(run: Run) -> bool:
    run.refresh_from_db(fields=["status", "note", "finished"])
    return run.status == RunStatus.RUNNING
