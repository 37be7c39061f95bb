"""What a check found, in words: “from 212th to 3rd of 1,000”."""

from dataclasses import dataclass
from typing import Protocol

from generation.searching import Ranked
from review.checking import Checker
from review.models import CheckOutcome, Dialogue, RetrievalCheck

MOST_NAMED = 6
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(number: int) -> str:
    """1 as “1st”, 12 as “12th”, 1002 as “1,002nd”."""
    teens = 10 <= number % 100 <= 20
    return f"{number:,}{'th' if teens else _ENDINGS.get(number % 10, 'th')}"


class Placed(Ranked, Protocol):
    """A rank among the images of a corpus, or none: of a check, or of what somebody tries."""

    @property
    def corpus_size(self) -> int: ...


@dataclass(frozen=True)
class Place:
    """One rank by itself."""

    rank: int | None
    tied: int | None
    corpus_size: int


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


def targets_apart(dialogue: Dialogue, before: RetrievalCheck, after: RetrievalCheck) -> list[str]:
    """Of several targets what became of each; the best of them counts."""
    if len(dialogue.target_images) < 2 or after.rank is None:
        return []
    return [_target(name, dialogue, before, after) for name in dialogue.target_images]


def _target(name: str, dialogue: Dialogue, before: RetrievalCheck, after: RetrievalCheck) -> str:
    if name in dialogue.shown_images():
        return f"“{name}” is shown in the dialogue itself, and does not count."
    if name not in after.ranks or name not in before.ranks:
        return f"“{name}” could not be ranked."
    start, end = _placed(before, name), _placed(after, name)
    return f"“{name}”: {end}." if start == end else f"“{name}”: from {start} to {end}."


def _placed(check: RetrievalCheck, target: str) -> str:
    rank, tied = check.ranks[target]
    return place(Place(rank, tied, check.corpus_size))


def left_out(check: RetrievalCheck) -> str:
    """Which images were not ranked because the dialogue itself shows them."""
    if not check.left_out:
        return "" if check.leaves_out else "Images that the dialogue shows were ranked as well."
    names = ", ".join(f"“{name}”" for name in check.left_out[:MOST_NAMED])
    more = len(check.left_out) - MOST_NAMED
    return f"Left out, since the dialogue shows them: {names}{f' and {more:,} more' * (more > 0)}."


def outdated(check: RetrievalCheck, now: Checker | None) -> str:
    """What has changed since a check was made; empty where nothing has. `now` is how the same
    retriever checks today, None where it is not used any more."""
    if now is None:
        return "This retriever is not used any more."
    changed = {
        "the corpus": check.corpus_version != now.corpus_version,
        "the retriever": check.retriever_hash != now.retriever_hash,
        "the rule of the check": (check.leaves_out, check.margin) != (now.leaves_out, now.margin),
    }
    said = [what for what, has_changed in changed.items() if has_changed]
    if not said:
        return ""
    verb = "has" if len(said) == 1 else "have"
    return f"Outdated: {' and '.join(said)} {verb} changed since. A check run renews it."
