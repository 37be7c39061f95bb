"""What a reviewer knows of a dialogue from before they came to their place."""

from review.models import Assignment, Decision, HideUntil, Stage
from review.models.decisions import SETTLING

_SHOWN_AT = [Stage.APPROVED, Stage.REJECTED, Stage.DISPUTED]


def saw_scores(assignment: Assignment) -> bool:
    """Whether its reviewer may have seen the scores of this dialogue: at an earlier place, or,
    since they show to whoever has decided, after a decision that stands no more."""
    mine = {"dialogue": assignment.dialogue_id, "reviewer": assignment.reviewer_id}
    earlier = Assignment.objects.filter(**mine, shown__scores=True).exclude(pk=assignment.pk)
    decided = Decision.objects.filter(**mine, verdict__in=SETTLING)
    if not decided.exists():
        return earlier.exists()
    if assignment.dialogue.dataset.hide_until == HideUntil.DECIDED:
        return True
    settled = Decision.objects.filter(dialogue=assignment.dialogue_id, stage_after__in=_SHOWN_AT)
    return settled.exists() or earlier.exists()
