"""How many dialogues of a dataset deceive, and in what way: nothing is dropped in silence."""

from dataclasses import dataclass

from django.db.models import Count, Q

from review.models import Dataset, Dialogue, Trait
from review.traits import counts


@dataclass(frozen=True)
class Tally:
    """`traits` has the code of every `Trait`, also those that no dialogue has.

    Each of the `checked` dialogues is of one stratum (shortcut, history-required, unresolved) or
    among the `unranked`. Not looked at: those that wait for it (`awaiting`), and those
    `without_target`, which have no stratum.
    """

    approved: int
    checked: int
    unranked: int
    awaiting: int
    without_target: int
    traits: dict[str, int]


def tally(dataset: Dataset) -> Tally:
    approved = Dialogue.objects.approved().filter(dataset=dataset)
    with_target, checked = ~Q(target_images=[]), Q(checked_at__isnull=False)
    strata = [Trait.SHORTCUT, Trait.HISTORY_REQUIRED, Trait.UNRESOLVED]
    found = approved.aggregate(
        approved=Count("pk"),
        checked=Count("pk", filter=with_target & checked & Q(traits_due=False)),
        placed=Count("pk", filter=Q(traits__overlap=strata, traits_due=False)),
        awaiting=Count("pk", filter=with_target & (~checked | Q(traits_due=True))),
        without_target=Count("pk", filter=~with_target),
    )
    placed = found.pop("placed")
    return Tally(unranked=found["checked"] - placed, traits=counts(approved), **found)
