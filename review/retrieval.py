"""Which retrieval checks of a dialogue count now: the record keeps those of earlier texts too."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Func, Value

from review.models import CheckOutcome, Dataset, Dialogue, QueryForm, RetrievalCheck, Stage
from review.traits import OF_REWRITE, without


def never_checked() -> dict[str, Any]:
    """The columns in which a check speaks of an approved rewrite, as they are before any has."""
    return {"checked_at": None, "checked_as": {}, "lowest_place": None, "check_outcome": ""}


def unchecked(dialogue: Dialogue) -> dict[str, Any]:
    """The columns of a dialogue of which no check counts, as when another rewrite is approved."""
    return {**never_checked(), "traits": without(dialogue.traits, OF_REWRITE)}


def forget(dataset: Dataset, retriever: str) -> None:
    """No dialogue counts as checked by a retriever that is no longer asked."""
    left = Func(F("checked_as"), Value(retriever), template="(%(expressions)s)", arg_joiner=" - ")
    rows = dataset.dialogues.filter(checked_as__has_key=retriever)
    rows.update(checked_as=left)


def standing(dialogue: Dialogue, checks: Iterable[RetrievalCheck]) -> list[RetrievalCheck]:
    """The latest check of each text, in order, and among rewrites the approved one's alone.

    A rewrite without its leaks is no text of the dialogue: only its share in the gain counts.

    A dialogue that its check sent to adjudication has no approved rewrite any more: the last one
    that was checked stands for it.
    """
    counting = [
        check
        for check in sorted(checks, key=lambda check: check.pk)
        if check.form != QueryForm.WITHOUT_LEAKS
        and (check.form != QueryForm.REWRITE or _stands(check, dialogue))
    ]
    return list({_place(check): check for check in counting}.values())


def _stands(check: RetrievalCheck, dialogue: Dialogue) -> bool:
    if dialogue.stage == Stage.DISPUTED:
        return dialogue.check_outcome == CheckOutcome.WORSE
    return check.candidate_id is not None and check.candidate_id == dialogue.approved_candidate_id


def _place(check: RetrievalCheck) -> tuple[str, str, int | None]:
    """What a later check replaces: a candidate keeps one, every other form has one text."""
    candidate = check.candidate_id if check.form == QueryForm.CANDIDATE else None
    return check.retriever, check.form, candidate
