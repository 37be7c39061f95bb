"""Filling a batch: which items go into it, as lines of a file and as rows of the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

import orjson
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from generation.batch_runs.asked import Case, cases, conclude
from generation.batch_runs.hold import Hold
from generation.batch_runs.server import ASKED_AT
from generation.calls import ledger
from generation.calls.asking import Asked
from generation.models import Batch, Call, Run, RunItem
from generation.runs import leasing
from generation.runs.settling import settle_all
from generation.work import Outcome, work_of

# OpenAI takes 50,000 requests and 200 MB; others take less.
MOST_LINES = 50_000
MOST_BYTES = 100_000_000
# Items in memory at once; a picture has up to 100 KB as a rule, and an item many of them.
CHUNK, CHUNK_WITH_PICTURES = 200, 20
FRAME = b'{"custom_id":"%d","method":"POST","url":"%b","body":%b}\n'
FRAME_BYTES = 100
TOO_LARGE = "Its requests have more than {:,} bytes, which no batch may have."


@dataclass
class Room:
    """What still goes into a batch; no `dollars` is no end of them.

    The first item goes in whatever the number of its lines.
    """

    lines: int
    bytes: int
    dollars: Decimal | None
    is_empty: bool = True
    is_full: bool = False
    lacks_dollars: bool = False

    def take(self, lines: "Sequence[Line]") -> bool:
        """Makes room for all the lines of one item; False where they do not fit."""
        size, cost = sum(line.size for line in lines), sum_of(lines)
        self.lacks_dollars = self.dollars is not None and cost > self.dollars
        too_many = len(lines) > self.lines and not self.is_empty
        self.is_full = self.lacks_dollars or too_many or size > self.bytes
        if self.is_full:
            return False
        self.is_empty = False
        self.lines -= len(lines)
        self.bytes -= size
        self.dollars = None if self.dollars is None else self.dollars - cost
        return True


@dataclass(frozen=True)
class Line:
    asked: Asked[Any]
    attempt: int
    body: bytes
    estimate: Decimal

    @property
    def size(self) -> int:
        return len(self.body) + FRAME_BYTES


class Filling:
    """One batch while it is filled; it is written to `file` as it goes."""

    def __init__(self, run: Run, batch: Batch, file: BinaryIO, room: Room) -> None:
        self.file = file
        self.room = room
        self.lines = 0
        self.held_usd = Decimal(0)
        self._run = run
        self._batch = batch
        self._work = work_of(run)
        price = batch.endpoint.price_on(timezone.now().date())
        self._prices = ledger.as_kept(price, in_batch=True)
        self._dearest = dearest(batch)

    def fill(self, hold: Hold) -> None:
        """Takes items until nothing more fits. What was paid for before is concluded at once."""
        last, at, most = 0, self._batch.endpoint, chunk_of(self._run)
        while items := leasing.lease(self._run, most, in_batch_at=at, after=last):
            last = items[-1].pk
            try:
                self._add(items)
            finally:
                leasing.release([item.pk for item in items])
            hold.keep_going()
            if self.room.is_full or hold.has_enough():
                return

    def _add(self, items: Sequence[RunItem]) -> None:
        found, ended = cases(self._run, self._work, items)
        answered, lines = list[Case](), list[Line]()
        for case in found:
            asked = list(self._lines(case))
            if not asked:
                answered.append(case)
            elif sum(line.size for line in asked) > MOST_BYTES:
                ended.append(Outcome(case.item, failure=TOO_LARGE.format(MOST_BYTES)))
            elif self.room.take(asked):
                lines += asked
            else:
                break
        settle_all(self._work, [*ended, *conclude(self._work, answered)])
        self._write(lines)

    def _lines(self, case: Case) -> Iterator[Line]:
        for asked, attempt in case.due():
            estimate = ledger.cost(asked.likely, self._prices) or Decimal(0)
            body = orjson.dumps(asked.request)
            yield Line(asked, attempt, body, max(estimate, self._dearest))

    def _write(self, lines: Sequence[Line]) -> None:
        calls = self._enter(lines)
        for call, line in zip(calls, lines, strict=True):
            self.file.write(FRAME % (call.pk, ASKED_AT.encode(), line.body))
        self.lines += len(lines)
        self.held_usd += sum_of(lines)

    @transaction.atomic
    def _enter(self, lines: Sequence[Line]) -> Sequence[Call]:
        """From here on no other run asks what these lines ask."""
        items = RunItem.objects.filter(pk__in={line.asked.item_id for line in lines})
        items.update(batch=self._batch)
        return ledger.write_sent([self._call(line) for line in lines])

    def _call(self, line: Line) -> Call:
        asked = line.asked
        return Call(
            dataset_id=self._run.dataset_id,
            run=self._run,
            item_id=asked.item_id,
            batch=self._batch,
            endpoint=self._batch.endpoint,
            prompt=asked.question.prompt,
            attempt=line.attempt,
            model=asked.request["model"],
            request=asked.kept.kept,
            request_hash=asked.kept.hash,
            saw_target=asked.question.saw_target,
            prices=self._prices,
        )


def chunk_of(run: Run) -> int:
    return CHUNK_WITH_PICTURES if run.parameters.get("images") else CHUNK


def sum_of(lines: Sequence[Line]) -> Decimal:
    return sum((line.estimate for line in lines), Decimal(0))


def dearest(batch: Batch) -> Decimal:
    """What the dearest line of this run's batches at the endpoint has cost."""
    before = Call.objects.filter(run=batch.run_id, endpoint=batch.endpoint_id, batch__isnull=False)
    return before.aggregate(most=Max("cost_usd"))["most"] or Decimal(0)
