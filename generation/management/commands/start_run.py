"""Starts machine work over a dataset: rewriting, judging, retrieval checks, or a benchmark."""

import json
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from types import FrameType
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError

from generation.management.benchmarked import (
    Data,
    begun_in_words,
    figures,
    report_of,
    scores_in_words,
)
from generation.management.options import add_options, wishes_of
from generation.models import Run, RunStatus
from generation.runs import draining, lifecycle
from generation.runs.drafting import RunOptions, draft
from generation.runs.estimating import Estimate, estimate
from generation.runs.progress import Progress, progress_of
from generation.tasks import drain_run
from generation.templatetags.spending import roughly
from generation.work import KINDS_OF_WORK
from review.errors import ReviewError
from review.liveness import worker_alive
from review.management.base import COULD_NOT_RUN, dataset_named
from review.publishing import publish
from review.templatetags.numbers import dollars

POLL_SECONDS = 0.5
TELL_SECONDS = 2.0
INTERRUPTED = 130

Answer = TypeVar("Answer")


class Command(BaseCommand):
    help = "Start a run of machine work over a dataset. A rerun does only what is not done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="the dataset's slug")
        parser.add_argument("kind", choices=list(KINDS_OF_WORK), help="what is to be done")
        add_options(parser)
        parser.add_argument(
            "--estimate",
            action="store_true",
            help="say what it would take, and start nothing",
        )
        parser.add_argument("--wait", action="store_true", help="until the run is done")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *, wait: bool, json: bool, estimate: bool, **options: Any) -> None:
        told = Told(self, silent=json)
        if estimate:
            told.estimate(refused_in_one_line(self._estimate, options), as_json=json)
            return
        run = refused_in_one_line(self._start, options)
        if wait:
            wait_for(run, told)
        else:
            self._hand_over(run, told)
        outcome, report = progress_of(run), report_of(run)
        told.end(run, outcome, report, as_json=json)
        if wait and (outcome.failed or outcome.status != RunStatus.DONE):
            sys.exit(1)

    def _start(self, options: dict[str, Any]) -> Run:
        dataset = dataset_named(options["dataset"])
        run = lifecycle.start(dataset=dataset, kind=options["kind"], **wishes_of(options))
        for line in begun_in_words(run):
            self.stderr.write(line)
        return run

    def _estimate(self, options: dict[str, Any]) -> Estimate:
        wanted = RunOptions(**wishes_of(options))
        dataset = dataset_named(options["dataset"])
        return estimate(draft(dataset=dataset, kind=options["kind"], options=wanted, asking=False))

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
        self.line(f"  {in_words(progress_of(run))}")

    def estimate(self, found: Estimate, *, as_json: bool) -> None:
        if as_json:
            self._command.stdout.write(json.dumps(found.as_json()))
            return
        for line in estimate_in_words(found):
            self.line(line)

    def end(self, run: Run, outcome: Progress, report: Data | None, *, as_json: bool) -> None:
        """`report` is of a benchmark that is done."""
        if as_json:
            self._command.stdout.write(json.dumps({**outcome.as_json(), **figures(run, report)}))
            return
        self.line(f"{str(run).capitalize()} is {outcome.status}: {in_words(outcome)}")
        if run.note:
            self.line(f"  {run.note}")
        for line in scores_in_words(report) if report else ():
            self.line(line)


def wait_for(run: Run, told: Told) -> None:
    """Until the run rests or is done: by a live worker, else by this very process."""
    with interruptible() as enough:
        handed_over = worker_alive() and publish(drain_run, run.pk)
        while _is_running(run) and not enough.is_set():
            handed_over = handed_over and worker_alive()
            if not handed_over:
                draining.drain(run.pk, watch=lambda: told.now_and_then(run), enough=enough)
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


def refused_in_one_line(ask: Callable[[dict[str, Any]], Answer], options: dict[str, Any]) -> Answer:
    try:
        return ask(options)
    except ReviewError as error:
        raise CommandError(str(error), returncode=COULD_NOT_RUN) from error


def estimate_in_words(found: Estimate) -> Iterator[str]:
    done = f", {found.done:,} done before" if found.done else ""
    yield f"{found.planned:,} items{done}: {found.calls:,} calls, {_cost(found.cost_usd)}"
    for share in found.shares:
        if share.is_free:
            yield f"  {share.endpoint.name}: offline, no calls"
            continue
        lasting = "within a day" if share.in_batches else roughly(share.seconds)
        yield (
            f"  {share.endpoint.name}: {share.calls:,} calls, {share.tokens_input:,} tokens in, "
            f"{share.tokens_output:,} out, {_cost(share.cost_usd)}, {lasting}"
        )
    if found.calls:
        yield "  from the last calls" if found.is_measured else "  a first guess"


def _cost(amount: Decimal | None) -> str:
    return "cost unknown" if amount is None else dollars(amount)


def in_words(state: Progress) -> str:
    finished = state.done + state.failed
    parts = [f"{finished:,} of {state.planned:,}"]
    if finished and state.seconds > 1:
        parts.append(f"{finished / state.seconds:.0f} a second")
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    if state.calls:
        parts.append(f"{state.calls:,} calls, {_cost(state.cost_usd)}")
    return ", ".join(parts)


def _is_running(run: Run) -> bool:
    run.refresh_from_db(fields=["status", "note", "finished"])
    return run.status == RunStatus.RUNNING
