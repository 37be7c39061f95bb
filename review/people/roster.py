"""The members of a dataset at a glance: what they did and how well, when they were last seen, what
they hold."""

from dataclasses import dataclass, field
from datetime import datetime

from review.models import Dataset, Membership
from review.places import holding
from review.places.holding import Held
from review.practice.results import Result, results_of
from review.progress import Worker, workers_of


@dataclass(frozen=True)
class Rostered:
    """A member with what they did, their controls, and the places that they hold now."""

    worker: Worker
    controls: Result | None
    held: Held = field(default_factory=Held)

    @property
    def member(self) -> Membership:
        return self.worker.membership

    @property
    def decided(self) -> int:
        return self.worker.decided

    @property
    def last(self) -> datetime | None:
        """The last sign of life: a decision, or work at a place."""
        moments = [self.worker.last, *(place.active_at for place in self.held.first)]
        return max((moment for moment in moments if moment), default=None)


def roster(dataset: Dataset) -> list[Rostered]:
    """Every member, the busiest first, in a fixed number of questions."""
    held = holding.held_by_reviewer(dataset)
    workers = workers_of(dataset)
    for worker in workers:
        worker.membership.dataset = dataset
    controls = {result.membership.pk: result for result in results_of(dataset)}
    return [Rostered(w, controls.get(w.membership.pk), held[w.membership.user_id]) for w in workers]
