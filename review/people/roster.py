"""The members of a dataset at a glance: what they did and how well, when they were last seen, what
they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from review.models import Assignment, Dataset, Membership
from review.places import holding
from review.practice.results import Result, results_of
from review.progress import Worker, workers_of


@dataclass(frozen=True)
class Rostered:
    """A member with what they did, the places that they hold now, and their controls."""

    worker: Worker
    holds: Sequence[Assignment]
    controls: Result | None

    @property
    def member(self) -> Membership:
        return self.worker.membership

    @property
    def decided(self) -> int:
        return self.worker.decided

    @property
    def last(self) -> datetime | None:
        """The last sign of life: a decision, or work at a place."""
        moments = [self.worker.last, *(place.active_at for place in self.holds)]
        return max((moment for moment in moments if moment), default=None)


def roster(dataset: Dataset) -> list[Rostered]:
    """Every member, the busiest first, in a fixed number of questions."""
    holds = holding.held_by_reviewer(dataset)
    workers = workers_of(dataset)
    for worker in workers:
        worker.membership.dataset = dataset
    controls = {result.membership.pk: result for result in results_of(dataset)}
    return [
        Rostered(w, holds.get(w.membership.user_id, ()), controls.get(w.membership.pk))
        for w in workers
    ]
