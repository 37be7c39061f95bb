"""What a word does to the rank of the target, and what that makes of it."""

from enum import Enum

from generation.retrievers.ranking import Rank
from review.models import Trait


class Effect(Enum):
    HELPS = "helps"
    HURTS = "hurts"
    NONE = "none"


def worth(rank: int, tied: int) -> float:
    """E[RR] of a rank."""
    return Rank(rank, tied, 0.0).expected_reciprocal()


def effect(with_it: tuple[int, int], without_it: tuple[int, int], margin: float) -> Effect:
    """What a word does, by the (rank, tied) of the target with it and without it.

    It helps where the expected reciprocal rank is higher with it by more than the margin by which
    the dataset's checks tell *improved* from *same*, and hurts where it is lower by more. Anything
    else is no effect: a word that takes the target from 900th to 850th changes nothing that
    somebody would see, and neither does one without which it is still the first.
    """
    gain = worth(*with_it) - worth(*without_it)
    if abs(gain) <= margin:
        return Effect.NONE
    return Effect.HELPS if gain > 0 else Effect.HURTS


def trait_of(effect: Effect, *, supported: bool) -> Trait | None:
    """What deceives in a word: nobody said it and it helps (a leak of what only the target shows)
    or hurts (made up), or somebody did and it does nothing (padding). None where nothing does."""
    if supported:
        return Trait.PADDING if effect == Effect.NONE else None
    return {Effect.HELPS: Trait.LEAK, Effect.HURTS: Trait.HALLUCINATION}.get(effect)
