"""What an import changes in dialogues that are there, and what it must leave as it is."""

from collections.abc import Callable, Iterable, Sequence

from django.db.models import Q, QuerySet

from review import intake
from review.assignments import end_round
from review.importing.dialogues import Sorted, add_judgements, imported_by
from review.importing.records import CleanDialogue, Rejected
from review.languages import language_of
from review.models import (
    Assignment,
    Candidate,
    CandidateKind,
    Decision,
    Dialogue,
    Import,
    Judgement,
    PlaceState,
    Stage,
)
from review.models.candidates import text_key
from review.retrieval import unchecked

Changed = tuple[int, CleanDialogue]
_RELEASED = "its content changed, but a release holds it: it stays as it was. Use another id"
_OPEN = (
    "its content changed, but a reviewer has decided on it or has it open: it stays as it was. "
    "Import it again once they are done"
)
_DECIDED = (
    "its content changed, but a reviewer has decided on it or has it open: it stays as it was. "
    "Give the new content another id, or import with --replace to have it decided again"
)


def refuse_decided(batch: Sorted, *, replace: bool) -> None:
    """Refuses changes to dialogues that people have worked on: their work would lose its object.

    With `replace` a decision is no hindrance, but a release and an open place are. The rows are
    locked, so that nobody decides between this look and the change.
    """
    keys = [key for key, _ in batch.changed]
    if not keys:
        return
    rows = _locked(keys)
    _refuse(batch, {key for key, row in rows.items() if row.released}, _RELEASED)
    if not replace:
        _refuse(batch, set(_of(Decision.objects.all(), keys)), _DECIDED)
    _refuse(batch, set(_of(Assignment.objects.filter(_busy(replace)), keys)), _OPEN)


def _busy(replace: bool) -> Q:
    held = Q(state=PlaceState.OPEN)
    return held if replace else held | ~Q(draft="")


def _locked(keys: Iterable[int]) -> dict[int, Dialogue]:
    rows = Dialogue.objects.select_for_update().filter(pk__in=list(keys)).order_by("pk")
    return {row.pk: row for row in rows}


def _of(rows: "QuerySet[Decision] | QuerySet[Assignment]", keys: Sequence[int]) -> Iterable[int]:
    return rows.filter(dialogue__in=keys).values_list("dialogue_id", flat=True)


def _refuse(batch: Sorted, keys: set[int], reason: str) -> None:
    for key, dialogue in list(batch.changed):
        if key in keys:
            batch.refuse(dialogue.record, Rejected("id", reason))


def update(changed: Sequence[Changed], entry: Import) -> None:
    """Puts new content in place of the old.

    Where the turns differ it is a new round: what machines made of the old ones goes, and what
    they still hand in for them belongs to a round that is past. What people decided stays.
    """
    rows = Dialogue.objects.in_bulk([key for key, _ in changed])
    for key, dialogue in changed:
        row = rows[key]
        if row.turns != dialogue.turns:
            _begin_again(row)
        _fill(row, dialogue, entry)
    _add_candidates([(rows[key].round, key, dialogue) for key, dialogue in changed])
    add_judgements(changed)


def _begin_again(row: Dialogue) -> None:
    end_round(row)
    row.stage, row.round = Stage.IMPORTED, row.round + 1
    row.panel_score = row.disagreement = None
    # Drawn it stays, as one that is missing: of the new turns nobody drew it.
    row.places_taken, row.drawn_place, row.one_suffices = 0, None, False
    row.approved_candidate, row.approval, row.settled_at = None, "", None
    row.traits_due = False
    _forget_check(row)
    row.save(update_fields=_ROUND)
    decided = Decision.objects.filter(dialogue=row)
    kept = Q(pk__in=decided.values("candidate")) | Q(pk__in=decided.values("started_from"))
    row.candidates.exclude(kept | Q(kind=CandidateKind.PERSON)).delete()


_CHECK = ["checks_due", "rank_spread", *unchecked(Dialogue())]
_ROUND = [
    *("stage", "round", "panel_score", "disagreement", "places_taken", "drawn_place"),
    *("one_suffices", "approved_candidate", "approval", "settled_at", "traits_due", *_CHECK),
]


def _forget_check(row: Dialogue) -> None:
    """What was searched for is not what is sought now: an approved rewrite is checked again."""
    row.retrieval_checks.all().delete()
    row.word_findings.all().delete()
    for name, value in unchecked(row).items():
        setattr(row, name, value)
    row.checks_due, row.rank_spread = False, None


def _fill(row: Dialogue, dialogue: CleanDialogue, entry: Import) -> None:
    if row.target_images != dialogue.target_images:
        _forget_check(row)
        row.checks_due = row.stage == Stage.APPROVED and bool(dialogue.target_images)
    row.turns, row.final_query = dialogue.turns, dialogue.final_query
    row.target_images, row.metadata = dialogue.target_images, dialogue.metadata
    row.content_hash, row.imported_by = dialogue.content_hash, entry
    row.language = language_of(dialogue.turns, dialogue.metadata)
    row.save(
        update_fields=[
            *("turns", "final_query", "target_images", "metadata"),
            *("content_hash", "imported_by", "language", *_CHECK),
        ]
    )


def _add_candidates(dialogues: Sequence[tuple[int, int, CleanDialogue]]) -> None:
    """Through intake, which knows the candidates that are there: (round, key, dialogue)."""
    proposals = [
        intake.Proposal(key, [candidate.text], imported_by(candidate.author), round)
        for round, key, dialogue in dialogues
        for candidate in dialogue.candidates
    ]
    if proposals:
        intake.add_proposals(proposals)


def sort_appending(batch: Sorted) -> None:
    """Leaves in `appending` what brings a candidate, author or judgement that is not there yet.

    Candidates of other turns than those that are there are refused.
    """
    if not batch.appending:
        return
    keys = [key for key, _ in batch.appending]
    rows, is_there = _locked(keys), _there(keys)
    for key, dialogue in list(batch.appending):
        if rows[key].turns != dialogue.turns:
            batch.refuse(dialogue.record, Rejected("turns", _OTHER_TURNS))
        elif all(is_there(fact) for fact in _facts(key, dialogue)):
            batch.appending.remove((key, dialogue))
            batch.unchanged.append(dialogue.record)


_OTHER_TURNS = (
    "the dialogue that is there has other turns: its candidates cannot be appended. Give it "
    "another id, or import it without --append-candidates"
)


def append(appending: Sequence[Changed]) -> None:
    """Adds candidates with their judgements to dialogues that are there; nothing else changes."""
    rounds = dict(
        Dialogue.objects.filter(pk__in=[key for key, _ in appending]).values_list("pk", "round")
    )
    _add_candidates([(rounds[key], key, dialogue) for key, dialogue in appending])
    add_judgements(appending)


def _facts(key: int, dialogue: CleanDialogue) -> Iterable[tuple[object, ...]]:
    """What an import says of candidates: who wrote which text, and who judged it by what."""
    for candidate in dialogue.candidates:
        text = text_key(candidate.text)
        yield key, text, candidate.author
        for judgement in candidate.judgements:
            yield key, text, judgement.judge, judgement.criterion


def _there(keys: Sequence[int]) -> Callable[[tuple[object, ...]], bool]:
    rows = Candidate.objects.filter(dialogue__in=keys)
    found: set[tuple[object, ...]] = {
        (row.dialogue_id, row.text_key, author) for row in rows for author in row.authors()
    }
    judged = Judgement.objects.filter(candidate__dialogue__in=keys).values_list(
        "candidate__dialogue_id", "candidate__text_key", "judge", "criterion"
    )
    found.update(judged)
    return found.__contains__
