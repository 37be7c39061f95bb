"""Documents as batches of records, read by a thread of its own while the last batch is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Event, Thread

from review.importing import checking
from review.importing.formats import Format
from review.importing.reading import Slice, as_it_came, slices
from review.importing.records import Kind, Problem, Record, Rejected
from review.importing.sources import Source

# A batch ends at either: what is in memory has a bound, however long its records are.
MOST_RECORDS = 1000
MOST_BYTES = 8 * 1024 * 1024
# What an image that a dialogue implies takes in memory, whatever it takes in the source.
IMAGE_BYTES = 400
# How many batches may wait to be written.
AHEAD = 2


@dataclass(frozen=True, slots=True)
class Place:
    """How far an import came: so many slices of that document are behind it."""

    document: int = 0
    slices: int = 0


@dataclass(slots=True)
class Batch:
    """Records with an id, those that have none, and the place behind them.

    `is_behind`: an earlier process of the same import has written them.
    """

    place: Place
    bytes_read: int
    is_behind: bool = False
    records: list[Record] = field(default_factory=list)
    unreadable: list[tuple[Kind, Problem]] = field(default_factory=list)
    size: int = 0

    def is_full(self) -> bool:
        return len(self.records) + len(self.unreadable) >= MOST_RECORDS or self.size >= MOST_BYTES


def batches(source: Source, format: Format, documents: list[str], start: Place) -> Iterator[Batch]:
    """All of the documents, in batches that begin anew at `start` and with each document."""
    before = 0
    for index, document in enumerate(documents):
        for batch in _of_document(source, format, document, index, start):
            batch.bytes_read += before
            yield batch
        before += source.size(document)


def _of_document(
    source: Source, format: Format, document: str, index: int, start: Place
) -> Iterator[Batch]:
    first = start.slices if index == start.document else 0
    with source.open(document) as stream:
        batch = Batch(Place(index), 0, is_behind=index < start.document or first > 0)
        for number, found in enumerate(slices(stream, document), start=1):
            _take(batch, format, document, found)
            if batch.is_full() or number == first:
                batch.place, batch.bytes_read = Place(index, number), stream.position
                yield batch
                behind = index < start.document or number < first
                batch = Batch(batch.place, 0, is_behind=behind)
        batch.place, batch.bytes_read = Place(index + 1), stream.position
        yield batch


def _take(batch: Batch, format: Format, document: str, found: Slice) -> None:
    """Adds the records of a slice that have an id; the others are unreadable."""
    batch.size += len(found.content)
    found, document = as_it_came(found, document)
    kind = format.kind(document)
    place = Record(kind, {}, document, found.line, raw=found.content)
    try:
        for record in format.records(document, found):
            place = record
            batch.size += IMAGE_BYTES * len(record.implied)
            record.raw = found.content
            record.id = checking.checked_id(record)
            for image in record.implied:
                image.raw, image.id = found.content, checking.checked_id(image)
            batch.records.append(record)
    except Rejected as error:
        batch.unreadable.append((kind, place.problem(error)))


def ahead(read: Iterator[Batch]) -> Iterator[Batch]:
    """`read`, of which a thread keeps a few batches ready. What it raises is raised here."""
    ready: Queue[Batch | BaseException | None] = Queue(AHEAD)
    given_up = Event()
    thread = Thread(target=_fill, args=(read, ready, given_up), name="import reader", daemon=True)
    thread.start()
    try:
        while (found := ready.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        given_up.set()
        thread.join()


def _fill(
    read: Iterator[Batch], ready: "Queue[Batch | BaseException | None]", given_up: Event
) -> None:
    try:
        for batch in read:
            if not _put(ready, batch, given_up):
                return
        _put(ready, None, given_up)
    except BaseException as error:
        _put(ready, error, given_up)


def _put(
    ready: "Queue[Batch | BaseException | None]",
    found: Batch | BaseException | None,
    given_up: Event,
) -> bool:
    """False where nobody reads any more."""
    while not given_up.is_set():
        try:
            ready.put(found, timeout=0.2)
        except Full:
            continue
        return True
    return False
