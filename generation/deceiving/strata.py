"""What the whole of a dialogue's checks shows: whether its history was needed at all, and whether
its candidates find the same."""

import math
from collections.abc import Collection, Iterable

from generation.checks.words import says_nothing
from generation.retrievers.ranking import Rank
from review.models import Dialogue, QueryForm, RetrievalCheck, Trait
from review.models.candidates import likeness_key

TOP = 10
# Found by half of the orders in which ties may come: more likely seen than not.
LIKELY = 0.5
# Two candidates whose ranks lie a factor of ten apart have this spread: one page of results or ten.
UNSTABLE_SPREAD = math.log(10) / 2

STRATA = (Trait.SHORTCUT, Trait.HISTORY_REQUIRED, Trait.UNRESOLVED)
HISTORICAL = {QueryForm.REWRITE, QueryForm.HISTORY}


def finds(check: RetrievalCheck) -> bool:
    """Whether a text finds the target: E[R@10] is at least a half.

    One that fits all images alike finds nothing: in a small corpus chance alone would pass.
    """
    if check.rank is None or check.tied is None or says_nothing(check):
        return False
    return Rank(check.rank, check.tied, 0.0).expected_recall(TOP) >= LIKELY


def stratum(checks: Collection[RetrievalCheck]) -> Trait | None:
    """Which of `STRATA` a dialogue belongs to, by the checks of all retrievers that count; None
    where none of them ranks its target."""
    if all(check.rank is None for check in checks):
        return None
    if any(finds(check) for check in checks if check.form == QueryForm.FINAL_QUERY):
        return Trait.SHORTCUT
    if any(finds(check) for check in checks if check.form in HISTORICAL):
        return Trait.HISTORY_REQUIRED
    return Trait.UNRESOLVED


def of_dialogue(dialogue: Dialogue, checks: Collection[RetrievalCheck]) -> Iterable[Trait]:
    """What its checks and its texts show, words apart."""
    found = stratum(checks)
    if found is not None:
        yield found
    if dialogue.rank_spread is not None and dialogue.rank_spread >= UNSTABLE_SPREAD - 1e-9:
        yield Trait.UNSTABLE
    rewrite = dialogue.approved_candidate
    if rewrite is not None and likeness_key(rewrite.text) == likeness_key(dialogue.final_query):
        yield Trait.UNCHANGED
