"""What the rooms of import hand to each other."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from review.turns import Turn


class Kind(StrEnum):
    IMAGE = "image"
    DIALOGUE = "dialogue"


class Rejected(Exception):
    """A record that breaks a rule: which field, and why, with how to mend it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


# Characters of a record that a report shows, so that its reader sees which one is meant.
EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of the report's `errors`. `line` is 0 where no line is to blame.

    `raw` is the record as it came: "" where nobody kept it.
    """

    file: str
    line: int
    id: str
    field: str
    reason: str
    raw: bytes = b""

    def as_entry(self) -> dict[str, Any]:
        start = self.raw[: 4 * EXCERPT].decode(errors="replace")
        return {
            "file": self.file,
            "line": self.line,
            "id": _visible(self.id),
            "field": _visible(self.field),
            "reason": _visible(self.reason),
            "excerpt": _visible(" ".join(start.split())[:EXCERPT]),
        }

    def as_line(self, kind: Kind) -> bytes:
        """The entry with the whole record: a line that can be mended and imported again.

        `reading.decoded` takes it back.
        """
        entry = {"kind": kind.value, **self.as_entry(), "record": self._record()}
        return orjson.dumps(entry) + b"\n"

    def _record(self) -> "orjson.Fragment | str":
        try:
            orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            return self.raw.decode(errors="replace")
        # In JSON a line can only end between two values, where a space does as well.
        return orjson.Fragment(self.raw.replace(b"\r", b" ").replace(b"\n", b" "))


def _visible(text: str) -> str:
    """PostgreSQL stores no NUL: a sign for it stands in its place."""
    return text.replace("\0", "\u2400")


@dataclass(slots=True)
class Record:
    """One record in native form, with the place it came from.

    `implied` are images that a format derives from its dialogue. They go in with it or not at all,
    and an image that is there already stays as it is. `named` says what the source calls a field
    of the native form, so that a complaint names what the reader finds in the file.
    """

    kind: Kind
    value: dict[str, Any]
    file: str
    line: int
    implied: list["Record"] = field(default_factory=list)
    id: str = ""
    named: dict[str, str] | None = None
    raw: bytes = b""

    def problem(self, error: Rejected) -> Problem:
        field = (self.named or {}).get(error.field, error.field)
        return Problem(self.file, self.line, self.id, field, error.reason, self.raw)


@dataclass(slots=True)
class CleanJudgement:
    judge: str
    criterion: str
    score: int | None
    reason: str = ""
    unscored_reason: str = ""


@dataclass(slots=True)
class CleanCandidate:
    text: str
    author: str
    judgements: list[CleanJudgement] = field(default_factory=list)


@dataclass(slots=True)
class CleanDialogue:
    """A dialogue that keeps every rule but those on its images, which need the corpus."""

    record: Record
    content_hash: str
    turns: list[Turn]
    target_images: list[str]
    metadata: dict[str, Any]
    candidates: list[CleanCandidate]

    @property
    def final_query(self) -> str:
        return self.turns[-1]["text"]


@dataclass(slots=True)
class CleanImage:
    """An image as declared; `file` is its path in the source."""

    record: Record
    file: str
    caption: str
    url: str
    metadata: dict[str, Any]
