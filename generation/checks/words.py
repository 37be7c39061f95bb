"""What a check found, in words: “from 212th to 3rd of 1,000”."""

from typing import Protocol

from generation.searching import Ranked
from review.models import CheckOutcome, RetrievalCheck

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(number: int) -> str:
    """1 as “1st”, 12 as “12th”, 1002 as “1,002nd”."""
    teens = 10 <= number % 100 <= 20
    return f"{number:,}{'th' if teens else _ENDINGS.get(number % 10, 'th')}"


class Placed(Ranked, Protocol):
    """A rank among the images of a corpus, or none: of a check, or of what somebody tries."""

    @property
    def corpus_size(self) -> int: ...


def place(check: Placed) -> str:
    """Where the target was found: “3rd”, “among the 12 tied at 5th”, “nowhere”, “not ranked”."""
    if check.rank is None or check.tied is None:
        return "not ranked"
    if says_nothing(check):
        return "nowhere"
    if check.tied == 1:
        return ordinal(check.rank)
    return f"among the {check.tied:,} tied at {ordinal(check.rank)}"


def says_nothing(check: Placed) -> bool:
    """Whether the text fits every image alike, as one that shares no word with any caption."""
    return check.tied == check.corpus_size and check.corpus_size > 1


def sentence(before: RetrievalCheck | None, after: RetrievalCheck) -> str:
    """What the approved rewrite did to the rank of the target."""
    if after.outcome == CheckOutcome.UNRANKED or before is None:
        return f"Not ranked: {after.unranked_reason}".strip(": ")
    return change(before, after, after.outcome)


def change(before: Placed, after: Placed, outcome: str) -> str:
    """“Improved: from 212th to 3rd of 1,000”, where both have a rank."""
    start, end, size = place(before), place(after), f"of {after.corpus_size:,}"
    if outcome == CheckOutcome.WORSE and says_nothing(before):
        # Among few images a text that fits all alike does better than one that ranks them badly.
        start = "chance"
    if outcome == CheckOutcome.SAME:
        return f"The same: {_unmoved(start, end, size)}"
    verb = "Improved" if outcome == CheckOutcome.IMPROVED else "Worse"
    return f"{verb}: from {start} to {end} {size}"


def _unmoved(start: str, end: str, size: str) -> str:
    return f"{end} {size}" if start == end else f"from {start} to {end} {size}, too little to count"
