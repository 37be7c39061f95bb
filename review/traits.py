"""What retrieval shows of a dialogue, in short: codes that lists filter by and exports carry.

Several look at a dialogue, each for traits of its own: what one finds replaces what it said before,
and leaves the others' alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Func

from review.models import Dataset, Dialogue, Trait
from review.models.dialogues import DialogueQuerySet

# What people say of other images holds whatever the rewrite is.
OF_PEOPLE = frozenset({Trait.TOO_BROAD})
# What belongs to the approved rewrite and its checks, and goes with them.
OF_REWRITE = frozenset(Trait) - OF_PEOPLE


def without(traits: Iterable[str], of: Collection[Trait]) -> list[str]:
    """The traits that are none of these."""
    return [code for code in traits if code not in of]


def replace(dialogue: Dialogue, *, of: Collection[Trait], now: Collection[Trait]) -> None:
    """Of the traits `of`, the dialogue has `now` and no other.

    The caller holds the dialogue's row, or two that look at once could each lose the other's.
    """
    replace_all({dialogue: now}, of=of)


def replace_all(found: Mapping[Dialogue, Collection[Trait]], *, of: Collection[Trait]) -> None:
    """The same for many: a statement for each set of traits that some of them come to have."""
    changed: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for dialogue, now in found.items():
        traits = sorted({*without(dialogue.traits, of), *(trait.value for trait in now)})
        if traits != dialogue.traits:
            dialogue.traits = traits
            changed[tuple(traits)].append(dialogue.pk)
    for codes, keys in changed.items():
        Dialogue.objects.filter(pk__in=keys).update(traits=list(codes))


def look_anew(dataset: Dataset) -> None:
    """What its retrievers show of approved dialogues is to be looked for again: the sweep sees to
    it."""
    dataset.dialogues.approved().filter(traits_due=False).update(traits_due=True)


def counts(dialogues: DialogueQuerySet) -> dict[str, int]:
    """How many of some dialogues have each trait, also those that none has."""
    codes = dialogues.exclude(traits=[]).values_list(Func("traits", function="unnest"))
    found = dict(codes.annotate(Count("pk")).order_by())
    return {code: found.get(code, 0) for code in Trait.values}


@dataclass(frozen=True)
class TraitLine:
    """How many dialogues have a trait, with its name and code."""

    code: str
    label: str
    dialogues: int


def in_words(found: Mapping[str, int]) -> list[TraitLine]:
    """Counts by trait as lines, without traits that no dialogue has."""
    return [
        TraitLine(trait.value, trait.label, found[trait.value])
        for trait in Trait
        if found.get(trait.value)
    ]
