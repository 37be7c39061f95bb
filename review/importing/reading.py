"""A document as a stream of records: JSON lines, one JSON array, or JSON objects over many lines.
Never the file in memory.

All give the bytes of one record at a time with the line where it begins, so that every complaint
names its line, and a record that is broken or too long costs itself alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from review.errors import Invalid
from review.importing.limits import RECORD_BYTES
from review.importing.records import Rejected

# The fields of a line in the report of what an import rejected: `Problem.as_line`.
REPORTED = {"kind", "file", "line", "id", "field", "reason", "excerpt", "record"}
CHUNK = 256 * 1024
_LONGEST_HEAD = 4096
BOM = b"\xef\xbb\xbf"
TOO_LONG = f"the record has more than {RECORD_BYTES:,} bytes: split it or leave out what is big"


@dataclass(frozen=True, slots=True)
class Slice:
    """The bytes of one record and the line, from 1, where it begins; `fault` where it has none."""

    line: int
    content: bytes
    fault: str = ""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def slices(stream: Readable, name: str) -> Iterator[Slice]:
    """The records of a document; a `[` at its start makes it one array, a `{` with nothing whole
    in its line makes it objects over many lines, else it is JSON lines."""
    head = _head(stream)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid(f"{name} is UTF-16. Save it as UTF-8 and import it again.")
    start = head.removeprefix(BOM)
    tail = _Tail(start, stream)
    if start.lstrip().startswith(b"["):
        return _elements(tail, _ArrayScan())
    if _is_spread(start):
        return _elements(tail, _ObjectScan())
    return _lines(tail)


def _head(stream: Readable) -> bytes:
    """As much of a document's start as tells what it is, however few bytes come at a time."""
    head = b""
    while len(head) < _LONGEST_HEAD and (more := stream.read(_LONGEST_HEAD)):
        head += more
        start = head.removeprefix(BOM).lstrip()
        if len(head) > len(BOM) and (start[:1] == b"[" or 0 <= start.find(b"\n") < len(start) - 1):
            break
    return head


def _is_spread(start: bytes) -> bool:
    """Whether a document begins with an object over many lines, and not with a broken line."""
    first, end, rest = start.lstrip().partition(b"\n")
    goes_on = first.startswith(b"{") and first.rstrip().endswith((b"{", b"[", b","))
    return bool(end) and goes_on and rest[:1] in {b" ", b"\t", b'"'}


class _Tail:
    """A stream with the bytes that were read ahead put back in front."""

    def __init__(self, start: bytes, stream: Readable) -> None:
        self.start = start
        self.stream = stream

    def read(self) -> bytes:
        start, self.start = self.start, b""
        return start or self.stream.read(CHUNK)


def _lines(tail: _Tail) -> Iterator[Slice]:
    """Blank lines are skipped but counted."""
    for line, content in enumerate(_split_lines(tail), start=1):
        if content is None:
            yield Slice(line, b"", TOO_LONG)
        elif content and not content.isspace():
            yield Slice(line, content)


def _split_lines(tail: _Tail) -> Iterator[bytes | None]:
    """Lines without their end; None for one that is too long, of which no more is kept."""
    rest, skipping = b"", False
    while chunk := tail.read():
        *whole, rest = (rest + chunk).split(b"\n")
        for content in whole:
            yield None if skipping or len(content) > RECORD_BYTES else content
            skipping = False
        if len(rest) > RECORD_BYTES:
            rest, skipping = b"", True
    if rest or skipping:
        yield None if skipping else rest


# In an array only brackets and quotes matter, and what stands between two elements.
_MARK = re.compile(rb'[{}\[\]"]')
_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_GAP_SHOWN = 40


def _elements(tail: _Tail, scan: "_ArrayScan") -> Iterator[Slice]:
    """The elements of a JSON array, or objects that follow each other."""
    while chunk := tail.read():
        yield from scan.feed(chunk)
    yield from scan.finish()


class _ArrayScan:
    """Finds where the elements of one array begin and end, chunk by chunk.

    `buffer` begins where the present element does, or what stands before the next.
    """

    # How many brackets are open around an element, and what stands before the first and the next.
    around = 1
    first, between = b"[", b","
    whole = "array"

    def __init__(self) -> None:
        self.buffer = b""
        self.position = 0
        self.line = 1
        self.depth = 0
        self.in_string = False
        self.oversized = False
        self.gap = b""
        self.expected = self.first
        self.ended = False

    def feed(self, chunk: bytes) -> Iterator[Slice]:
        self.buffer += chunk
        while self._goes_on():
            mark = _MARK.search(self.buffer, self.position)
            if mark is None:
                self.position = len(self.buffer)
                break
            self.position = mark.end()
            if mark[0] == b'"':
                self.in_string = True
            elif mark[0] in b"{[":
                yield from self._opened(mark.start())
            else:
                yield from self._closed()
        self._forget()

    def _goes_on(self) -> bool:
        """Passes the rest of a string; False where it goes on in the next chunk."""
        if self.in_string:
            rest = _REST_OF_STRING.match(self.buffer, self.position)
            self.position = rest.end() if rest else self.position
            self.in_string = self.buffer[self.position : self.position + 1] != b'"'
            self.position += not self.in_string
        return not self.in_string

    def _opened(self, start: int) -> Iterator[Slice]:
        self.depth += 1
        if self.depth == self.around + 1:
            self._drop(start)
            found, self.gap = self.gap, b""
            if found != self.expected:
                shown = found[:_GAP_SHOWN].decode(errors="replace") or "nothing"
                yield Slice(self.line, b"", f"not JSON: found {shown} before it")
            self.expected = self.between
        elif self.ended and self.depth == self.around:
            yield Slice(self.line, b"", f"not JSON: more comes after the {self.whole} has ended")

    def _closed(self) -> Iterator[Slice]:
        self.depth -= 1
        if self.depth < self.around:
            yield from self._end()
        if self.depth == self.around:
            content = self.buffer[: self.position]
            too_long = self.oversized or len(content) > RECORD_BYTES
            yield Slice(self.line, b"", TOO_LONG) if too_long else Slice(self.line, content)
            self.line += content.count(b"\n")
            self.buffer = self.buffer[self.position :]
            self.position = 0
            self.oversized = False

    def _end(self) -> Iterator[Slice]:
        """The bracket that closes the array, or one too many."""
        self._drop(self.position)
        found, self.gap = self.gap, b""
        empty = self.expected if self.expected == self.first else b""
        if self.ended or self.depth < 0 or found != empty + b"]":
            shown = found[:_GAP_SHOWN].decode(errors="replace")
            yield Slice(self.line, b"", f"not JSON: found {shown} instead of the end")
        self.ended, self.depth = True, max(self.depth, 0)

    def _drop(self, end: int) -> None:
        """Forgets the buffer before `end`, which is no part of an element that is kept."""
        dropped = self.buffer[:end]
        if self.depth <= self.around or not self.oversized:
            self.gap = (self.gap + b"".join(dropped.split()))[: _GAP_SHOWN + 1]
        self.line += dropped.count(b"\n")
        self.buffer = self.buffer[end:]
        self.position -= end

    def _forget(self) -> None:
        """Keeps no more than one element that is not too long."""
        if self.depth > self.around and len(self.buffer) <= RECORD_BYTES:
            return
        self.oversized = self.depth > self.around
        self._drop(self.position)

    def finish(self) -> Iterator[Slice]:
        if self.depth > 0:
            what = f"what begins in line {self.line} never ends. Get the whole file"
            yield Slice(self.line, b"", f"the JSON {self.whole} is cut off: {what}")
            return
        self._drop(len(self.buffer))
        if self.gap:
            shown = self.gap[:_GAP_SHOWN].decode(errors="replace")
            yield Slice(self.line, b"", f"not JSON: found {shown} at the end")


class _ObjectScan(_ArrayScan):
    """The same for objects that stand one after the other, each over as many lines as it likes."""

    around = 0
    first = between = b""
    whole = "object"


def decoded(found: Slice) -> dict[str, Any]:
    """The object that a slice holds. Raises `Rejected`."""
    if found.fault:
        raise Rejected("", found.fault)
    try:
        value = orjson.loads(found.content)
    except orjson.JSONDecodeError as error:
        raise Rejected("", _why_unreadable(found, error)) from None
    if type(value) is not dict:
        raise Rejected("", f"a record is an object, this is {named_type(value)}")
    return value


# `id` is not among these: most records begin with it, and would be read twice.
_MAY_BE_REPORTED = re.compile(rb'\s*\{\s*"(?:kind|file|line|field|reason|excerpt|record)"')
_MOST_LINES = 2**31
_LONGEST_NAME = 255


def as_it_came(found: Slice, document: str) -> tuple[Slice, str]:
    """A slice and its document. Of a line in the report of an earlier import, which somebody has
    mended: its record and where that came from, as the file's name may decide what it means.
    """
    if not _MAY_BE_REPORTED.match(found.content):
        return found, document
    try:
        value = orjson.loads(found.content)
    except orjson.JSONDecodeError:
        return found, document
    if value.keys() != REPORTED:
        return found, document
    record, file, line = value["record"], value["file"], value["line"]
    content = record.encode() if type(record) is str else orjson.dumps(record)
    if type(line) is not int or not 0 <= line < _MOST_LINES:
        line = found.line
    return Slice(line, content), file if _is_name(file) else document


def _is_name(file: Any) -> bool:
    return type(file) is str and 0 < len(file) <= _LONGEST_NAME and file.isprintable()


def _why_unreadable(found: Slice, error: orjson.JSONDecodeError) -> str:
    if "UTF-8" in error.msg:
        return _where_not_utf8(found)
    line = found.line + error.lineno - 1
    place = f"line {line}, column {error.colno}"
    if "surrogate" in error.msg:
        return f"half of a surrogate pair at {place}: write the whole character"
    if "depth" in error.msg:
        return f"lists or objects are nested too deeply at {place}"
    return f"not JSON at {place}: {error.msg}"


def _where_not_utf8(found: Slice) -> str:
    try:
        found.content.decode()
    except UnicodeDecodeError as error:
        byte = found.content[error.start]
        line = found.line + found.content.count(b"\n", 0, error.start)
        return f"not UTF-8 in line {line}: byte 0x{byte:02x} at {error.start + 1}. Save it as UTF-8"
    return f"not UTF-8 in line {found.line}. Save it as UTF-8"


_TYPES = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}


def named_type(value: Any) -> str:
    """The JSON type of a value in words."""
    return "null" if value is None else _TYPES.get(type(value), "an object")
