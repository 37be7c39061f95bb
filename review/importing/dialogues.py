"""Dialogues of a batch: what is new, what has changed, and how both are written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson
from django.db import connection

from review import intake
from review.calibration.certifying.watching import watch
from review.calibration.conditions import Wrote
from review.importing import checking, seen
from review.importing.records import (
    CleanCandidate,
    CleanDialogue,
    Kind,
    Record,
    Rejected,
)
from review.importing.tables import Table
from review.languages import language_of
from review.models import (
    Candidate,
    CandidateKind,
    Dataset,
    Dialogue,
    Image,
    Import,
    Stage,
)
from review.models.candidates import text_key

Refusal = tuple[Record, Rejected]
_DIALOGUES = [
    *("id", "dataset_id", "external_id", "turns", "final_query", "target_images"),
    *("metadata", "content_hash", "imported_by_id", "stage", "language"),
]
_CANDIDATES = ["dialogue_id", "text", "text_key", "author", "kind", "also_by"]
_EXISTING = """
    SELECT external_id, id, content_hash FROM review_dialogue
    WHERE dataset_id = %s AND external_id = ANY(%s)
"""


@dataclass(slots=True)
class Sorted:
    """A batch by what is to be done with it.

    `changed` and `appending` with the key of the row that is there: the one gets new content, the
    other further candidates alone.
    """

    new: list[CleanDialogue] = field(default_factory=list)
    changed: list[tuple[int, CleanDialogue]] = field(default_factory=list)
    appending: list[tuple[int, CleanDialogue]] = field(default_factory=list)
    unchanged: list[Record] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def wanted(self) -> list[CleanDialogue]:
        return [*self.new, *(dialogue for _, dialogue in self.changed)]

    def taken(self) -> list[Record]:
        """The records that are part of the dataset after this batch."""
        added = [dialogue.record for _, dialogue in self.appending]
        return [*(dialogue.record for dialogue in self.wanted()), *added, *self.unchanged]

    def refuse(self, record: Record, error: Rejected) -> None:
        self.refused.append((record, error))
        self.new = [d for d in self.new if d.record is not record]
        self.changed = [entry for entry in self.changed if entry[1].record is not record]
        self.appending = [entry for entry in self.appending if entry[1].record is not record]


def sort_batch(
    dataset: Dataset, records: Sequence[Record], *, append_candidates: bool = False
) -> Sorted:
    """Checks the records of a batch; those that came before are known by their checksum alone."""
    firsts, repeats = seen.first_of_each(Kind.DIALOGUE, records)
    batch = Sorted(refused=repeats)
    there = _existing(dataset, [record.id for record in firsts])
    for record in firsts:
        try:
            _sort(batch, record, there.get(record.id), append_candidates)
        except Rejected as error:
            batch.refused.append((record, error))
    return batch


def _sort(
    batch: Sorted, record: Record, there: tuple[int, str] | None, append_candidates: bool
) -> None:
    content_hash = checking.content_hash(record)
    if there is not None and there[1] == content_hash:
        batch.unchanged.append(record)
        return
    dialogue = checking.checked_dialogue(record, content_hash)
    if there is None:
        batch.new.append(dialogue)
    elif append_candidates:
        batch.appending.append((there[0], dialogue))
    else:
        batch.changed.append((there[0], dialogue))


def _existing(dataset: Dataset, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """{id: (key, checksum)} of the dialogues that are there."""
    with connection.cursor() as cursor:
        cursor.execute(_EXISTING, [dataset.pk, list(ids)])
        return {found: (key, content_hash) for found, key, content_hash in cursor.fetchall()}


def refuse_unknown_images(dataset: Dataset, batch: Sorted) -> None:
    """Refuses dialogues that name an image which neither the source nor the corpus has."""
    named = {d.record.id: checking.references(d) for d in batch.wanted()}
    asked = {image for images in named.values() for image in images}
    unknown = asked - _known_images(dataset, asked)
    if not unknown:
        return
    for dialogue in batch.wanted():
        first = next((i for i in named[dialogue.record.id] if i in unknown), None)
        if first is not None:
            reason = f"unknown image “{first}”: neither the source nor the dataset has it"
            where = named[dialogue.record.id][first]
            batch.refuse(dialogue.record, Rejected(where, reason))


def _known_images(dataset: Dataset, ids: set[str]) -> set[str]:
    if not ids:
        return set()
    rows = Image.objects.current().filter(dataset=dataset.pk).named(ids)
    found = set(rows.values_list("external_id", flat=True)) if dataset.pk else set()
    return found | seen.among(Kind.IMAGE, sorted(ids - found))


class DialogueTables:
    """Writes dialogues with their candidates and judgements."""

    def __init__(self, dataset: Dataset, imported_by: Import) -> None:
        self.dataset = dataset
        self.imported_by = imported_by
        self.dialogues = Table(Dialogue, _DIALOGUES)
        self.candidates = Table(Candidate, _CANDIDATES)

    def create(self, dialogues: Sequence[CleanDialogue]) -> None:
        if not dialogues:
            return
        keyed = list(zip(self.dialogues.new_keys(len(dialogues)), dialogues, strict=True))
        self.dialogues.copy(self._row(key, dialogue) for key, dialogue in keyed)
        self.candidates.copy(
            row for key, dialogue in keyed for row in _candidate_rows(key, dialogue)
        )
        self._watch_rewriters(dialogues)
        add_judgements(keyed)

    def _watch_rewriters(self, dialogues: Sequence[CleanDialogue]) -> None:
        authors = {one.author for dialogue in dialogues for one in dialogue.candidates}
        key = self.dataset.pk
        watch({key} if authors else set(), ((key, Wrote(author, "", "")) for author in authors))

    def _row(self, key: int, dialogue: CleanDialogue) -> tuple[object, ...]:
        return (
            key,
            self.dataset.pk,
            dialogue.record.id,
            orjson.dumps(dialogue.turns).decode(),
            dialogue.final_query,
            dialogue.target_images,
            orjson.dumps(dialogue.metadata).decode(),
            dialogue.content_hash,
            self.imported_by.pk,
            Stage.PROPOSED.value if dialogue.candidates else Stage.IMPORTED.value,
            language_of(dialogue.turns, dialogue.metadata),
        )


def imported_by(author: str) -> intake.Provenance:
    """Who made what an import brings; whether they saw the target, nobody knows."""
    return intake.Provenance(author, CandidateKind.IMPORTED, saw_target=None)


def _candidate_rows(key: int, dialogue: CleanDialogue) -> Iterator[tuple[object, ...]]:
    """Rows for candidates; a text that several authors wrote is one candidate of all of them."""
    kind = CandidateKind.IMPORTED.value
    for text, authors in _distinct(dialogue.candidates).items():
        also_by = [_also_by(author) for author in authors[1:]]
        others = orjson.dumps(also_by).decode() if also_by else "[]"
        yield key, text[1], text[0], authors[0], kind, others


def _also_by(author: str) -> dict[str, object]:
    by = imported_by(author)
    return {
        "author": by.author,
        "kind": by.kind.value,
        "model": by.model,
        "prompt_hash": by.prompt_hash,
        "saw_target": by.saw_target,
    }


def _distinct(candidates: Sequence[CleanCandidate]) -> dict[tuple[str, str], list[str]]:
    """{(text key, text as first given): its authors}, in order."""
    firsts: dict[str, tuple[str, str]] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for candidate in candidates:
        key = text_key(candidate.text)
        first = firsts.setdefault(key, (key, candidate.text.strip()))
        authors = found.setdefault(first, [])
        if candidate.author not in authors:
            authors.append(candidate.author)
    return found


def add_judgements(dialogues: Sequence[tuple[int, CleanDialogue]]) -> None:
    judged = [(k, d) for k, d in dialogues if any(c.judgements for c in d.candidates)]
    if not judged:
        return
    rows = Candidate.objects.filter(dialogue__in=[key for key, _ in judged])
    keys = {(d, text): pk for d, text, pk in rows.values_list("dialogue_id", "text_key", "pk")}
    intake.add_opinions(
        [opinion for key, dialogue in judged for opinion in _opinions(key, dialogue, keys)]
    )


def _opinions(
    key: int, dialogue: CleanDialogue, keys: dict[tuple[int, str], int]
) -> Iterator[intake.Opinion]:
    for candidate in dialogue.candidates:
        pk = keys[key, text_key(candidate.text)]
        for j in candidate.judgements:
            said = intake.JudgedCriterion(j.criterion, j.score, j.reason, j.unscored_reason)
            yield intake.Opinion(key, imported_by(j.judge), {pk: [said]})
