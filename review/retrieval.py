"""Which retrieval checks of a dialogue count now: the record keeps those of earlier texts too."""

from collections.abc import Iterable

from review.models import Dialogue, QueryForm, RetrievalCheck


def standing(dialogue: Dialogue, checks: Iterable[RetrievalCheck]) -> list[RetrievalCheck]:
    """The latest check of each text, in order, and among rewrites the approved one's alone.

    A dialogue that its check sent to adjudication has no approved rewrite any more: the last one
    that was checked stands for it.
    """
    latest = {_place(check): check for check in sorted(checks, key=lambda check: check.pk)}
    approved = dialogue.approved_candidate_id
    return [
        check
        for check in latest.values()
        if check.form != QueryForm.REWRITE or approved in (None, check.candidate_id)
    ]


def _place(check: RetrievalCheck) -> tuple[str, str, int | None]:
    """What a later check replaces: a candidate keeps one, every other form has one text."""
    candidate = check.candidate_id if check.form == QueryForm.CANDIDATE else None
    return check.retriever, check.form, candidate
