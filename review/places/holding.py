"""Who holds which place now, and taking one back from a person who has it."""

from collections import defaultdict

from django.db.models import F

from review.assignments import give_back
from review.errors import Conflict, Missing
from review.models import Assignment, Dataset, User
from review.permissions import check_can_administer


def held_in(dataset: Dataset) -> list[Assignment]:
    """Every place that is held in a dataset: in hand first, then those held ahead."""
    held = Assignment.objects.held().filter(dialogue__dataset=dataset)
    return list(
        held.select_related("dialogue", "reviewer").order_by(
            F("begun_at").asc(nulls_last=True), "claimed_at"
        )
    )


def held_by_reviewer(dataset: Dataset) -> dict[int, list[Assignment]]:
    """The places held, by their reviewer's key."""
    found: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in held_in(dataset):
        found[assignment.reviewer_id].append(assignment)
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
