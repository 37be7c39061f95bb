"""The door for what retrievers show of single words: found once for each rewrite, retriever and
version of the corpus, and read anew whenever people say what supports a word."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction

from review import bulk, retrieval
from review.models import Dialogue, QueryForm, RetrievalCheck, WordFinding

# Of these the words, or what a search finds by them, depend.
_WATCHED = ("approved_candidate_id", "target_images", "content_hash")


@transaction.atomic
def record_words(found: Sequence[tuple[Dialogue, Sequence[WordFinding]]]) -> None:
    """Keeps what one retriever, in one version of the corpus, found of the words of rewrites, in
    the place of what it had found there. Dialogues that changed meanwhile take nothing."""
    fresh = _as_they_were([dialogue for dialogue, _ in found])
    rows = [row for dialogue, words in found if dialogue.pk in fresh for row in words]
    if rows:
        same = {"retriever_hash": rows[0].retriever_hash, "corpus_version": rows[0].corpus_version}
        keys = {row.candidate_id for row in rows}
        WordFinding.objects.filter(candidate__in=keys, **same).delete()
    bulk.insert(rows)


@transaction.atomic
def record_without_leaks(found: Sequence[tuple[Dialogue, RetrievalCheck]]) -> None:
    """Keeps what rewrites find without their leaks, each text once."""
    fresh = _as_they_were([dialogue for dialogue, _ in found])
    rows = [row for dialogue, row in found if dialogue.pk in fresh]
    bulk.insert(rows, ignore_conflicts=True)


def standing(found: Iterable[WordFinding], checks: Iterable[RetrievalCheck]) -> list[WordFinding]:
    """The words of the approved rewrite by each retriever, in their order; `checks` are those that
    count (`review.retrieval.standing`), for what was found beside an earlier one is past."""
    counting = {_edition(row) for row in checks if row.form == QueryForm.REWRITE and row.rank}
    rows = [row for row in found if _edition(row) in counting]
    return sorted(rows, key=lambda row: (row.retriever, row.start))


def told(dialogue: Dialogue, name: Callable[[int], str]) -> dict[str, Any]:
    """What retrieval shows of an approved dialogue, as a curated line has it; `name` gives people
    theirs. Its traits are None while they are still looked for."""
    checks = retrieval.standing(dialogue, dialogue.retrieval_checks.all())
    return {
        "traits": None if dialogue.traits_due else dialogue.traits,
        "rank_spread": dialogue.rank_spread,
        "words": [_word(row) for row in standing(dialogue.word_findings.all(), checks)],
        "supports": [
            {
                "word": row.word_key,
                "turn": row.turn,
                "by": name(row.by_id),
                "time": row.created,
            }
            for row in dialogue.word_supports.all()
            if row.withdrawn is None and row.candidate_id == dialogue.approved_candidate_id
        ],
    }


def _word(row: WordFinding) -> dict[str, Any]:
    return {
        "retriever": row.retriever,
        "word": row.word,
        "start": row.start,
        "end": row.end,
        "supported": row.supported,
        "trait": row.trait or None,
        "rank": row.rank,
        "tied": row.tied,
        "rank_without": row.rank_without,
        "tied_without": row.tied_without,
    }


def _edition(row: WordFinding | RetrievalCheck) -> tuple[int | None, str, str, int]:
    return row.candidate_id, row.retriever, row.retriever_hash, row.corpus_version


def _as_they_were(dialogues: Sequence[Dialogue]) -> set[int]:
    """The keys of those that nobody changed, locked in the order of their keys."""
    rows = Dialogue.objects.select_for_update().order_by("pk")
    now = {row.pk: row for row in rows.filter(pk__in=[one.pk for one in dialogues])}
    return {
        one.pk
        for one in dialogues
        if one.pk in now
        and all(getattr(one, name) == getattr(now[one.pk], name) for name in _WATCHED)
    }
