"""What the rooms of import hand to each other."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of the report's `errors`. `line` is 0 where no line is to blame."""

    file: str
    line: int
    id: str
    field: str
    reason: str

    def as_entry(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "id": self.id,
            "field": self.field,
            "reason": self.reason,
        }


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

    def problem(self, error: Rejected) -> Problem:
        field = (self.named or {}).get(error.field, error.field)
        return Problem(self.file, self.line, self.id, field, error.reason)


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
