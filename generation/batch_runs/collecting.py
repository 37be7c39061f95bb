"""Entering the replies of a batch into the ledger, and what follows from them into the record.

Every step may be done again after a crash: a call that is finished stays as it is, and the batch
counts as collected only when all its items have been seen to.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from pydantic import BaseModel

from generation.batch_runs.asked import cases, conclude, is_of, questions
from generation.batch_runs.ending import drop_files, end, fail_unanswered
from generation.batch_runs.filling import chunk_of
from generation.batch_runs.hold import Hold
from generation.batch_runs.server import NOT_THERE, Remote, Server, Trouble
from generation.calls import ledger
from generation.calls.asking import Asked, finish
from generation.calls.exchanges import ERROR_LENGTH, Exchange, text_for_record
from generation.calls.readings import Reading
from generation.calls.replies import read
from generation.models import Batch, BatchState, Call, CallOutcome, Run, RunItem
from generation.runs import lifecycle
from generation.runs.settling import settle_all
from generation.work import Outcome, Work, work_of

logger = logging.getLogger(__name__)

CHANGED = "What it answers has changed since it was asked, so the reply says nothing any more."
# So many items that fail, and none that does not, are no bad luck: going on would only cost.
TOO_MANY_FAILED = 25
LARGEST_STATUS = 999
# The key of a call.
OURS = re.compile(r"[0-9]{1,18}")
Some = TypeVar("Some")


def collect(batch: Batch, run: Run, remote: Remote, server: Server, hold: Hold) -> None:
    """Takes in everything that a batch brought. Raises `Trouble` where its files do not come."""
    if remote.completed and not remote.output_file:
        told = (
            f"The server answered {remote.completed} lines of a batch, and names no file of them."
        )
        raise Trouble(told, NOT_THERE)
    work = work_of(run)
    for name in filter(None, [remote.output_file, remote.error_file]):
        with TemporaryFile() as file:
            server.download(name, file)
            file.seek(0)
            for lines in chunked(_lines(file, batch), chunk_of(run)):
                enter(batch, run, work, lines)
                hold.keep()
    conclude_batch(batch, run, hold, _why_missing(remote))
    drop_files(batch, server, remote)


def conclude_batch(batch: Batch, run: Run, hold: Hold, why_missing: str) -> None:
    """Ends a batch whose replies are in; `why_missing` is said of lines that have none."""
    fail_unanswered(batch, why_missing)
    _conclude_items(batch, run, work_of(run), hold)
    end(batch, BatchState.COLLECTED)


@dataclass(frozen=True)
class Line:
    """One line of an output or error file: the call that it is about, and what came of it."""

    call_id: int
    exchanged: Exchange


def _lines(file: BinaryIO, batch: Batch) -> Iterator[Line]:
    for raw in file:
        line = _line(raw)
        if line is not None:
            yield line
        elif raw.strip():
            logger.warning("A line of batch %s cannot be read: %.200r", batch.pk, raw)


def _line(raw: bytes) -> Line | None:
    try:
        told = json.loads(raw)
        name = str(told["custom_id"])
        if not OURS.fullmatch(name):
            return None
        return Line(int(name), _exchanged(told.get("response"), told.get("error")))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _exchanged(response: Any, error: Any) -> Exchange:
    """The answer of one line, as if it had come by itself."""
    if not response:
        return Exchange(0.0, problem=_shortened(f"It was not answered. {_words(error or {})}"))
    status, body = response.get("status_code"), response.get("body")
    if status == 200:
        return Exchange(0.0, 200, text_for_record(json.dumps(body, ensure_ascii=False)))
    told = body.get("error") if isinstance(body, dict) else body
    return Exchange(
        0.0,
        status if isinstance(status, int) and 0 <= status <= LARGEST_STATUS else None,
        text_for_record(json.dumps(body, ensure_ascii=False)),
        _shortened(f"The server answered {status}: {_words(told)}"),
    )


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    code = f" ({error['code']})" if error.get("code") else ""
    return f"{error.get('message') or 'It gave no reason.'}{code}"


def _shortened(text: str) -> str:
    return text_for_record(text)[:ERROR_LENGTH]


def enter(batch: Batch, run: Run, work: Work, lines: Sequence[Line]) -> None:
    """Enters what became of calls that are not finished yet."""
    exchanged = {line.call_id: line.exchanged for line in lines}
    waiting = Call.objects.filter(batch=batch, outcome=CallOutcome.SENT, pk__in=list(exchanged))
    calls = list(waiting)
    asked = _asked(run, work, calls)
    for call in calls:
        _finish(call, exchanged[call.pk], asked.get(call.item_id, []))
    with transaction.atomic():
        locked = waiting.select_for_update().order_by("pk").values_list("pk", flat=True)
        fresh = set(locked)
        ledger.write_finished([call for call in calls if call.pk in fresh])


class Anything(BaseModel):
    """The form of a reply of which only the tokens are of use."""


def _finish(call: Call, exchanged: Exchange, asked: Sequence[Asked[Any]]) -> None:
    question = next((one.question for one in asked if is_of(call, one)), None)
    reading: Reading[Any] = Reading()
    if not exchanged.problem and question is not None:
        reading = question.read(exchanged.body)
    elif not exchanged.problem:
        reading = Reading(read(exchanged.body, Anything).usage, unusable=CHANGED)
    finish(call, exchanged, reading)
    # It came when it came: no measure of the model's speed.
    call.latency_seconds = None


def _asked(run: Run, work: Work, calls: Sequence[Call]) -> dict[int | None, list[Asked[Any]]]:
    """What the items of some calls ask, by item."""
    items = _with_all(RunItem.objects.filter(pk__in={call.item_id for call in calls}))
    tasks = work.prepare(items)
    asked: dict[int | None, list[Asked[Any]]] = {}
    for item in filter(lambda item: item.pk in tasks, items):
        try:
            asked[item.pk] = list(questions(run, work, item, tasks[item.pk]))
        except Exception:
            logger.exception("Item %s cannot be asked about any more", item.pk)
    return asked


def _conclude_items(batch: Batch, run: Run, work: Work, hold: Hold) -> None:
    """Ends every item of a batch that has all its answers, or gets no better ones."""
    keys = list(batch.items.pending().order_by("pk").values_list("pk", flat=True))
    failures, good = list[str](), 0
    for some in chunked(keys, chunk_of(run)):
        ended = _conclude(run, work, _with_all(RunItem.objects.pending().filter(pk__in=some)))
        failures += [outcome.failure for outcome in ended if outcome.failure]
        good += sum(not outcome.failure for outcome in ended)
        hold.keep()
    if len(failures) >= TOO_MANY_FAILED and not good:
        note = f"All {len(failures)} items of a batch failed: {failures[-1]}"
        lifecycle.rest(run_id=run.pk, note=note)


def _conclude(run: Run, work: Work, items: Sequence[RunItem]) -> list[Outcome]:
    found, ended = cases(run, work, items)
    ended += conclude(work, [case for case in found if not case.is_open])
    settle_all(work, ended)
    return ended


def _with_all(items: QuerySet[RunItem]) -> list[RunItem]:
    return list(items.select_related("dialogue", "endpoint").order_by("pk"))


def _why_missing(remote: Remote) -> str:
    why = f" {remote.problem}" if remote.problem else ""
    return f"It was not answered in its batch, which is {remote.status}.{why}"


def chunked(many: Iterable[Some], most: int) -> Iterator[list[Some]]:
    rest = iter(many)
    while chunk := list(islice(rest, most)):
        yield chunk
