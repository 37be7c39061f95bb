"""What became of an import: counts, and one entry for each record that did not go in."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from review.importing.records import Kind, Problem


@dataclass
class DialogueCounts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def total(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejected


@dataclass
class ImageCounts:
    """`created`: new in the corpus, with a sound file or declared without one. `rejected`: the
    record or its file was refused. `missing`: the file that it names is not there."""

    created: int = 0
    rejected: int = 0
    missing: int = 0


@dataclass
class Report:
    """Counts as in the command's `--json`. An import shows it while it grows."""

    dialogues: DialogueCounts = field(default_factory=DialogueCounts)
    images: ImageCounts = field(default_factory=ImageCounts)
    errors: list[dict[str, Any]] = field(default_factory=list)
    images_seen: int = 0
    started: float = field(default_factory=time.monotonic)
    finished: float | None = None

    def reject(self, kind: Kind, problem: Problem) -> None:
        counts = self.dialogues if kind == Kind.DIALOGUE else self.images
        counts.rejected += 1
        self.errors.append(problem.as_entry())

    def miss(self, problem: Problem) -> None:
        self.images.missing += 1
        self.errors.append(problem.as_entry())

    def all_went_in(self) -> bool:
        return not self.errors

    def seconds(self) -> float:
        return (self.finished or time.monotonic()) - self.started

    def finish(self) -> None:
        self.finished = time.monotonic()

    def as_json(self) -> dict[str, Any]:
        return {
            "dialogues": asdict(self.dialogues),
            "images": asdict(self.images),
            "errors": self.errors,
            "seconds": round(self.seconds(), 3),
        }


Progress = Callable[[Report], None]
