"""What a check searches with: the texts of one dialogue."""

from dataclasses import dataclass

from review.models import Candidate, Dialogue, QueryForm
from review.turns import Turn


@dataclass(frozen=True)
class QueryText:
    """One text to search with, and the form of the query that it is."""

    form: QueryForm
    text: str
    candidate_id: int | None = None


def texts_of(dialogue: Dialogue, candidates: list[Candidate]) -> list[QueryText]:
    """Final query, history, approved rewrite where there is one, every candidate."""
    approved = dialogue.approved_candidate
    texts = [
        QueryText(QueryForm.FINAL_QUERY, dialogue.final_query),
        QueryText(QueryForm.HISTORY, history_text(dialogue.turns)),
    ]
    if approved is not None:
        texts.append(QueryText(QueryForm.REWRITE, approved.text, approved.pk))
    return texts + [QueryText(QueryForm.CANDIDATE, one.text, one.pk) for one in candidates]


def history_text(turns: list[Turn]) -> str:
    """The full history with the final query: every turn's text, a line each."""
    return "\n".join(turn["text"] for turn in turns)
