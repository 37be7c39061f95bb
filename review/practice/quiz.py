"""The entry quiz: so many dialogues in a row, of which enough must be right.

Who fails may take another, of other dialogues; an admin may let somebody pass without.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from review.models import Assignment, Dataset, Decision, Membership, Purpose, Role, User
from review.models.assignments import AssignmentQuerySet
from review.models.decisions import DecisionQuerySet
from review.permissions import check_can_administer
from review.practice import pool
from review.practice.judging import Marked, marked


@dataclass(frozen=True)
class Quiz:
    """Where a member stands: `right` of `answered` in the present quiz of `size`; `tries` are
    those that they finished, each as how many were right."""

    size: int
    needed: int
    answered: int
    right: int
    tries: list[int]

    @property
    def passed(self) -> bool:
        return any(right >= self.needed for right in self.tries)


def quiz_of(membership: Membership) -> Quiz:
    answers = [m for m in marked(answers_of(membership)) if m.right is not None]
    return quiz_from(answers, membership.dataset)


def quiz_from(answers: list[Marked], dataset: Dataset) -> Quiz:
    """Where somebody stands with these answers, in the order they were given."""
    size = dataset.quiz_size
    whole = len(answers) - len(answers) % size if size else 0
    tries = [_right(answers[at : at + size]) for at in range(0, whole, size or 1)]
    rest = answers[whole:]
    return Quiz(size, needed(size, dataset.quiz_pass), len(rest), _right(rest), tries)


def answers_of(membership: Membership) -> DecisionQuerySet:
    return Decision.objects.practice().filter(
        purpose=Purpose.QUIZ, reviewer=membership.user_id, dialogue__dataset=membership.dataset_id
    )


def needed(size: int, share: float) -> int:
    """How many must be right. A share of 0.7 is 7 of 10, whatever its binary fraction says."""
    return math.ceil(size * share - 1e-9)


def _right(answers: list[Marked]) -> int:
    return sum(answer.right is True for answer in answers)


def is_due(membership: Membership) -> bool:
    """Whether the quiz comes before the first dialogue of this member, who is a new annotator.

    Notes that it was passed once that is so. The membership is locked.
    """
    if not is_asked(membership):
        return False
    if quiz_of(membership).passed:
        membership.quiz_passed_at = timezone.now()
        membership.save(update_fields=["quiz_passed_at"])
        return False
    return True


def is_asked(membership: Membership) -> bool:
    """Whether this member has a quiz to pass: those who reviewed before there was one do not."""
    if not takes_quiz(membership):
        return False
    reviewed = Decision.objects.standing().filter(reviewer=membership.user_id)
    return not reviewed.filter(dialogue__dataset=membership.dataset_id).exists()


def takes_quiz(membership: Membership) -> bool:
    """Whether the quiz is for such a member, unless they have reviewed before."""
    if not membership.dataset.quiz_size or membership.quiz_passed_at is not None:
        return False
    return membership.role == Role.ANNOTATOR


def has_room(membership: Membership) -> bool:
    """Whether the present quiz has a dialogue left to hand out beside those in hand and ahead."""
    quiz = quiz_of(membership)
    return quiz.answered + places_held(membership).count() < quiz.size


def places_held(membership: Membership) -> AssignmentQuerySet:
    """Open places of a member's quiz: in hand, and ahead of it."""
    return Assignment.objects.held_by(membership.user).filter(
        purpose=Purpose.QUIZ, dialogue__dataset=membership.dataset_id
    )


@dataclass(frozen=True)
class Waiting:
    """Why a newcomer is handed nothing: the quiz needs `missing` more dialogues than there are."""

    quiz: Quiz
    missing: int


def waiting_of(membership: Membership) -> Waiting | None:
    """What keeps a newcomer from going on, where no dialogue is left for their quiz."""
    if not is_asked(membership):
        return None
    quiz = quiz_of(membership)
    missing = quiz.size - quiz.answered - pool.left_for(membership).count()
    return Waiting(quiz, missing) if missing > 0 and not quiz.passed else None


def pass_by_hand(*, membership: Membership, by: User) -> datetime:
    """Lets a member begin without the quiz."""
    check_can_administer(by, membership.dataset)
    membership.quiz_passed_at = membership.quiz_passed_at or timezone.now()
    membership.save(update_fields=["quiz_passed_at"])
    return membership.quiz_passed_at
