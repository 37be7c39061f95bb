"""Who holds which place now, and taking one back from a person who has it."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from review.assignments import give_back
from review.errors import Conflict, Missing
from review.models import Assignment, Dataset, User
from review.permissions import check_can_administer

MOST_SHOWN = 5


def held_in(dataset: Dataset) -> list[Assignment]:
    """Every place that is held in a dataset: in hand first, then those held ahead."""
    held = Assignment.objects.held().filter(dialogue__dataset=dataset)
    return list(
        held.select_related("dialogue", "reviewer").order_by(
            F("begun_at").asc(nulls_last=True), "claimed_at"
        )
    )


@dataclass
class Held:
    """How many places a reviewer holds, and the first of them: after a second look there may be
    hundreds."""

    first: list[Assignment] = field(default_factory=list)
    count: int = 0

    @property
    def others(self) -> int:
        return self.count - len(self.first)


def held_by_reviewer(dataset: Dataset) -> dict[int, Held]:
    """The places held, by their reviewer's key: those in hand first."""
    found: dict[int, Held] = defaultdict(Held)
    in_turn = Window(
        RowNumber(),
        partition_by="reviewer",
        order_by=[F("begun_at").asc(nulls_last=True), F("claimed_at").asc()],
    )
    held = Assignment.objects.held().filter(dialogue__dataset=dataset)
    first = held.annotate(turn=in_turn).filter(turn__lte=MOST_SHOWN).order_by("turn")
    for assignment in first.select_related("dialogue", "reviewer"):
        found[assignment.reviewer_id].first.append(assignment)
    for reviewer, count in held.order_by().values_list("reviewer").annotate(Count("pk")):
        found[reviewer].count = count
    return found


def take_back(*, dataset: Dataset, assignment_id: int, by: User) -> Assignment:
    """Frees a place at once. What its reviewer wrote stays theirs as a draft, and their desk tells
    them; raises `Conflict` where it was given back or decided meanwhile."""
    check_can_administer(by, dataset)
    places = Assignment.objects.select_related("dialogue", "reviewer")
    found = places.filter(pk=assignment_id, dialogue__dataset=dataset).first()
    if found is None:
        raise Missing("There is no such place in this dataset. Load the list again.")
    if not found.is_open() or not give_back(assignment=found):
        raise Conflict(
            f"{found.reviewer} does not hold dialogue {found.dialogue} any more. "
            "Load the list again."
        )
    return found
