"""How far an import is, for whoever follows it: counts, rate, time left, and what was wrong."""

from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from review.errors import Missing
from review.models import Dataset, Import
from review.models.transfers import ImportStatus

PROBLEMS_SHOWN = 50
# Before that a rate says nothing.
_SECONDS_TO_JUDGE = 1.0
_OUTCOMES = ["created", "updated", "unchanged", "rejected", "missing"]
_AMISS = {"rejected", "missing"}
_ALWAYS = {("Dialogues", "created"), ("Dialogues", "rejected")}


@dataclass(frozen=True)
class Figure:
    """One count in words; `amiss` where somebody should look."""

    words: str
    count: int
    amiss: bool


@dataclass(frozen=True)
class Following:
    """One import as it stands now."""

    row: Import

    def is_live(self) -> bool:
        return self.row.status in {ImportStatus.WAITING, ImportStatus.RUNNING}

    @property
    def dry_run(self) -> bool:
        return bool(self.row.options.get("dry_run"))

    @property
    def counts(self) -> dict[str, Any]:
        """The report as it was written down last."""
        return {**self.row.counts, **self.row.report}

    @property
    def dialogues(self) -> dict[str, int]:
        return dict(self.counts.get("dialogues", {}))

    @property
    def images(self) -> dict[str, int]:
        return dict(self.counts.get("images", {}))

    @property
    def records(self) -> int:
        """Dialogues looked at so far."""
        return sum(self.dialogues.values())

    @property
    def to_write(self) -> int:
        """Dialogues that an import would add or change."""
        return self.dialogues.get("created", 0) + self.dialogues.get("updated", 0)

    @property
    def problems(self) -> int:
        """Records and files that did not go in; imports of old wrote down no number of them."""
        return int(self.counts.get("problems", len(self.counts.get("errors", []))))

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The first of the problems; all of them are in the file of rejected records."""
        found = sorted(self.counts.get("errors", []), key=lambda e: (e["file"], e["line"]))
        return found[:PROBLEMS_SHOWN]

    @property
    def figures(self) -> list[Figure]:
        """What became of the records: the main ones always, others where there are any."""
        kinds = {"Dialogues": self.dialogues, "Images": self.images}
        return [
            Figure(f"{kind} {name}", counts.get(name, 0), name in _AMISS)
            for kind, counts in kinds.items()
            for name in _OUTCOMES
            if counts.get(name) or (kind, name) in _ALWAYS
        ]

    @property
    def samples(self) -> list[dict[str, Any]]:
        return list(self.counts.get("samples", []))

    @property
    def format(self) -> str:
        """As recognised; before that as asked for."""
        return str(self.counts.get("format") or self.row.format)

    @property
    def bytes_read(self) -> int:
        return int(self.row.counts.get("bytes_read", 0))

    @property
    def bytes_total(self) -> int:
        return int(self.row.counts.get("bytes_total", 0))

    @property
    def seconds(self) -> float:
        """How long it took or has taken, as the import itself measures it."""
        measured = self.counts.get("seconds")
        if measured is not None:
            return float(measured)
        return ((self.row.finished or timezone.now()) - self.row.started).total_seconds()

    @property
    def rate(self) -> float | None:
        """Dialogues a second; None while too little is known."""
        known = self.seconds >= _SECONDS_TO_JUDGE or not self.is_live()
        return self.records / self.seconds if known and self.records and self.seconds else None

    @property
    def seconds_left(self) -> float | None:
        """By the bytes that are still to be read; None where none or not yet known."""
        if not self.is_live() or not self.bytes_read or self.seconds < _SECONDS_TO_JUDGE:
            return None
        left = max(self.bytes_total - self.bytes_read, 0)
        return self.seconds * left / self.bytes_read

    @property
    def checksum(self) -> str:
        """SHA-256 of the source."""
        upload = self.row.upload
        return self.row.checksum or (upload.sha256 if upload else "")


def import_of(dataset: Dataset, pk: int) -> Import:
    rows = dataset.imports.select_related("by", "upload", "dataset")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Missing(f"There is no import {pk} of {dataset.slug}. See the list of imports.")
    return found


def rejected_records(row: Import) -> tuple[File, str]:
    """The rejected records of an import as a file of JSONL, and its name for a download."""
    if not row.rejected or not default_storage.exists(row.rejected):
        raise Missing("This import rejected nothing that could be downloaded.")
    return default_storage.open(row.rejected), f"{row.dataset.slug}-import-{row.pk}-rejected.jsonl"
