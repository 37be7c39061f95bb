"""What became of an import: counts, and one entry for each record that did not go in."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from review.importing.problems import SHOWN, Problems, ProblemsInFile, entry_of
from review.importing.records import CleanDialogue, Kind, Problem

SAMPLES = 5
FIRST_ERRORS = 20


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
    """Counts as in the command's `--json`. An import shows it while it grows.

    `errors` are the first of `problems`, which is how many there are. `samples` are the first
    dialogues of a dry run, as they would look. `seconds_before` is the time of earlier processes.
    """

    dialogues: DialogueCounts = field(default_factory=DialogueCounts)
    images: ImageCounts = field(default_factory=ImageCounts)
    errors: list[dict[str, Any]] = field(default_factory=list)
    problems: int = 0
    images_seen: int = 0
    bytes_read: int = 0
    bytes_total: int = 0
    format: str = ""
    samples: list[dict[str, Any]] = field(default_factory=list)
    seconds_before: float = 0.0
    started: float = field(default_factory=time.monotonic)
    finished: float | None = None
    kept: Problems = field(default_factory=ProblemsInFile)

    @classmethod
    def resumed(cls, counts: dict[str, Any], kept: Problems) -> "Report":
        """The report as an earlier process left it: `counts` as of `as_counts`."""
        plain = {name: counts[name] for name in _PLAIN if name in counts}
        report = cls(
            DialogueCounts(**counts.get("dialogues", {})),
            ImageCounts(**counts.get("images", {})),
            seconds_before=counts.get("seconds", 0.0),
            kept=kept,
            **plain,
        )
        for _, line in zip(range(SHOWN), kept.lines(), strict=False):
            report.errors.append(entry_of(line))
        return report

    def reject(self, kind: Kind, problem: Problem) -> None:
        counts = self.dialogues if kind == Kind.DIALOGUE else self.images
        counts.rejected += 1
        self._note(kind, problem)

    def miss(self, problem: Problem) -> None:
        self.images.missing += 1
        self._note(Kind.IMAGE, problem)

    def _note(self, kind: Kind, problem: Problem) -> None:
        self.problems += 1
        self.kept.add(kind, problem)
        if len(self.errors) < SHOWN:
            self.errors.append(problem.as_entry())

    def show(self, dialogue: CleanDialogue) -> None:
        if len(self.samples) < SAMPLES:
            self.samples.append(_sample(dialogue))

    def all_went_in(self) -> bool:
        return not self.problems

    def every_error(self) -> Iterator[dict[str, Any]]:
        """All problems, however many, in their order."""
        yield from map(entry_of, self.kept.lines())

    def seconds(self) -> float:
        return self.seconds_before + (self.finished or time.monotonic()) - self.started

    def finish(self) -> None:
        self.finished = time.monotonic()

    def as_json(self) -> dict[str, Any]:
        return {
            "dialogues": asdict(self.dialogues),
            "images": asdict(self.images),
            "errors": self.errors,
            "seconds": round(self.seconds(), 3),
            "format": self.format,
        }

    def as_counts(self) -> dict[str, Any]:
        """What a record shows while the import is on its way."""
        return {
            "dialogues": asdict(self.dialogues),
            "images": asdict(self.images),
            "seconds": round(self.seconds(), 3),
            "errors": self.errors[:FIRST_ERRORS],
            **{name: getattr(self, name) for name in _PLAIN},
        }


_PLAIN = ["problems", "images_seen", "bytes_read", "bytes_total", "format", "samples"]


def _sample(dialogue: CleanDialogue) -> dict[str, Any]:
    return {
        "id": dialogue.record.id,
        "turns": dialogue.turns,
        "final_query": dialogue.final_query,
        "target_images": dialogue.target_images,
        "candidates": [{"text": c.text, "author": c.author} for c in dialogue.candidates],
    }


Progress = Callable[[Report], None]
