"""What the desk's templates ask of the entry quiz."""

from django import template

from review.models import Assignment, Control, Decision, Dialogue, Membership
from review.practice import answers, quiz
from review.practice.quiz import Waiting

register = template.Library()


@register.simple_tag(takes_context=True)
def quiz_step(context: template.Context, assignment: Assignment | None) -> answers.Step | None:
    """Which step of the quiz a place is, if it is one."""
    return answers.step_at(assignment, context["membership"])


@register.simple_tag
def quiz_answer(decision: Decision | None, membership: Membership) -> answers.Answer | None:
    """What is said of a decision of the quiz, if it is one."""
    return answers.answer_of(decision, membership)


@register.simple_tag
def quiz_waiting(membership: Membership) -> Waiting | None:
    """What keeps a newcomer from going on with the quiz, if anything does."""
    return quiz.waiting_of(membership)


@register.simple_tag
def control_of(dialogue: Dialogue) -> Control | None:
    """What makes a dialogue serve for practice, if an admin chose it."""
    return Control.objects.filter(dialogue=dialogue).first()
