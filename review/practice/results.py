"""How each reviewer does on what has a known outcome, for the admins of a dataset."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from review.agreement.estimates import Estimate, share_of
from review.models import Dataset, Decision, Membership, Purpose
from review.practice.judging import Marked, marked
from review.practice.quiz import Quiz, quiz_from, takes_quiz

# Of fewer nobody should say anything.
LEAST = 5


@dataclass(frozen=True)
class Result:
    """One member: their controls, and their quiz where they have one to pass or have passed it."""

    membership: Membership
    controls: list[Marked]
    quiz: Quiz | None

    @cached_property
    def n(self) -> int:
        return len(self.controls)

    @cached_property
    def right(self) -> int:
        return sum(answer.right is True for answer in self.controls)

    @cached_property
    def accuracy(self) -> Estimate:
        """The share of controls that are right, with Wilson's 95% interval."""
        return share_of(self.right, self.n)

    @cached_property
    def wrong(self) -> list[Marked]:
        """Newest first."""
        return [answer for answer in reversed(self.controls) if answer.right is False]

    @cached_property
    def struggles(self) -> bool:
        """Whether chance alone hardly explains it: even the upper end of the interval lies below
        the dataset's threshold."""
        high = self.accuracy.high
        below = high is not None and high < self.membership.dataset.control_threshold
        return self.n >= LEAST and below


def results_of(dataset: Dataset) -> list[Result]:
    """Every member by name, in a fixed number of questions."""
    members = dataset.memberships.select_related("user").order_by("user__username")
    controls = _by_reviewer(dataset, Purpose.CONTROL)
    quizzes = _by_reviewer(dataset, Purpose.QUIZ)
    reviewed = _reviewed(dataset) if dataset.quiz_size else set()
    results = []
    for member in members:
        member.dataset = dataset
        answers = quizzes.get(member.user_id, [])
        asked = takes_quiz(member) and member.user_id not in reviewed
        quiz = quiz_from(answers, dataset) if asked or answers else None
        results.append(Result(member, controls.get(member.user_id, []), quiz))
    return results


def struggling(dataset: Dataset) -> list[Result]:
    """The members whose admin is to be told."""
    if not Decision.objects.practice().filter(dialogue__dataset=dataset).exists():
        return []
    return [result for result in results_of(dataset) if result.struggles]


def _by_reviewer(dataset: Dataset, purpose: Purpose) -> dict[int, list[Marked]]:
    """What counts of each reviewer's answers, in the order they were given."""
    answers = Decision.objects.practice().filter(dialogue__dataset=dataset, purpose=purpose)
    found: dict[int, list[Marked]] = defaultdict(list)
    for answer in marked(answers):
        if answer.right is not None:
            found[answer.decision.reviewer_id].append(answer)
    return found


def _reviewed(dataset: Dataset) -> set[int]:
    rows = Decision.objects.standing().filter(dialogue__dataset=dataset).order_by()
    return set(rows.values_list("reviewer_id", flat=True).distinct())
