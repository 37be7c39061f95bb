"""Whether a practice answer is right: the same outcome as the dialogue's, in other words or not."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from review.models import Decision, Dialogue, Stage, Verdict
from review.models.decisions import DecisionQuerySet
from review.wording.likeness import likeness_key

APPROVING = [Verdict.ACCEPT, Verdict.EDIT]


@dataclass(frozen=True)
class Marked:
    """An answer, and whether it is right; None where there is nothing to say: it was skipped, or
    its dialogue is open again."""

    decision: Decision
    right: bool | None


def marked(answers: DecisionQuerySet) -> list[Marked]:
    """Each answer in the order it was given, marked by how its dialogue is settled now."""
    rows = list(
        answers.select_related("dialogue__approved_candidate", "candidate", "reviewer").order_by(
            "pk"
        )
    )
    accepted = accepted_texts(row.dialogue for row in rows)
    return [Marked(row, _is_right(row, accepted[row.dialogue_id])) for row in rows]


def accepted_texts(dialogues: Iterable[Dialogue]) -> dict[int, list[str]]:
    """By dialogue, the approved rewrite and those that its deciders found right as well."""
    texts: dict[int, list[str]] = defaultdict(list)
    approved = {d.pk: d.approved_candidate for d in dialogues}
    for key, candidate in approved.items():
        texts[key] = [candidate.text] if candidate else []
    also = (
        Decision.objects.standing()
        .filter(dialogue__in=approved, verdict__in=APPROVING, also__isnull=False)
        .values_list("dialogue_id", "candidate_id", "also__text")
    )
    for key, candidate_id, text in also:
        chosen = approved[key]
        if chosen is not None and candidate_id == chosen.pk:
            texts[key].append(text)
    return texts


def _is_right(answer: Decision, accepted: Sequence[str]) -> bool | None:
    dialogue = answer.dialogue
    if answer.verdict == Verdict.SKIP or not dialogue.is_settled():
        return None
    if dialogue.stage == Stage.REJECTED:
        return answer.verdict == Verdict.REJECT
    if answer.verdict not in APPROVING or answer.candidate is None:
        return False
    key = likeness_key(answer.candidate.text)
    return key in {likeness_key(text) for text in accepted}
