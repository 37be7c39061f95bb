"""What retrieval shows of a dialogue, in short: codes that lists filter by and exports carry.

Several look at a dialogue, each for traits of its own: what one finds replaces what it said before,
and leaves the others' alone.
"""

from collections.abc import Collection, Iterable

from review.models import Dialogue, Trait

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
    found = sorted({*without(dialogue.traits, of), *(trait.value for trait in now)})
    if found != dialogue.traits:
        dialogue.traits = found
        dialogue.save(update_fields=["traits"])
