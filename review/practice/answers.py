"""What a newcomer is told after an answer in the quiz: how the dialogue was settled, and why."""

from dataclasses import dataclass

from review.models import Assignment, Control, Decision, Membership, Purpose, Stage
from review.practice.judging import marked
from review.practice.quiz import Quiz, places_held, quiz_of


@dataclass(frozen=True)
class Answer:
    """An answer in the quiz with the outcome of its dialogue. `right` is None where it was skipped.

    Without a `rewrite` the dialogue was rejected, for the reason that `reject_reason` names.
    """

    right: bool | None
    verdict: str
    rewrite: str
    reject_reason: str
    explanation: str
    quiz: Quiz
    finished: bool


@dataclass(frozen=True)
class Step:
    """A place of the quiz: the `number`-th of its dialogues, from 1."""

    number: int
    quiz: Quiz


def step_at(assignment: Assignment | None, membership: Membership) -> Step | None:
    """Which step of the quiz a place is; None at any other place, a control above all."""
    if not assignment or assignment.purpose != Purpose.QUIZ:
        return None
    quiz = quiz_of(membership)
    before = places_held(membership).filter(pk__lt=assignment.pk).count()
    return Step(quiz.answered + before + 1, quiz)


def answer_of(decision: Decision | None, membership: Membership) -> Answer | None:
    """What is said of a decision of the quiz; None for any other, a control above all."""
    if not decision or decision.purpose != Purpose.QUIZ:
        return None
    mark = marked(Decision.objects.filter(pk=decision.pk))[0]
    dialogue = mark.decision.dialogue
    approved = dialogue.approved_candidate
    control = Control.objects.filter(dialogue=dialogue).first()
    quiz = quiz_of(membership)
    return Answer(
        right=mark.right,
        verdict=decision.verdict,
        rewrite=approved.text if approved else "",
        reject_reason=_reject_reason(dialogue.pk) if dialogue.stage == Stage.REJECTED else "",
        explanation=control.explanation if control else "",
        quiz=quiz,
        finished=mark.right is not None and not quiz.answered and bool(quiz.tries),
    )


def _reject_reason(dialogue_id: int) -> str:
    """The code that those who rejected it gave last; an adjudicator's word comes last."""
    rejecting = Decision.objects.standing().filter(dialogue=dialogue_id).exclude(reason="")
    last = rejecting.order_by("-pk").values_list("reason", flat=True).first()
    return last or ""
